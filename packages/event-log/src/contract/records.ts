/** What is written comes back: all of it, in order, byte for byte, once. */
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { partitionFor } from '../partition.ts';
import type { Headers, NewRecord } from '../port.ts';
import { byText, type ContractTest, drain, numbered, TOO_LARGE, take, textOf } from './stage.ts';

export const RECORDS: readonly ContractTest[] = [
  {
    title: 'PublishSubscribe: every record once, whatever send and partition it came with',
    body: async (stage) => {
      const producer = await stage.log.producer();
      for (let at = 0; at < 100; at += 10)
        await producer.send(numbered(10, `${at}-`).map((value, index) => stage.record(value, index % 2)));
      await producer.close();
      const found = [...(await stage.texts()), ...(await stage.texts('earliest', 1))];
      expect(found.toSorted(byText)).toEqual(
        Array.from({ length: 10 }, (_, at) => numbered(10, `${at * 10}-`))
          .flat()
          .toSorted(byText),
      );
    },
  },
  {
    title: 'PublishSubscribeInOrder: order per partition, over sends and batches',
    body: async (stage) => {
      const producer = await stage.log.producer();
      const acks = await producer.send([stage.record('a'), stage.record('x', 1), stage.record('b')]);
      expect(acks.map(({ partition, count }) => [partition, count]).sort(byText)).toEqual([
        [0, 2],
        [1, 1],
      ]);
      await producer.send(numbered(5_001).map((value) => stage.record(value)));
      await producer.close();
      expect(await stage.texts()).toEqual(['a', 'b', ...numbered(5_001)]);
      expect(await stage.texts('earliest', 1)).toEqual(['x']);
    },
  },
  {
    title: 'ConcurrentPublish: sends of one producer keep the order of their calls',
    body: async (stage) => {
      const producer = await stage.log.producer();
      await Promise.all(numbered(50).map((value) => producer.send([stage.record(value)])));
      await producer.close();
      expect(await stage.texts()).toEqual(numbered(50));
    },
  },
  {
    title: 'ConcurrentSubscribe: every reader sees every record',
    body: async (stage) => {
      await stage.write(...numbered(100).map((value) => stage.record(value)));
      const all = await Promise.all(Array.from({ length: 5 }, () => stage.texts()));
      for (const each of all) expect(each).toEqual(numbered(100));
    },
  },
  {
    title: 'ConcurrentSubscribeMultipleTopics: written and read at the same time, nothing goes astray',
    body: async (stage) => {
      const topics = numbered(4, `${stage.topic}-`);
      for (const topic of topics) await stage.createTopic(topic);
      const reader = await stage.log.reader();
      const streams = await Promise.all(topics.map((topic) => reader.open({ topic, partition: 0 }, 'earliest')));
      const producer = await stage.log.producer();
      const writing = (async () => {
        for (let at = 0; at < 20; at += 1)
          await producer.send(topics.map((topic) => stage.on(topic).record(`${topic} ${at}`)));
      })();
      const found = await Promise.all(streams.map((stream) => take(stream, 20)));
      await writing;
      for (const [index, topic] of topics.entries())
        expect(found[index]?.map(textOf)).toEqual(numbered(20, `${topic} `));
      await producer.close();
      await reader.close();
    },
  },
  {
    title: 'ResendOnError, NoAck: read again from the same position, the same records come',
    body: async (stage) => {
      await stage.write(...numbered(10).map((value) => stage.record(value)));
      const reader = await stage.log.reader();
      const stream = await reader.open({ topic: stage.topic, partition: 0 }, 'earliest');
      const { position } = stream;
      const [third] = (await take(stream, 10)).slice(3);
      // Their consumer failed: nothing was acknowledged, no position has moved.
      stream.close();
      for (const [from, missed] of [
        [position, 0],
        [third?.offset ?? -1n, 3],
        [position, 0],
      ] as const) {
        const again = await reader.open({ topic: stage.topic, partition: 0 }, from);
        expect((await drain(again)).map(textOf)).toEqual(numbered(10).slice(missed));
      }
      await reader.close();
    },
  },
  {
    title: 'acks name the offsets at which the records are read',
    body: async (stage) => {
      const producer = await stage.log.producer();
      await producer.send([stage.record('first')]);
      const [ack] = await producer.send([stage.record('a'), stage.record('b')]);
      await producer.close();
      const found = await stage.read();
      expect(found.slice(1).map(({ offset }) => offset)).toEqual([ack?.baseOffset, (ack?.baseOffset ?? 0n) + 1n]);
    },
  },
  {
    title: 'Message: headers in order and doubled, keys, tombstones and bytes are kept',
    body: async (stage) => {
      const place = { topic: stage.topic, partition: 0 };
      const headers: Headers = [
        ['b', Buffer.from([0, 255])],
        ['a', Buffer.from('1')],
        ['b', Buffer.alloc(0)],
        ['7', Buffer.from('é')],
      ];
      await stage.write(
        { ...place, key: null, value: null, headers },
        { ...place, key: Buffer.alloc(0), value: Buffer.alloc(0) },
        { ...place, key: Buffer.from([0, 128]), value: Buffer.from([255, 0, 10]) },
      );
      const [first, second, third] = await stage.read();
      expect([first?.key, first?.value]).toEqual([null, null]);
      expect(first?.headers.map(([each, value]) => [each, [...value]])).toEqual(
        headers.map(([each, value]) => [each, [...value]]),
      );
      expect([second?.key?.length, second?.value?.length]).toEqual([0, 0]);
      expect([[...(third?.key ?? [])], [...(third?.value ?? [])]]).toEqual([
        [0, 128],
        [255, 0, 10],
      ]);
      expect(second?.headers).toEqual([]);
    },
  },
  {
    title: 'timestamps are kept, of whatever year a clock thought it was',
    body: async (stage) => {
      const years = [0, Date.now(), 4_102_444_800_000, 253_402_300_799_999, 1_000, Date.now() + 31_536_000_000];
      const dated = years.map((timestampMs) => ({ ...stage.record(String(timestampMs)), timestampMs }));
      await stage.write(...dated);
      await stage.write(...dated.toReversed());
      const found = await stage.read();
      expect(found.map(({ timestampMs }) => timestampMs)).toEqual([...years, ...years.toReversed()]);
      expect(found.map(textOf)).toEqual([...years, ...years.toReversed()].map(String));
      const before = Date.now();
      await stage.write(stage.record('undated'));
      const stamped = (await stage.read()).at(-1)?.timestampMs ?? 0;
      expect(stamped).toBeGreaterThanOrEqual(before);
      expect(stamped).toBeLessThanOrEqual(Date.now());
    },
  },
  {
    title: 'a record of 1 MB is kept beside small ones',
    body: async (stage) => {
      const large = randomBytes(1_000_000);
      await stage.write(stage.record('a'), { ...stage.record(''), value: large }, stage.record('b'));
      const found = await stage.read();
      expect(found.map(({ value }) => value?.length)).toEqual([1, 1_000_000, 1]);
      expect(Buffer.from(found[1]?.value ?? []).equals(large)).toBe(true);
    },
  },
  {
    title: 'ContinueAfterErrors: what can never be stored is POISON, and other records still can',
    body: async (stage) => {
      const producer = await stage.log.producer();
      const refused: readonly NewRecord[] = [
        { ...stage.record(''), value: TOO_LARGE },
        { ...stage.record('a'), topic: `${stage.topic}-none` },
        { ...stage.record('a'), partition: 2 },
        { ...stage.record('a'), partition: -1 },
      ];
      for (const [index, each] of refused.entries()) {
        await expect(producer.send([each])).rejects.toMatchObject({ code: 'POISON' });
        await producer.send([stage.record(`v${index}`)]);
      }
      // With others in one send: these are written or not, and hide nothing that comes after them.
      await expect(producer.send([stage.record('beside', 1), ...refused.slice(0, 1)])).rejects.toMatchObject({
        code: 'POISON',
      });
      await producer.send([stage.record('after', 1), stage.record('v4')]);
      await producer.close();
      expect(await stage.texts()).toEqual(numbered(5));
      expect((await stage.texts('earliest', 1)).filter((each) => each !== 'beside')).toEqual(['after']);
    },
  },
  {
    title: 'a key’s partition is the Java client’s',
    isAlone: true,
    body: async () => {
      // Kafka's own vectors: org.apache.kafka.common.utils.UtilsTest.testMurmur2.
      expect(partitionFor('21', 0x7fffffff)).toBe(-973932308 & 0x7fffffff);
      expect(partitionFor('foobar', 0x7fffffff)).toBe(-790332482 & 0x7fffffff);
    },
  },
];
