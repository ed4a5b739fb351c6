/**
 * The durable order under SIGKILLs of the real process, at moments all over its work: after each, what a reader finds is a whole log that
 * begins with what was there before, and at the end no entry is missing. WEIR_KILLS sets how many; power that fails is log-folder.test.ts.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbeddedLog } from '@weir/event-log/embedded/log';
import type { EventLog } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import { decodeUtf8, equalBytes, utf8 } from '@weir/ledger/bytes';
import type { Checkpoint } from '@weir/ledger/checkpoint';
import { sha256, verifiers } from '@weir/ledger/node-crypto';
import { openCheckpoint } from '@weir/ledger/open-checkpoint';
import { UnfinishedError } from '@weir/ledger/tampering';
import { parseTrust, type Trust } from '@weir/ledger/trust';
import { verifyLog } from '@weir/ledger/verify';
import { topicSpecs } from '@weir/service-kit/runner';
import { afterAll, expect, test, vi } from 'vitest';
import { openFolder } from '../../../packages/cli/src/commands/verify/bundle-input.ts';
import { createDisk } from '../src/disk.ts';
import { LogReader } from '../src/log-reader.ts';
import { trustText } from '../src/log-trust.ts';
import { createLogProcessor } from '../src/processor.ts';
import { weirVerify } from './running.ts';
import { CONFIG, entryRecord, KEY_LINES, newAuthor, privateKey } from './scene.ts';

const KILLS = Number(process.env['WEIR_KILLS'] ?? 6);
/** Three requests to store, of several bundles each. */
const PER_LIFE = 700;
/** Kills come up to so long after the first change in the folder, ms. */
const WORK_MS = 60;
/** Multiples of it, modulo 1, lie evenly over the unit interval, however many there are. */
const GOLDEN = 0.618_034;
const MAIN = join(import.meta.dirname, '../src/main.ts');

const folder = mkdtempSync(join(tmpdir(), 'weir-'));
afterAll(() => rmSync(folder, { recursive: true }));
const bundle = join(folder, 'governance/0');
const trust: Trust = parseTrust(trustText(CONFIG, 0), sha256);
const author = newAuthor();
const entries: Uint8Array[] = [];

function start(): ChildProcess {
  const { PATH = '' } = process.env;
  const env = {
    PATH,
    WEIR_LOG_FILE: join(folder, 'log.db'),
    WEIR_HTTP_PORT: '0',
    WEIR_GOVERNANCE_FOLDER: join(folder, 'governance'),
    WEIR_GOVERNANCE_KEY_FILE: join(folder, 'key.pem'),
    WEIR_GOVERNANCE_ENTRY_KEYS_FILE: join(folder, 'keys.txt'),
  };
  return spawn(process.execPath, [MAIN], { env, stdio: 'ignore' });
}

/** While no process has the file. */
async function withLog<Result>(use: (log: EventLog) => Promise<Result>): Promise<Result> {
  const log = createEmbeddedLog({ file: join(folder, 'log.db') });
  try {
    return await use(log);
  } finally {
    await log.close();
  }
}

async function createTopics(): Promise<void> {
  await withLog(async (log) => {
    const admin = await log.admin();
    await admin.createTopics(topicSpecs(createLogProcessor(), 'weir.', 1));
    await admin.close();
  });
}

async function feed(count: number): Promise<void> {
  const made = Array.from({ length: count }, () => author.write(`m${entries.length % 5}`));
  entries.push(...made);
  await withLog(async (log) => {
    const producer = await log.producer();
    await producer.send(made.map((bytes) => ({ ...entryRecord(bytes), topic: 'weir.governance-log' })));
    await producer.close();
  });
}

function filesNow(): string {
  return existsSync(bundle) ? readdirSync(bundle, { recursive: true }).join() : '';
}

/** Leaves that a reader finds sound, in `structure` mode: signatures of entries do not change by a kill, and the last look is in full. */
function found(since: Checkpoint | undefined): number {
  if (!existsSync(join(bundle, 'checkpoint'))) return 0;
  const pinned = since === undefined ? {} : { since };
  try {
    const files = openFolder(bundle);
    return verifyLog({ files, trust, sha256, verifiers, mode: 'structure', ...pinned }).checkpoint.size;
  } catch (error) {
    // Killed between two steps of a write: what is signed is sound, and readers are not shown all of it yet.
    if (error instanceof UnfinishedError) return error.size;
    throw error;
  }
}

async function published(): Promise<readonly Checkpoint[]> {
  return await withLog(async (log) => {
    const reader = await log.reader();
    const stream = await reader.open({ topic: 'weir.governance-checkpoints', partition: 0 }, 'earliest');
    const notes: Checkpoint[] = [];
    for (let batch = await stream.next(0); batch !== undefined; batch = await stream.next(0))
      for (const { value } of batch.records) {
        const { event } = decode(value as Uint8Array) as { readonly event: { readonly note: string } };
        notes.push(openCheckpoint(utf8(event.note), trust, verifiers, true));
      }
    await reader.close();
    return notes;
  });
}

test(`${KILLS} SIGKILLs at moments all over its work leave a whole log each time, and lose no entry`, {
  timeout: KILLS * 8_000 + 60_000,
}, async () => {
  writeFileSync(join(folder, 'key.pem'), privateKey(9).export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(join(folder, 'keys.txt'), `${KEY_LINES.join('\n')}\n`);
  await createTopics();
  let last: Checkpoint | undefined;
  let withinWork = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    await feed(PER_LIFE);
    const process_ = start();
    const ended = once(process_, 'exit');
    const before = filesNow();
    await vi.waitUntil(() => filesNow() !== before, { timeout: 20_000, interval: 1 });
    await new Promise((resolve) => setTimeout(resolve, WORK_MS * ((kill * GOLDEN) % 1)));
    process_.kill('SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
    if (found(last) < entries.length) withinWork += 1;
    last = new LogReader(0, createDisk(bundle)).latest() ?? last;
  }
  const final = start();
  const ended = once(final, 'exit');
  await vi.waitUntil(() => new LogReader(0, createDisk(bundle)).latest()?.size === entries.length, {
    timeout: 60_000,
    interval: 200,
  });
  final.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  // A test whose kills all came too early or too late would show nothing.
  expect(withinWork).toBeGreaterThan(KILLS / 4);
  const { code, out } = await weirVerify(bundle, '--trust', join(folder, 'governance/0.trust'));
  expect({ code, out }).toMatchObject({ code: 0 });
  const reader = new LogReader(0, createDisk(bundle));
  for (let index = 0; index < entries.length; index += 97)
    expect(equalBytes(reader.entry(entries.length, index), entries[index] as Uint8Array)).toBe(true);
  // Every checkpoint that was published is a beginning of this log, in ascending order, each once.
  const notes = await published();
  const sizes = notes.map(({ size }) => size);
  expect(sizes).toEqual([...new Set(sizes)].sort((a, b) => a - b));
  for (const note of notes.filter((_, at) => at % 20 === 0 || at === notes.length - 1)) found(note);
  expect(sizes.at(-1)).toBe(entries.length);
  const leftovers = readdirSync(bundle, { recursive: true }).filter((name) => String(name).endsWith('.new'));
  expect(leftovers.length).toBeLessThan(50);
  expect(decodeUtf8(readFileSync(join(bundle, 'checkpoint')))).toContain(`\n${entries.length}\n`);
});
