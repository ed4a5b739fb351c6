/**
 * What a disk that is full does to the log and to `weir dev`: `node full-disk.ts log|dev FOLDER FREE`, on a disk where a file of ours leaves so
 * many bytes free. Prints what was seen, as JSON. `full-disk.e2e.test.ts` gives it a disk of its own.
 */
import { spawnSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createEmbeddedLog, type EmbeddedLog } from '@weir/event-log/embedded/log';
import { LogError } from '@weir/event-log/errors';
import type { NewRecord } from '@weir/event-log/port';

const PARTITIONS = 2;
const MAIN = join(import.meta.dirname, '../packages/cli/src/main.ts');
const [what = '', folder = '', free = '0'] = process.argv.slice(2);
const filler = join(folder, 'filler');
const file = join(folder, 'log.db');

export interface LogSeen {
  readonly code: string;
  readonly message: string;
  readonly acknowledged: number;
  /** Whole transactions that were read: after space was made, and after as many again were written. */
  readonly found: readonly [number, number];
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function fill(): void {
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - Number(free))));
}

/** A transaction over both partitions; each record says which. */
function transaction(number: number): readonly NewRecord[] {
  return Array.from({ length: 2 * (1 + (number % 7)) }, (_, index) => ({
    topic: 't',
    partition: index % PARTITIONS,
    key: null,
    value: Buffer.from(`${number} ${'x'.repeat((number * 997) % 3_000)}`),
  }));
}

async function write(log: EmbeddedLog, from: number, until: (number: number) => boolean): Promise<number> {
  const producer = await log.producer();
  for (let number = from; ; number += 1) {
    if (until(number)) return number;
    await producer.send(transaction(number));
    acknowledged = number + 1;
  }
}

/** @throws when a record of a transaction is missing or one stands twice */
async function wholeTransactions(log: EmbeddedLog): Promise<number> {
  const counts = new Map<number, number>();
  const reader = await log.reader();
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const stream = await reader.open({ topic: 't', partition }, 'earliest');
    for (let batch = await stream.next(0); batch !== undefined; batch = await stream.next(0))
      for (const { value } of batch.records) {
        const number = Number.parseInt(Buffer.from(value as Uint8Array).toString(), 10);
        counts.set(number, (counts.get(number) ?? 0) + 1);
      }
  }
  await reader.close();
  for (let number = 0; number < counts.size; number += 1)
    if (counts.get(number) !== transaction(number).length) throw new Error(`transaction ${number} is torn`);
  return counts.size;
}

let acknowledged = 0;

/** Where the log cannot even begin, nothing was acknowledged. */
async function begin(): Promise<void> {
  const log = createEmbeddedLog({ file });
  try {
    const admin = await log.admin();
    await admin.createTopics([{ topic: 't', partitions: PARTITIONS, cleanup: 'delete' }]);
    await write(log, 0, () => false);
  } finally {
    await log.close();
  }
}

async function onLog(): Promise<LogSeen> {
  const error = await begin().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof LogError)) throw error;
  const told = acknowledged;
  rmSync(filler);
  const log = createEmbeddedLog({ file });
  const admin = await log.admin();
  await admin.createTopics([{ topic: 't', partitions: PARTITIONS, cleanup: 'delete' }]);
  const found = await wholeTransactions(log);
  const end = found + 50;
  await write(log, found, (number) => number === end);
  const again = await wholeTransactions(log);
  await log.close();
  return { code: error.code, message: error.message, acknowledged: told, found: [found, again] };
}

function weir(...args: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

function onDev(): readonly Ended[] {
  const dev = ['dev', '--file', file, '--services', 'drift-detector,promotion', '--port', '0'];
  const full = [weir(...dev, '--until', 'end'), weir(...dev, '--until', 'end')];
  rmSync(filler);
  const replayed = () => weir('replay', '--file', file);
  return [...full, replayed(), weir(...dev, '--speed', '0', '--for', '4s'), replayed()];
}

if (import.meta.main) {
  fill();
  process.stdout.write(JSON.stringify(what === 'log' ? await onLog() : onDev()));
}
