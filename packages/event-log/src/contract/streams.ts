/** Reading: from any position, waiting for what comes, closing at any time, and through a restart. */
import { expect } from 'vitest';
import { LogError } from '../errors.ts';
import { type ContractTest, drain, numbered, QUIET_MS, take, textOf, WAIT_MS } from './stage.ts';

export const STREAMS: readonly ContractTest[] = [
  {
    title: 'offsets: earliest, latest, and from any record on',
    body: async (stage) => {
      await stage.write(stage.record('a'), stage.record('b'), stage.record('c'));
      const [, second] = await stage.read();
      expect(await stage.texts(second?.offset)).toEqual(['b', 'c']);
      const reader = await stage.log.reader();
      const stream = await reader.open({ topic: stage.topic, partition: 0 }, 'latest');
      await stage.write(stage.record('d'));
      expect((await drain(stream)).map(textOf)).toEqual(['d']);
      await reader.close();
    },
  },
  {
    title: 'position and lag: 0 when everything committed was read',
    body: async (stage) => {
      const tp = { topic: stage.topic, partition: 0 };
      await stage.write(stage.record('a'), stage.record('b'));
      const reader = await stage.log.reader();
      const stream = await reader.open(tp, 'earliest');
      expect(stream.position).toBe(0n);
      const batch = await stream.next(WAIT_MS);
      expect(stream.position).toBe(batch?.nextOffset);
      await drain(stream);
      expect(stream.lag).toBe(0n);
      expect(await stage.admin((admin) => admin.offsets(tp))).toEqual({ earliest: 0n, end: stream.position });
      expect(await stream.end()).toBe(stream.position);
      await stage.write(stage.record('c'));
      // Acknowledged records are there for every reader.
      expect(await stream.end()).toBeGreaterThan(stream.position);
      await reader.close();
    },
  },
  {
    title: 'lag counts what was not handed out, however much lies ready',
    body: async (stage) => {
      await stage.write(...numbered(10).map((value) => stage.record(value)));
      const reader = await stage.log.reader();
      const stream = await reader.open({ topic: stage.topic, partition: 0 }, 3n);
      await expect.poll(() => stream.lag, { timeout: WAIT_MS }).toBe(7n);
      await stage.write(stage.record('v10'));
      await expect.poll(() => stream.lag, { timeout: WAIT_MS }).toBe(8n);
      for (let left = 8; left > 0; ) {
        left -= (await stream.next(WAIT_MS))?.records.length ?? 0;
        expect(stream.lag).toBe(BigInt(left));
      }
      await reader.close();
    },
  },
  {
    title: 'a stream waits for what comes, and returns undefined when nothing does',
    body: async (stage) => {
      const reader = await stage.log.reader();
      const stream = await reader.open({ topic: stage.topic, partition: 0 }, 'earliest');
      expect(await stream.next(QUIET_MS)).toBeUndefined();
      const waiting = stream.next(WAIT_MS);
      await stage.write(stage.record('a'));
      expect((await waiting)?.records.map(textOf)).toEqual(['a']);
      await reader.close();
    },
  },
  {
    title: 'a topic that does not exist is FATAL to read',
    body: async (stage) => {
      const reader = await stage.log.reader();
      await expect(reader.open({ topic: `${stage.topic}-none`, partition: 0 }, 'earliest')).rejects.toMatchObject({
        code: 'FATAL',
      });
      await reader.close();
    },
  },
  {
    title:
      'PublisherClose, SubscribeCtx: after closing a producer or a stream its calls are CLOSED, a waiting one returns',
    body: async (stage) => {
      const producer = await stage.log.producer();
      await producer.close();
      await producer.close();
      await expect(producer.send([stage.record('a')])).rejects.toMatchObject({ code: 'CLOSED' });
      const reader = await stage.log.reader();
      const streams = await Promise.all([0, 1].map((partition) => reader.open({ topic: stage.topic, partition }, 0n)));
      const waiting = streams.map((stream) => stream.next(60_000));
      streams[0]?.close();
      expect(await waiting[0]).toBeUndefined();
      await reader.close();
      expect(await waiting[1]).toBeUndefined();
      for (const stream of streams) await expect(stream.next(0)).rejects.toMatchObject({ code: 'CLOSED' });
    },
  },
  {
    title:
      'ContinueAfterSubscribeClose: a closed stream gives nothing more of what lay ready, the next goes on from its position',
    body: async (stage) => {
      const producer = await stage.log.producer();
      const values = numbered(12);
      for (let at = 0; at < values.length; at += 4)
        await producer.send(values.slice(at, at + 4).map((value) => stage.record(value)));
      await producer.close();
      const reader = await stage.log.reader();
      const found: string[] = [];
      for (let position = 0n; found.length < values.length; ) {
        const stream = await reader.open({ topic: stage.topic, partition: 0 }, position);
        const [first] = await take(stream, 1);
        found.push(...(first === undefined ? [] : [textOf(first)]));
        position = (first?.offset ?? 0n) + 1n;
        stream.close();
        await expect(stream.next(WAIT_MS)).rejects.toMatchObject({ code: 'CLOSED' });
      }
      expect(found).toEqual(values);
      await reader.close();
    },
  },
  {
    title: 'ConcurrentClose: whatever is closed under its callers, every call ends',
    body: async (stage) => {
      const tp = { topic: stage.topic, partition: 0 };
      const readers = await Promise.all([stage.log.reader(), stage.log.reader()]);
      const streams = await Promise.all(readers.flatMap((reader) => [reader.open(tp, 0n), reader.open(tp, 'latest')]));
      const producers = await Promise.all([stage.log.producer(), stage.log.producer()]);
      const calls = [
        ...streams.map((stream) => stream.next(60_000)),
        ...producers.flatMap((producer) => numbered(5).map((value) => producer.send([stage.record(value)]))),
      ];
      const closing = [...streams, ...readers, ...producers, ...streams, ...readers, ...producers].map((each) =>
        each.close(),
      );
      const ends = await Promise.allSettled([...calls, ...closing]);
      for (const end of ends) if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'CLOSED' });
    },
  },
  {
    title: 'NewSubscriberReceivesOldMessages, also over another connection',
    isAlone: true,
    body: async (stage) => {
      await stage.write(stage.record('a'), stage.record('b'));
      await stage.reopen();
      expect(await stage.texts()).toEqual(['a', 'b']);
    },
  },
  {
    title: 'reopened while a stream is unread: nothing of what lay ready is lost or comes twice',
    isAlone: true,
    body: async (stage) => {
      const tp = { topic: stage.topic, partition: 0 };
      const producer = await stage.log.producer();
      for (const value of numbered(3)) await producer.send([stage.record(value)]);
      await producer.close();
      const unread = await (await stage.log.reader()).open(tp, 'earliest');
      await expect.poll(() => unread.lag, { timeout: WAIT_MS }).toBe(3n);
      await stage.log.close();
      const reader = await (await stage.reopen()).reader();
      expect((await drain(await reader.open(tp, unread.position))).map(textOf)).toEqual(numbered(3));
      await reader.close();
    },
  },
  {
    title: 'Reconnect: after a restart of what keeps the records, reading, writing, fencing and membership go on',
    isAlone: true,
    body: async (stage) => {
      const tp = { topic: stage.topic, partition: 0 };
      const assigned: (readonly number[])[] = [];
      const join = () =>
        stage.log.joinGroup({
          groupId: stage.topic,
          topics: [stage.topic],
          onAssignment: async ({ partitions }) => void assigned.push(partitions),
        });
      let group = await join();
      let reader = await stage.log.reader();
      let stream = await reader.open(tp, 'earliest');
      let producer = await stage.log.producer();
      await producer.send([stage.record('before')]);
      expect((await take(stream, 1)).map(textOf)).toEqual(['before']);
      const old = await stage.log.producer({ fenceId: stage.topic });
      const open = await old.begin();
      await open.send([stage.record('zombie')]);

      if (!(await stage.restart())) {
        group = await join();
        reader = await stage.log.reader();
        stream = await reader.open(tp, stream.position);
        producer = await stage.log.producer();
      }

      const owner = await stage.log.producer({ fenceId: stage.topic });
      await expect(open.commit()).rejects.toBeInstanceOf(LogError);
      await producer.send([stage.record('after')]);
      const transaction = await owner.begin();
      await transaction.send([stage.record('owner')]);
      await transaction.commit();
      expect((await take(stream, 2)).map(textOf)).toEqual(['after', 'owner']);
      await expect.poll(() => group.commitOffsets([{ ...tp, offset: 1n }]), { timeout: WAIT_MS }).toBe(true);
      expect(assigned.at(-1)).toEqual([0, 1]);
      await Promise.all([group.leave(), reader.close(), producer.close(), old.close(), owner.close()]);
    },
  },
  {
    title: 'ConcurrentClose of the log: everything open ends with it, and later calls are CLOSED',
    isAlone: true,
    body: async (stage) => {
      await stage.log.ping(5_000);
      const another = await stage.reopen();
      const reader = await another.reader();
      const stream = await reader.open({ topic: stage.topic, partition: 0 }, 'earliest');
      const producer = await another.producer();
      const group = await another.joinGroup({
        groupId: stage.topic,
        topics: [stage.topic],
        onAssignment: async () => {},
      });
      const waiting = stream.next(60_000);
      await Promise.all([another.close(), group.leave(), another.close(), producer.close(), reader.close()]);
      expect(await waiting).toBeUndefined();
      await expect(stream.next(0)).rejects.toMatchObject({ code: 'CLOSED' });
      await expect(another.ping(1_000)).rejects.toMatchObject({ code: 'CLOSED' });
      await expect(another.producer()).rejects.toMatchObject({ code: 'CLOSED' });
      await stage.reopen();
    },
  },
];
