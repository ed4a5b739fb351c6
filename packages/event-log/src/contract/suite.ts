/**
 * The one suite that every adapter passes. What is not tested here is not part of the port; a claimed feature without a test fails, and
 * the tests of a feature that is not claimed do not run. Names follow Watermill's pubsub/tests where it has them.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LogError } from '../errors.ts';
import type { Features } from '../features.ts';
import { partitionFor } from '../partition.ts';
import type { EventLog, Headers, LogRecord, NewRecord, PartitionStream } from '../port.ts';

export interface Opened {
  readonly log: EventLog;
  /** Another connection to the same records, as a second process would have; the adapter may close the first. */
  reopen(): Promise<EventLog>;
  /** Close everything. */
  stop(): Promise<void>;
}

const WAIT_MS = 15_000;
/** Long enough for a record that must not come to have come. */
const QUIET_MS = 300;

type Claim = keyof Features;

export function describeEventLog(name: string, open: () => Promise<Opened>, features: Features): void {
  const tested = new Set<Claim>();
  /** A test of a feature: runs where the feature is claimed. */
  const claim = (feature: Claim, title: string, body: () => Promise<void>): void => {
    tested.add(feature);
    const value = features[feature];
    if (Array.isArray(value) ? value.length > 0 : value) test(title, body);
  };

  describe(name, () => {
    let opened: Opened;
    let log: EventLog;
    let topic: string;

    beforeAll(async () => {
      opened = await open();
      log = opened.log;
    });
    afterAll(async () => {
      await opened?.stop();
    });
    beforeEach(async () => {
      topic = `contract-${randomBytes(6).toString('hex')}`;
      await createTopic(topic, 2);
    });

    const createTopic = async (each: string, partitions: number): Promise<void> => {
      const admin = await log.admin();
      await admin.createTopics([{ topic: each, partitions, cleanup: 'delete', maxRecordBytes: 2_000_000 }]);
      await admin.close();
    };
    const record = (value: string, partition = 0): NewRecord => ({
      topic,
      partition,
      key: Buffer.from('k'),
      value: Buffer.from(value),
    });
    const write = async (...records: readonly NewRecord[]): Promise<void> => {
      const producer = await log.producer();
      await producer.send(records);
      await producer.close();
    };
    /** Every record from `from` to the last stable one. */
    const read = async (
      from: bigint | 'earliest' = 'earliest',
      partition = 0,
      of: EventLog = log,
    ): Promise<LogRecord[]> => {
      const reader = await of.reader();
      const found = await drain(await reader.open({ topic, partition }, from));
      await reader.close();
      return found;
    };
    const texts = async (from: bigint | 'earliest' = 'earliest', partition = 0): Promise<string[]> =>
      (await read(from, partition)).map(textOf);

    test('adapter names its features, and each claimed one has a test', () => {
      expect(log.features).toEqual(features);
      const claimed = (Object.keys(features) as Claim[]).filter((each) => {
        const value = features[each];
        return Array.isArray(value) ? value.length > 0 : value;
      });
      // Named in the adapter's own test file, because they need its servers or its file.
      const elsewhere: readonly Claim[] = ['durable', 'multiHost', 'codecs'];
      expect(claimed.filter((each) => !tested.has(each) && !elsewhere.includes(each))).toEqual([]);
    });

    test('PublishSubscribeInOrder: order per partition, over sends and batches', async () => {
      const producer = await log.producer();
      const acks = await producer.send([record('a'), record('x', 1), record('b')]);
      expect(acks.map(({ partition, count }) => [partition, count]).sort(byText)).toEqual([
        [0, 2],
        [1, 1],
      ]);
      const many = Array.from({ length: 5_001 }, (_, index) => record(`v${index}`));
      await producer.send(many);
      await producer.close();
      expect(await texts()).toEqual(['a', 'b', ...many.map(({ value }) => String(value))]);
      expect(await texts('earliest', 1)).toEqual(['x']);
    });

    test('ConcurrentPublish: sends of one producer keep the order of their calls', async () => {
      const producer = await log.producer();
      await Promise.all(Array.from({ length: 50 }, (_, index) => producer.send([record(`v${index}`)])));
      await producer.close();
      expect(await texts()).toEqual(Array.from({ length: 50 }, (_, index) => `v${index}`));
    });

    test('ConcurrentSubscribe: every reader sees every record', async () => {
      await write(...Array.from({ length: 100 }, (_, index) => record(`v${index}`)));
      const all = await Promise.all(Array.from({ length: 5 }, () => texts()));
      for (const each of all) expect(each).toEqual(all[0]);
      expect(all[0]).toHaveLength(100);
    });

    test('acks name the offsets at which the records are read', async () => {
      const producer = await log.producer();
      await producer.send([record('first')]);
      const [ack] = await producer.send([record('a'), record('b')]);
      await producer.close();
      const found = await read();
      expect(found.slice(1).map(({ offset }) => offset)).toEqual([ack?.baseOffset, (ack?.baseOffset ?? 0n) + 1n]);
    });

    test('offsets: earliest, latest, and from any record on', async () => {
      await write(record('a'), record('b'), record('c'));
      const [, second] = await read();
      expect(await texts(second?.offset)).toEqual(['b', 'c']);
      const reader = await log.reader();
      const stream = await reader.open({ topic, partition: 0 }, 'latest');
      await write(record('d'));
      expect((await drain(stream)).map(textOf)).toEqual(['d']);
      await reader.close();
    });

    test('position and lag: 0 when everything committed was read', async () => {
      await write(record('a'), record('b'));
      const reader = await log.reader();
      const stream = await reader.open({ topic, partition: 0 }, 'earliest');
      expect(stream.position).toBe(0n);
      const batch = await stream.next(WAIT_MS);
      expect(stream.position).toBe(batch?.nextOffset);
      await drain(stream);
      expect(stream.lag).toBe(0n);
      const admin = await log.admin();
      expect(await admin.offsets({ topic, partition: 0 })).toEqual({ earliest: 0n, end: stream.position });
      await admin.close();
      await reader.close();
    });

    test('Message: headers in order and doubled, keys, tombstones, bytes and timestamps are kept', async () => {
      const headers: Headers = [
        ['b', Buffer.from([0, 255])],
        ['a', Buffer.from('1')],
        ['b', Buffer.alloc(0)],
        ['7', Buffer.from('é')],
      ];
      await write(
        { topic, partition: 0, key: null, value: null, headers, timestampMs: 0 },
        { topic, partition: 0, key: Buffer.alloc(0), value: Buffer.alloc(0), timestampMs: 4_102_444_800_000 },
        { topic, partition: 0, key: Buffer.from([0, 128]), value: Buffer.from([255, 0, 10]), timestampMs: 1_000 },
      );
      const [first, second, third] = await read();
      expect([first?.key, first?.value, first?.timestampMs]).toEqual([null, null, 0]);
      expect(first?.headers.map(([each, value]) => [each, [...value]])).toEqual(
        headers.map(([each, value]) => [each, [...value]]),
      );
      expect([second?.key?.length, second?.value?.length, second?.timestampMs]).toEqual([0, 0, 4_102_444_800_000]);
      expect([[...(third?.key ?? [])], [...(third?.value ?? [])]]).toEqual([
        [0, 128],
        [255, 0, 10],
      ]);
      expect(second?.headers).toEqual([]);
    });

    test('a record of 1 MB is kept beside small ones', async () => {
      const large = randomBytes(1_000_000);
      await write(record('a'), { topic, partition: 0, key: null, value: large }, record('b'));
      const found = await read();
      expect(found.map(({ value }) => value?.length)).toEqual([1, 1_000_000, 1]);
      expect(Buffer.from(found[1]?.value ?? []).equals(large)).toBe(true);
    });

    test('what can never be stored is POISON, and other records still can', async () => {
      const producer = await log.producer();
      const large: NewRecord = { topic, partition: 0, key: null, value: Buffer.alloc(3_000_000) };
      await expect(producer.send([large])).rejects.toMatchObject({ code: 'POISON' });
      await expect(producer.send([{ ...record('a'), topic: `${topic}-none` }])).rejects.toMatchObject({
        code: 'POISON',
      });
      await producer.send([record('b')]);
      await producer.close();
      expect(await texts()).toEqual(['b']);
    });

    test('a stream waits for what comes, and returns undefined when nothing does', async () => {
      const reader = await log.reader();
      const stream = await reader.open({ topic, partition: 0 }, 'earliest');
      expect(await stream.next(QUIET_MS)).toBeUndefined();
      const waiting = stream.next(WAIT_MS);
      await write(record('a'));
      expect((await waiting)?.records.map(textOf)).toEqual(['a']);
      await reader.close();
    });

    test('a topic that does not exist is FATAL to read', async () => {
      const reader = await log.reader();
      await expect(reader.open({ topic: `${topic}-none`, partition: 0 }, 'earliest')).rejects.toMatchObject({
        code: 'FATAL',
      });
      await reader.close();
    });

    test('PublisherClose, closing a stream, a reader: later calls are CLOSED, a waiting one returns', async () => {
      const producer = await log.producer();
      await producer.close();
      await producer.close();
      await expect(producer.send([record('a')])).rejects.toMatchObject({ code: 'CLOSED' });
      const reader = await log.reader();
      const stream = await reader.open({ topic, partition: 0 }, 'earliest');
      const waiting = stream.next(60_000);
      stream.close();
      expect(await waiting).toBeUndefined();
      await expect(stream.next(0)).rejects.toMatchObject({ code: 'CLOSED' });
      await reader.close();
    });

    test('NewSubscriberReceivesOldMessages, also over another connection', async () => {
      await write(record('a'), record('b'));
      log = await opened.reopen();
      expect(await texts()).toEqual(['a', 'b']);
    });

    claim(
      'transactions',
      'a transaction over two topics is visible as a whole after commit, in order, and not before',
      async () => {
        const other = `${topic}-other`;
        await createTopic(other, 2);
        const producer = await log.producer({ fenceId: topic });
        const transaction = await producer.begin();
        await transaction.send([record('a'), { ...record('x', 1), topic: other }]);
        await transaction.send([record('b')]);
        expect(await texts()).toEqual([]);
        const acks = await transaction.commit();
        expect(acks.map((ack) => [ack.topic, ack.partition, ack.count]).sort(byText)).toEqual([
          [topic, 0, 2],
          [other, 1, 1],
        ]);
        expect(await texts()).toEqual(['a', 'b']);
        const found = await read();
        expect(found[0]?.offset).toBe(acks.find((ack) => ack.topic === topic)?.baseOffset);
        topic = other;
        expect(await texts('earliest', 1)).toEqual(['x']);
        await producer.close();
      },
    );

    claim('transactions', 'an aborted transaction is never visible, and those around it are', async () => {
      const producer = await log.producer({ fenceId: topic });
      for (const [value, end] of [
        ['a', 'commit'],
        ['lost', 'abort'],
        ['b', 'commit'],
        ['gone', 'abort'],
      ] as const) {
        const transaction = await producer.begin();
        await transaction.send([record(value)]);
        await transaction[end]();
      }
      await producer.close();
      expect(await texts()).toEqual(['a', 'b']);
    });

    claim('transactions', 'a fully read transactional topic has lag 0, trailing markers and all', async () => {
      const producer = await log.producer({ fenceId: topic });
      for (const end of ['commit', 'abort'] as const) {
        const transaction = await producer.begin();
        await transaction.send([record('a')]);
        await transaction[end]();
      }
      await producer.close();
      const reader = await log.reader();
      const stream = await reader.open({ topic, partition: 0 }, 'earliest');
      expect((await drain(stream)).map(textOf)).toEqual(['a']);
      expect(stream.lag).toBe(0n);
      await reader.close();
    });

    claim('transactions', 'many transactions back to back keep their order', async () => {
      const producer = await log.producer({ fenceId: topic });
      for (let index = 0; index < 30; index += 1) {
        const transaction = await producer.begin();
        await transaction.send([record(`v${index}`), record(`w${index}`, 1)]);
        await transaction.commit();
      }
      await producer.close();
      expect(await texts()).toEqual(Array.from({ length: 30 }, (_, index) => `v${index}`));
      expect(await texts('earliest', 1)).toEqual(Array.from({ length: 30 }, (_, index) => `w${index}`));
    });

    claim('fencing', 'a take-over settles the open transaction and fences its owner for good', async () => {
      const old = await log.producer({ fenceId: topic });
      const open = await old.begin();
      await open.send([record('zombie')]);
      const owner = await log.producer({ fenceId: topic });
      await expect(open.commit()).rejects.toMatchObject({ code: 'FENCED' });
      await expect(
        (async () => {
          const transaction = await old.begin();
          await transaction.send([record('zombie')]);
          await transaction.commit();
        })(),
      ).rejects.toBeInstanceOf(LogError);
      const transaction = await owner.begin();
      await transaction.send([record('owner')]);
      await transaction.commit();
      expect(await texts()).toEqual(['owner']);
      await old.close();
      await owner.close();
    });

    claim('fencing', 'what was committed just before a take-over is read by the new owner', async () => {
      for (let index = 0; index < 10; index += 1) {
        const producer = await log.producer({ fenceId: topic });
        const transaction = await producer.begin();
        await transaction.send([record(`v${index}`)]);
        await transaction.commit();
        // Not closed: it died, as far as the next owner can tell.
      }
      expect(await texts()).toEqual(Array.from({ length: 10 }, (_, index) => `v${index}`));
    });

    test('ConsumerGroups: members share the partitions alike over topics, and a leaver’s go to the others', async () => {
      const other = `${topic}-other`;
      await createTopic(other, 2);
      const seen = new Map<string, { readonly partitions: readonly number[]; readonly generation: number }[]>();
      const last = (member: string) => seen.get(member)?.at(-1)?.partitions ?? [];
      const join = (member: string) =>
        log.joinGroup({
          groupId: topic,
          topics: [topic, other],
          onAssignment: async (assignment) => void seen.set(member, [...(seen.get(member) ?? []), assignment]),
        });
      const a = await join('a');
      await expect.poll(() => last('a'), { timeout: WAIT_MS }).toEqual([0, 1]);
      const b = await join('b');
      await expect.poll(() => [last('a').length, last('b').length], { timeout: WAIT_MS }).toEqual([1, 1]);
      expect([...last('a'), ...last('b')].sort(byText)).toEqual([0, 1]);
      await a.leave();
      await expect.poll(() => last('b'), { timeout: WAIT_MS }).toEqual([0, 1]);
      for (const assignments of seen.values()) {
        const generations = assignments.map(({ generation }) => generation);
        expect(generations).toEqual([...new Set(generations)].sort((x, y) => x - y));
      }
      await b.leave();
    });

    test('a slow handler keeps its membership, and assignments come one at a time', async () => {
      let running = 0;
      let overlapped = false;
      const partitions: (readonly number[])[] = [];
      const handler = async (assignment: { readonly partitions: readonly number[] }): Promise<void> => {
        running += 1;
        overlapped ||= running > 1;
        await new Promise((resolve) => setTimeout(resolve, 2_500));
        running -= 1;
        partitions.push(assignment.partitions);
      };
      const a = await log.joinGroup({ groupId: topic, topics: [topic], onAssignment: handler });
      const b = await log.joinGroup({ groupId: topic, topics: [topic], onAssignment: async () => {} });
      await expect.poll(() => partitions.at(-1)?.length, { timeout: WAIT_MS }).toBe(1);
      expect(overlapped).toBe(false);
      await b.leave();
      await a.leave();
    });

    test('a group over topics of different partition counts is refused with the counts', async () => {
      const other = `${topic}-other`;
      await createTopic(other, 3);
      await expect(
        log.joinGroup({ groupId: topic, topics: [topic, other], onAssignment: async () => {} }),
      ).rejects.toMatchObject({ code: 'FATAL', message: expect.stringMatching(/: 2, .*: 3/) });
    });

    test('offsets committed for lag tools say whether they were taken', async () => {
      const group = await log.joinGroup({ groupId: topic, topics: [topic], onAssignment: async () => {} });
      expect(typeof (await group.commitOffsets([{ topic, partition: 0, offset: 0n }]))).toBe('boolean');
      await group.leave();
    });

    test('Topic: created once, never repartitioned, deleted', async () => {
      const admin = await log.admin();
      await admin.createTopics([{ topic, partitions: 2, cleanup: 'delete' }]);
      await expect(admin.createTopics([{ topic, partitions: 3, cleanup: 'delete' }])).rejects.toMatchObject({
        code: 'FATAL',
      });
      const none = `${topic}-none`;
      expect([...(await admin.partitionCounts([topic, none]))]).toEqual([
        [topic, 2],
        [none, undefined],
      ]);
      await admin.deleteTopics([topic, none]);
      await expect
        .poll(async () => (await admin.partitionCounts([topic])).get(topic), { timeout: WAIT_MS })
        .toBeUndefined();
      await admin.close();
    });

    test('a key’s partition is the Java client’s', () => {
      // Kafka's own vectors: org.apache.kafka.common.utils.UtilsTest.testMurmur2.
      expect(partitionFor('21', 0x7fffffff)).toBe(-973932308 & 0x7fffffff);
      expect(partitionFor('foobar', 0x7fffffff)).toBe(-790332482 & 0x7fffffff);
    });

    claim('compaction', 'the newest record of each key stays, at its own offset; older ones may go', async () => {
      const compacted = `${topic}-compacted`;
      const admin = await log.admin();
      await admin.createTopics([{ topic: compacted, partitions: 1, cleanup: 'compact' }]);
      await admin.close();
      topic = compacted;
      const written: { offset: bigint | undefined; key: string; value: string }[] = [];
      const producer = await log.producer();
      for (const [key, value] of ['a1', 'b1', 'a2', 'c1', 'a3', 'c2'].map((each) => [each.charAt(0), each] as const)) {
        const [ack] = await producer.send([{ ...record(value), key: Buffer.from(key) }]);
        written.push({ offset: ack?.baseOffset, key, value });
      }
      await producer.close();
      const found = (await read()).map((each) => ({
        offset: each.offset,
        key: Buffer.from(each.key ?? []).toString(),
        value: textOf(each),
      }));
      const kept = new Set<bigint | undefined>(found.map(({ offset }) => offset));
      expect(found).toEqual(written.filter(({ offset }) => kept.has(offset)));
      for (const newest of new Map(written.map((each) => [each.key, each])).values()) {
        expect(found).toContainEqual(newest);
        expect((await texts(newest.offset))[0]).toBe(newest.value);
      }
    });

    claim('retention', 'what retention dropped is GONE and named, and offsets go on', async () => {
      const short = `${topic}-short`;
      const admin = await log.admin();
      await admin.createTopics([
        { topic: short, partitions: 1, cleanup: 'delete', retentionMs: 1, maxRecordBytes: 2_000_000 },
      ]);
      topic = short;
      const tp = { topic, partition: 0 };
      // More than once: an adapter may drop with its appends.
      const dropped = async (): Promise<boolean> => {
        await write({ ...record('old'), timestampMs: 1_000 });
        return (await admin.offsets(tp)).earliest > 0n;
      };
      await expect.poll(dropped, { timeout: 60_000, interval: 500 }).toBe(true);
      const reader = await log.reader();
      const stream = await reader.open(tp, 0n);
      await expect(stream.next(WAIT_MS)).rejects.toMatchObject({
        code: 'GONE',
        message: expect.stringMatching(/records 0 to \d+ .* are gone/),
      });
      await reader.close();
      const { end } = await admin.offsets(tp);
      const producer = await log.producer();
      expect((await producer.send([record('new')]))[0]?.baseOffset).toBe(end);
      await producer.close();
      await admin.close();
    });

    test('ping answers, and CLOSED after close', async () => {
      await log.ping(5_000);
      const another = await opened.reopen();
      await another.close();
      await another.close();
      await expect(another.ping(1_000)).rejects.toMatchObject({ code: 'CLOSED' });
      await expect(another.producer()).rejects.toMatchObject({ code: 'CLOSED' });
      log = await opened.reopen();
    });
  });
}

function byText(a: unknown, b: unknown): number {
  return String(a) < String(b) ? -1 : 1;
}

function textOf({ value }: LogRecord): string {
  return Buffer.from(value ?? []).toString();
}

async function drain(stream: PartitionStream): Promise<LogRecord[]> {
  const found: LogRecord[] = [];
  const deadline = Date.now() + WAIT_MS;
  while (stream.lag !== 0n || found.length === 0) {
    const batch = await stream.next(QUIET_MS);
    found.push(...(batch?.records ?? []));
    if (batch === undefined && stream.lag === 0n) break;
    if (Date.now() > deadline) throw new Error(`lag is ${stream.lag} after ${WAIT_MS} ms`);
  }
  return found;
}
