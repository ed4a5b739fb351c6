/** What the embedded log drops from a topic that is compacted, and what it never may. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEmbeddedLog, type EmbeddedLog } from '../src/embedded/log.ts';
import { Store } from '../src/embedded/store.ts';
import { Upkeep } from '../src/embedded/upkeep.ts';
import type { LogRecord, NewRecord, TopicSpec } from '../src/port.ts';

const tp = { topic: 't', partition: 0 };
const SPEC: TopicSpec = { ...tp, partitions: 1, cleanup: 'compact' };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const record = (key: string | null, value: string | null): NewRecord => ({
  ...tp,
  key: key === null ? null : Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
});
const textOf = (bytes: Uint8Array | null): string => (bytes === null ? '-' : Buffer.from(bytes).toString());
const said = ({ offset, key, value }: LogRecord): string => `${offset}:${textOf(key)}=${textOf(value)}`;

describe('the log', () => {
  let log: EmbeddedLog;
  let clockMs = 0;

  beforeEach(async () => {
    log = createEmbeddedLog({ file: join(folder, 'log.db'), now: () => clockMs });
    await (await log.admin()).createTopics([SPEC]);
  });
  afterEach(() => log.close());

  const send = async (...records: readonly NewRecord[]): Promise<void> => {
    clockMs += 1_000;
    await (await log.producer()).send(records);
  };
  const read = async (from: bigint | 'earliest' = 'earliest'): Promise<string[]> => {
    const stream = await (await log.reader()).open(tp, from);
    const found: string[] = [];
    for (let batch = await stream.next(0); batch !== undefined; batch = await stream.next(0)) {
      expect(batch.records.at(-1)?.offset).toBe(batch.nextOffset - 1n);
      expect(stream.position).toBe(batch.nextOffset);
      found.push(...batch.records.map(said));
    }
    expect(stream.lag).toBe(0n);
    return found;
  };

  test('replaced records go; keyless ones, tombstones and offsets stay', async () => {
    await send(record('a', '1'), record(null, 'x'), record('b', '1'), record('a', '2'), record('b', null));
    expect(await read()).toEqual(['1:-=x', '3:a=2', '4:b=-']);
    expect(await (await log.admin()).offsets(tp)).toEqual({ earliest: 0n, end: 5n });
    // Not before half of it is new.
    await send(record('a', '3'));
    expect(await read()).toEqual(['1:-=x', '3:a=2', '4:b=-', '5:a=3']);
    await send(...Array.from({ length: 10 }, (_, index) => record('c', String(index))));
    expect(await read()).toEqual(['1:-=x', '4:b=-', '5:a=3', '15:c=9']);
  });

  test('any offset can be read from: gaps inside a batch, at its ends, and whole batches gone', async () => {
    await send(record('a', '1'), record('b', '1'));
    clockMs -= 1_000;
    await send(record('a', '2'), record('c', '1'), record('a', '3'), record('d', '1'), record('a', '4'));
    clockMs -= 1_000;
    await send(record('a', '5'), record('b', '2'));
    await send(...['a', 'b', 'e', 'e'].map((key) => record(key, '6')));
    const all = ['3:c=1', '5:d=1', '9:a=6', '10:b=6', '12:e=6'];
    expect(await read()).toEqual(all);
    for (let from = 0n; from <= 13n; from += 1n)
      expect(await read(from)).toEqual(all.filter((each) => Number.parseInt(each, 10) >= from));
  });

  test('retention does not touch it, and a topic that is not compacted keeps everything', async () => {
    await (await log.admin()).createTopics([
      { topic: 'u', partitions: 1, cleanup: 'compact', retentionMs: 1, retentionBytes: 1 },
      { topic: 'v', partitions: 1, cleanup: 'delete' },
    ]);
    for (let round = 0; round < 3; round += 1) {
      await send({ ...record('a', '1'), topic: 'u' });
      await send({ ...record('a', '1'), topic: 'v' });
    }
    const admin = await log.admin();
    expect(await admin.offsets({ topic: 'u', partition: 0 })).toEqual({ earliest: 0n, end: 3n });
    const stream = await (await log.reader()).open({ topic: 'v', partition: 0 }, 0n);
    for (let offset = 0n; offset < 3n; offset += 1n) expect((await stream.next(0))?.nextOffset).toBe(offset + 1n);
  });

  test('a pass over much goes on with every append and leaves little', async () => {
    const producer = await log.producer();
    for (let index = 0; index < 5_000; index += 1)
      await producer.send([record(`k${index % 7}`, String(index).padEnd(100))]);
    clockMs += 1_000;
    for (let index = 0; index < 20; index += 1) await producer.send([record('other', String(index))]);
    // The seven keys, and those appended while the pass went on.
    const found = await read();
    expect(found.length).toBeLessThan(30);
    expect(found.slice(0, 7).map((each) => each.slice(0, 4))).toEqual([
      '4993',
      '4994',
      '4995',
      '4996',
      '4997',
      '4998',
      '4999',
    ]);
  });

  test('a damaged batch is left as it is and found by its reader; other partitions are compacted all the same', async () => {
    await (await log.admin()).createTopics([{ ...SPEC, topic: 'u' }]);
    await send(record('a', '1'));
    log.database.exec("UPDATE batch SET bytes = CAST(substr(bytes, 1, length(bytes) - 1) || x'ff' AS BLOB)");
    for (const value of ['2', '3', '4', '5']) await send(record('a', value), { ...record('a', value), topic: 'u' });
    const stream = await (await log.reader()).open({ topic: 'u', partition: 0 }, 'earliest');
    expect((await stream.next(0))?.records.map(said)).toEqual(['3:a=5']);
    await expect(read()).rejects.toMatchObject({ code: 'FATAL', message: /t\[0\]@0 fails its checksum/ });
  });
});

interface Step {
  readonly records: readonly (readonly [key: string | null, value: string | null])[];
  readonly waitMs: number;
  readonly reopen: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  records: fc.array(
    fc.tuple<[string | null, string | null]>(
      fc.option(fc.constantFrom('', 'a', 'b', 'ü', '\u0000'), { freq: 8 }),
      fc.option(fc.string({ maxLength: 5 }), { freq: 8 }),
    ),
    { maxLength: 6 },
  ),
  waitMs: fc.constantFrom(0, 500, 1_000),
  reopen: fc.integer({ min: 0, max: 6 }).map((chance) => chance === 0),
});

/** Everything from `from` on, batch by batch as a stream reads. */
function readAll(store: Store, from: bigint): string[] {
  const found: string[] = [];
  let position = from;
  for (let batch = store.read(tp, position); batch !== undefined; batch = store.read(tp, position)) {
    expect(batch.nextOffset).toBeGreaterThan(position);
    position = batch.nextOffset;
    found.push(...batch.records.map(said));
  }
  expect(position >= store.end(tp)).toBe(true);
  return found;
}

test('law: at any time a part of what was written, in order, with the newest of each key; in the end nothing else', () => {
  let dropped = 0;
  let files = 0;
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 15 }),
      fc.record({ batches: fc.integer({ min: 1, max: 4 }), bytes: fc.integer({ min: 1, max: 300 }) }),
      (steps, limits) => {
        files += 1;
        const file = join(folder, `${files}.db`);
        let store = new Store(file, 'process');
        store.createTopics([SPEC]);
        let upkeep = new Upkeep(store, limits);
        const written: string[] = [];
        const newest = new Map<string | null, string>();
        let nowMs = 0;
        for (const { records, waitMs, reopen } of steps) {
          nowMs += waitMs;
          const sent = records.map(([key, value]) => record(key, value));
          store.append(sent, nowMs);
          for (const [at, { key, value }] of sent.entries()) {
            const line = said({ offset: BigInt(written.length), key, value, headers: [], timestampMs: 0 });
            newest.set(records[at]?.[0] ?? `keyless ${written.length}`, line);
            written.push(line);
          }
          upkeep.run(nowMs, sent);
          // As after a crash: only the file is left of a pass.
          if (reopen) {
            store.close();
            store = new Store(file, 'process');
            upkeep = new Upkeep(store, limits);
          }
          const found = readAll(store, 0n);
          const kept = new Set(found);
          expect(found).toEqual(written.filter((line) => kept.has(line)));
          for (const line of newest.values()) expect(kept).toContain(line);
          for (const [at, line] of found.entries())
            expect(readAll(store, BigInt(Number.parseInt(line, 10)))).toEqual(found.slice(at));
          expect([store.earliest(tp), store.end(tp)]).toEqual([0n, BigInt(written.length)]);
          dropped += written.length - found.length;
        }
        // In the end, when as much again is new, nothing else is left.
        const last = [record('last', 'x'.repeat(20_000))];
        store.append(last, nowMs);
        for (let run = 0; run < 200; run += 1) upkeep.run(nowMs + 1_000 * run, []);
        expect(readAll(store, 0n).slice(0, -1)).toEqual(written.filter((line) => [...newest.values()].includes(line)));
        store.close();
      },
    ),
    { numRuns: 150 },
  );
  expect(dropped).toBeGreaterThan(1_000);
});
