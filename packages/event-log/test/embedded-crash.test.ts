/** Whatever ends the process or the file, what is read is a run of whole transactions with all that were acknowledged. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEmbeddedLog } from '../src/embedded/log.ts';
import type { EventLog } from '../src/port.ts';
import { PARTITIONS, recordsOf, TOPIC } from './embedded-crash-writer.ts';

const SEED = 20_260_101;
const KILLS = 20;
const CUTS = 40;
const WRITER = join(import.meta.dirname, 'embedded-crash-writer.ts');

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-crash-'));
  file = join(folder, 'log.db');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function createTopic(): Promise<void> {
  const log = createEmbeddedLog({ file });
  const admin = await log.admin();
  await admin.createTopics([{ topic: TOPIC, partitions: PARTITIONS.length, cleanup: 'delete' }]);
  await log.close();
}

/** Reads on from `positions`, which move; the transactions found, each seen to be whole in both partitions, numbered from `first` without a gap. */
async function wholeTransactions(log: EventLog, first: number, positions: bigint[]): Promise<number> {
  const counts: number[] = [];
  const reader = await log.reader();
  for (const partition of PARTITIONS) {
    const stream = await reader.open({ topic: TOPIC, partition }, positions[partition] ?? 0n);
    const found: string[] = [];
    for (let batch = await stream.next(0); batch !== undefined; batch = await stream.next(0))
      found.push(...batch.records.map(({ value }) => Buffer.from(value ?? []).toString()));
    positions[partition] = stream.position;
    let count = 0;
    for (let at = 0; at < found.length; count += 1) {
      const expected = recordsOf(first + count, partition).map(({ value }) => String(value));
      if (found.slice(at, at + expected.length).join('\n') !== expected.join('\n'))
        throw new Error(`transaction ${first + count} is torn in partition ${partition}: ${found[at]?.slice(0, 20)}`);
      at += expected.length;
    }
    counts.push(count);
  }
  await reader.close();
  expect(new Set(counts).size).toBe(1);
  return counts[0] ?? 0;
}

test(`SIGKILL at ${KILLS} seeded moments: nothing acknowledged is lost, nothing is torn, and writing goes on`, async () => {
  await createTopic();
  const moments = fc.sample(
    fc.oneof(
      fc.record({ inserts: fc.integer({ min: 2, max: 60 }) }),
      fc.record({ acks: fc.integer({ min: 1, max: 30 }), delayMs: fc.integer({ min: 0, max: 12 }) }),
    ),
    { seed: SEED, numRuns: KILLS },
  );
  const positions = PARTITIONS.map(() => 0n);
  let committed = 0;
  let inCommit = 0;
  for (const moment of moments) {
    const diesAt = 'inserts' in moment ? [String(moment.inserts)] : [];
    const child = spawn(process.execPath, [WRITER, file, String(committed), ...diesAt], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(child, 'close');
    let acknowledged = committed;
    createInterface({ input: child.stdout }).on('line', (line) => {
      acknowledged = Number(line) + 1;
      if ('acks' in moment && acknowledged === committed + moment.acks)
        setTimeout(() => child.kill('SIGKILL'), moment.delayMs);
    });
    await closed;
    expect(child.signalCode).toBe('SIGKILL');
    if (holdsHalf(`${file}-wal`)) inCommit += 1;
    const log = createEmbeddedLog({ file });
    const found = committed + (await wholeTransactions(log, committed, positions));
    await log.close();
    // The one that was being committed may be there, unheard.
    expect([acknowledged, acknowledged + 1]).toContain(found);
    committed = found;
  }
  // Or the test shows little.
  expect(inCommit).toBeGreaterThan(0);
  expect(committed).toBeGreaterThan(100);
}, 120_000);

test(`the write-ahead log cut at ${CUTS} seeded bytes, or overwritten from there: all that was whole before, and nothing else`, async () => {
  await createTopic();
  const log = createEmbeddedLog({ file });
  // Everything stays in the write-ahead log.
  log.database.exec('PRAGMA wal_autocheckpoint = 0');
  const producer = await log.producer({ fenceId: 'writer' });
  const ends: number[] = [];
  for (let number = 0; number < 16; number += 1) {
    const transaction = await producer.begin();
    for (const partition of PARTITIONS) await transaction.send(recordsOf(number, partition));
    await transaction.commit();
    ends.push(statSync(`${file}-wal`).size);
  }
  const size = ends.at(-1) as number;
  const random = fc.sample(fc.integer({ min: 0, max: size }), { seed: SEED, numRuns: CUTS });
  const cuts = [0, 31, 32, ...random, ...ends.slice(5, 12).flatMap((end) => [end - 1, end, end + 1])];
  for (const [index, cut] of cuts.entries()) {
    const copy = join(folder, `cut-${index}.db`);
    copyFileSync(file, copy);
    copyFileSync(`${file}-wal`, `${copy}-wal`);
    if (index % 2 === 0) truncateSync(`${copy}-wal`, cut);
    else {
      const descriptor = openSync(`${copy}-wal`, 'r+');
      writeSync(descriptor, Buffer.alloc(20_000, 0xa5), 0, 20_000, cut);
      closeSync(descriptor);
    }
    const damaged = createEmbeddedLog({ file: copy });
    const whole = ends.filter((end) => end <= cut).length;
    const positions = PARTITIONS.map(() => 0n);
    expect([cut, await wholeTransactions(damaged, 0, positions)]).toEqual([cut, whole]);
    const after = await damaged.producer();
    await after.send(PARTITIONS.flatMap((partition) => recordsOf(whole, partition)));
    expect(await wholeTransactions(damaged, whole, positions)).toBe(1);
    await damaged.close();
    rmSync(copy);
  }
  await log.close();
}, 60_000);

/**
 * Whether a write-ahead log ends in pages of a transaction that did not come to its commit. A header of 32 bytes, page size at 8 and salt at
 * 16; then frames of a header of 24 bytes, with the commit mark at 4 and the salt at 8, and a page. Source: sqlite.org/fileformat2.html.
 */
function holdsHalf(wal: string): boolean {
  if (!existsSync(wal)) return false;
  const bytes = readFileSync(wal);
  if (bytes.length < 32) return false;
  const frameSize = 24 + bytes.readUInt32BE(8);
  const salt = bytes.subarray(16, 24);
  let isHalf = false;
  for (let at = 32; at + frameSize <= bytes.length && bytes.subarray(at + 8, at + 16).equals(salt); at += frameSize)
    isHalf = bytes.readUInt32BE(at + 4) === 0;
  return isHalf;
}
