/**
 * The one suite that every adapter passes. What is not tested here is not part of the port; a claimed feature without a test fails, and
 * the tests of a feature that is not claimed do not run. Names follow Watermill's pubsub/tests where it has them; MessageCtx has no
 * counterpart, since the port gives records no context. As there, every test that can is run again several times at once.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Features } from '../features.ts';
import type { EventLog, LogRecord, NewRecord } from '../port.ts';
import { GROUPS } from './groups.ts';
import { RECORDS } from './records.ts';
import { type ContractTest, type Current, type Opened, Stage, textOf, WAIT_MS } from './stage.ts';
import { STREAMS } from './streams.ts';
import { TOPICS } from './topics.ts';
import { TRANSACTIONS } from './transactions.ts';

export type { Opened } from './stage.ts';

const TESTS: readonly ContractTest[] = [...RECORDS, ...STREAMS, ...TRANSACTIONS, ...GROUPS, ...TOPICS];
const STRESS = 10;

type Claim = keyof Features;

export function describeEventLog(
  name: string,
  open: () => Promise<Opened>,
  features: Features,
  stress: number = STRESS,
): void {
  const tested = new Set<Claim>();
  /** A test of a feature: runs where the feature is claimed. */
  const claim = (feature: Claim, title: string, body: () => Promise<void>): void => {
    tested.add(feature);
    const value = features[feature];
    if (Array.isArray(value) ? value.length > 0 : value) test(title, body);
  };

  describe(name, () => {
    let opened: Opened;
    let current: Current;

    beforeAll(async () => {
      opened = await open();
      current = { log: opened.log };
    });
    afterAll(async () => {
      await opened?.stop();
    });

    /** Runs a test so many times at once, each on a topic of its own. */
    const perform = (times: number, { title, feature, body }: ContractTest): void => {
      const run = async (): Promise<void> => {
        const stages = Array.from({ length: times }, () => new Stage(current, opened));
        await Promise.all(stages.map((stage) => stage.createTopic()));
        await Promise.all(stages.map(body));
      };
      if (feature === undefined) test(title, run);
      else claim(feature, title, run);
    };

    for (const each of TESTS) perform(1, each);

    describe(`stress: ${stress} at once`, () => {
      for (const each of TESTS) if (each.isAlone !== true) perform(stress, each);
    });

    test('adapter names its features, and each claimed one has a test', () => {
      expect(current.log.features).toEqual(features);
      const claimed = (Object.keys(features) as Claim[]).filter((each) => {
        const value = features[each];
        return Array.isArray(value) ? value.length > 0 : value;
      });
      // Named in the adapter's own test file, because they need its servers or its file.
      const elsewhere: readonly Claim[] = ['durable', 'multiHost', 'codecs'];
      expect(claimed.filter((each) => !tested.has(each) && !elsewhere.includes(each))).toEqual([]);
    });

    let log: EventLog;
    let topic: string;
    beforeEach(() => {
      ({ log } = current);
      ({ topic } = new Stage(current, opened));
    });
    const here = (): Stage => new Stage(current, opened, topic);
    const record = (value: string): NewRecord => here().record(value);
    const write = (...records: readonly NewRecord[]): Promise<void> => here().write(...records);
    const read = (from: bigint | 'earliest' = 'earliest'): Promise<LogRecord[]> => here().read(from);
    const texts = (from: bigint | 'earliest' = 'earliest'): Promise<string[]> => here().texts(from);

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
  });
}
