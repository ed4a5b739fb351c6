/** All or nothing, over partitions and topics, and one owner at a time. */
import { expect } from 'vitest';
import {
  byText,
  type ContractTest,
  drain,
  numbered,
  QUIET_MS,
  type Stage,
  TOO_LARGE,
  textOf,
  WAIT_MS,
} from './stage.ts';

/** What is committed is decided at once and shows a moment later: Kafka marks it in each partition after it has answered. */
const SOON = { timeout: WAIT_MS };
const ENDS = ['commit', 'abort', 'abandon', 'abandon half'] as const;

export const TRANSACTIONS: readonly ContractTest[] = [
  {
    title: 'a transaction over two topics is visible as a whole after commit, in order, and not before',
    feature: 'transactions',
    body: async (stage) => {
      const other = stage.on(`${stage.topic}-other`);
      await other.createTopic();
      const producer = await stage.log.producer({ fenceId: stage.topic });
      const transaction = await producer.begin();
      await transaction.send([stage.record('a'), other.record('x', 1)]);
      await transaction.send([stage.record('b')]);
      expect(await stage.texts()).toEqual([]);
      const acks = await transaction.commit();
      expect(acks.map((ack) => [ack.topic, ack.partition, ack.count]).sort(byText)).toEqual([
        [stage.topic, 0, 2],
        [other.topic, 1, 1],
      ]);
      await expect.poll(() => stage.texts(), SOON).toEqual(['a', 'b']);
      const found = await stage.read();
      expect(found[0]?.offset).toBe(acks.find((ack) => ack.topic === stage.topic)?.baseOffset);
      await expect.poll(() => other.texts('earliest', 1), SOON).toEqual(['x']);
      await producer.close();
    },
  },
  {
    title: 'an aborted transaction is never visible, and those around it are',
    feature: 'transactions',
    body: async (stage) => {
      const producer = await stage.log.producer({ fenceId: stage.topic });
      for (const [value, end] of [
        ['a', 'commit'],
        ['lost', 'abort'],
        ['b', 'commit'],
        ['gone', 'abort'],
      ] as const) {
        const transaction = await producer.begin();
        await transaction.send([stage.record(value)]);
        await transaction[end]();
      }
      await producer.close();
      await expect.poll(() => stage.texts(), SOON).toEqual(['a', 'b']);
    },
  },
  {
    title: 'a fully read transactional topic has lag 0, trailing markers and all',
    feature: 'transactions',
    body: async (stage) => {
      const producer = await stage.log.producer({ fenceId: stage.topic });
      for (const end of ['commit', 'abort'] as const) {
        const transaction = await producer.begin();
        await transaction.send([stage.record('a')]);
        await transaction[end]();
      }
      await producer.close();
      const reader = await stage.log.reader();
      const stream = await reader.open({ topic: stage.topic, partition: 0 }, 'earliest');
      expect((await drain(stream)).map(textOf)).toEqual(['a']);
      expect(stream.lag).toBe(0n);
      await reader.close();
    },
  },
  {
    title: 'a foreign transaction held open: lag is against the last stable record, its partition waits, others do not',
    feature: 'transactions',
    body: async (stage) => {
      await stage.write(stage.record('a'));
      const foreign = await stage.log.producer({ fenceId: stage.topic });
      const held = await foreign.begin();
      await held.send([stage.record('held')]);
      await stage.write(stage.record('b'), stage.record('x', 1));
      const reader = await stage.log.reader();
      const waiting = await reader.open({ topic: stage.topic, partition: 0 }, 'earliest');
      const other = await reader.open({ topic: stage.topic, partition: 1 }, 'earliest');
      const found = await drain(waiting);
      expect(found.map(textOf)).not.toContain('held');
      expect((await drain(other)).map(textOf)).toEqual(['x']);
      expect(await waiting.next(QUIET_MS)).toBeUndefined();
      expect([waiting.lag, other.lag]).toEqual([0n, 0n]);
      const { end } = await stage.admin((admin) => admin.offsets(waiting));
      expect(end).toBe(waiting.position);
      await held.commit();
      while (found.length < 3) found.push(...((await waiting.next(WAIT_MS))?.records ?? []));
      expect(found.map(textOf)).toEqual(await stage.texts());
      expect(found.map(textOf).sort()).toEqual(['a', 'b', 'held']);
      await Promise.all([reader.close(), foreign.close()]);
    },
  },
  {
    title: 'many transactions back to back keep their order',
    feature: 'transactions',
    body: async (stage) => {
      const producer = await stage.log.producer({ fenceId: stage.topic });
      for (let index = 0; index < 30; index += 1) {
        const transaction = await producer.begin();
        await transaction.send([stage.record(`v${index}`), stage.record(`w${index}`, 1)]);
        await transaction.commit();
      }
      await producer.close();
      await expect.poll(() => stage.texts(), SOON).toEqual(numbered(30));
      await expect.poll(() => stage.texts('earliest', 1), SOON).toEqual(numbered(30, 'w'));
    },
  },
  {
    title:
      'ContinueAfterErrors: of a transaction with a refused record nothing is visible, and another producer goes on',
    feature: 'transactions',
    body: async (stage) => {
      const refused = await stage.log.producer({ fenceId: stage.topic });
      const transaction = await refused.begin();
      await transaction.send([stage.record('lost')]);
      await expect(
        transaction.send([stage.record('lost', 1), { ...stage.record('', 1), value: TOO_LARGE }]),
      ).rejects.toMatchObject({ code: 'POISON' });
      await transaction.abort();
      await refused.close();
      await commit(stage, ['a']);
      // A single send is a transaction of its own.
      const single = await stage.log.producer({ fenceId: stage.topic });
      await expect(single.send([{ ...stage.record(''), value: TOO_LARGE }])).rejects.toMatchObject({ code: 'POISON' });
      await single.close();
      await commit(stage, ['b']);
      await expect.poll(() => stage.texts(), SOON).toEqual(['a', 'b']);
    },
  },
  {
    title: 'zombie: a take-over settles the open transaction and fences its owner for good',
    feature: 'fencing',
    body: async (stage) => {
      const old = await stage.log.producer({ fenceId: stage.topic });
      const open = await old.begin();
      await open.send([stage.record('zombie')]);
      const owner = await stage.log.producer({ fenceId: stage.topic });
      await expect(open.commit()).rejects.toMatchObject({ code: 'FENCED' });
      await expect(
        (async () => {
          const transaction = await old.begin();
          await transaction.send([stage.record('zombie')]);
          await transaction.commit();
        })(),
      ).rejects.toMatchObject({ code: 'FENCED' });
      await expect(old.send([stage.record('zombie')])).rejects.toMatchObject({ code: 'FENCED' });
      const transaction = await owner.begin();
      await transaction.send([stage.record('owner')]);
      await transaction.commit();
      await expect.poll(() => stage.texts(), SOON).toEqual(['owner']);
      await old.close();
      await owner.close();
    },
  },
  {
    title: 'what was committed just before a take-over is read by the new owner',
    feature: 'fencing',
    body: async (stage) => {
      // None is closed: each died, as far as the next owner can tell.
      const dead = [];
      for (const [index, value] of numbered(10).entries()) {
        const producer = await stage.log.producer({ fenceId: stage.topic });
        dead.push(producer);
        expect(await stage.texts()).toEqual(numbered(index));
        const transaction = await producer.begin();
        await transaction.send([stage.record(value)]);
        await transaction.commit();
      }
      await Promise.all(dead.map((producer) => producer.close()));
    },
  },
  {
    title: 'journal and output are visible together or not at all, however the owner ends',
    feature: 'fencing',
    body: async (stage) => {
      const dead = [];
      const committed: string[] = [];
      for (let index = 0; index < 12; index += 1) {
        const end = ENDS[(index * 7 + 3) % ENDS.length];
        const producer = await stage.log.producer({ fenceId: stage.topic });
        dead.push(producer);
        const transaction = await producer.begin();
        await transaction.send([stage.record(`${index} ${end}`)]);
        if (end !== 'abandon half') await transaction.send([stage.record(`${index} ${end}`, 1)]);
        if (end === 'abort') await transaction.abort();
        if (end === 'commit') {
          await transaction.commit();
          committed.push(`${index} ${end}`);
        }
      }
      dead.push(await stage.log.producer({ fenceId: stage.topic }));
      expect(await stage.texts()).toEqual(committed);
      expect(await stage.texts('earliest', 1)).toEqual(committed);
      expect(committed).toHaveLength(3);
      await Promise.all(dead.map((producer) => producer.close()));
    },
  },
];

async function commit(stage: Stage, values: readonly string[]): Promise<void> {
  const producer = await stage.log.producer({ fenceId: stage.topic });
  const transaction = await producer.begin();
  await transaction.send(values.map((value) => stage.record(value)));
  await transaction.commit();
  await producer.close();
}
