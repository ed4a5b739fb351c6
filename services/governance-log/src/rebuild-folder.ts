/**
 * Makes the folder of a partition anew from the topics, up to the last checkpoint that was published. It signs nothing: the note is the
 * published one, and the entries must give its root.
 */
import type { EventLog, LogRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import { topicName } from '@weir/events/topics';
import { BundleWriter, CHECKPOINT, checkpointPath, formatManifest, MANIFEST } from '@weir/ledger/bundle';
import { equalBytes, utf8 } from '@weir/ledger/bytes';
import { verifiers } from '@weir/ledger/node-crypto';
import { type OpenedCheckpoint, openCheckpoint } from '@weir/ledger/open-checkpoint';
import { fateOf } from '@weir/service-kit/fates';
import { judge, pass } from './admitted.ts';
import type { Disk } from './disk.ts';
import { DurableFiles } from './durable-files.ts';
import { type LogConfig, originOf, trustOf } from './log-trust.ts';
import { type EntryEvent, entryEvent, TOPIC } from './processor.ts';
import { hasher, openLog } from './state.ts';

/** Leaves between two times that files are written: so many entries are in memory. */
const WRITE_EVERY = 65_536;
const WAIT_MS = 1_000;

/** The topics do not give the folder; the message says why. */
export class RebuildError extends Error {
  override readonly name = 'RebuildError';
}

export interface RebuildPlace {
  readonly log: EventLog;
  readonly topicPrefix: string;
  readonly partition: number;
  readonly disk: Disk;
}

/** @returns leaves of the tree. @throws {RebuildError} when the folder is not empty, or the topics do not give the signed tree */
export async function rebuildFolder(place: RebuildPlace, config: LogConfig): Promise<number> {
  const { disk, partition } = place;
  if (disk.read(MANIFEST) !== undefined || disk.list('checkpoints').length > 0)
    throw new RebuildError('the folder has a checkpoint already; only an empty one is made anew');
  const note = await lastNote(place, config);
  const checkpoint = openCheckpoint(note, trustOf(config, partition), verifiers, false);
  await writeTree(place, config, checkpoint);
  const { origin, size } = checkpoint;
  // In the order of log-folder.ts.
  new DurableFiles(disk).write(
    new Map([[checkpointPath(size), note]]),
    new Map([[MANIFEST, formatManifest({ origin, checkpoints: [checkpointPath(size)] })]]),
    new Map([[CHECKPOINT, note]]),
  );
  return size;
}

async function lastNote(place: RebuildPlace, config: LogConfig): Promise<Uint8Array> {
  const origin = originOf(config, place.partition);
  let last: { readonly size: number; readonly note: string } | undefined;
  for await (const { value } of recordsOf(place, 'governance-checkpoints')) {
    const { name, event } = decode(value ?? new Uint8Array(0));
    if (name === 'GovernanceCheckpoint' && event.origin === origin && event.size >= (last?.size ?? -1)) last = event;
  }
  if (last === undefined)
    throw new RebuildError(
      `governance-checkpoints has no checkpoint of ${origin}; if none was ever published, start the service: it signs from the first entry`,
    );
  return utf8(last.note);
}

async function writeTree(place: RebuildPlace, config: LogConfig, { size, root }: OpenedCheckpoint): Promise<void> {
  const { disk, partition } = place;
  const log = openLog(config, partition);
  const writer = new BundleWriter(hasher);
  const files = new DurableFiles(disk);
  for await (const record of recordsOf(place, TOPIC)) {
    if (writer.size === size) break;
    const event = eventOf(record);
    if (event === undefined) continue;
    const verdict = judge(log, event.record);
    pass(log, verdict);
    if (verdict.reason !== undefined) continue;
    writer.append(event.record.bytes.slice(), verdict.leaf);
    if (writer.size % WRITE_EVERY === 0) files.write(writer.take());
  }
  if (writer.size < size)
    throw new RebuildError(`the topic gives ${writer.size} entries, and a tree of ${size} entries was signed`);
  if (!equalBytes(writer.root(), root))
    throw new RebuildError(`the first ${size} entries of the topic give another root than the one that was signed`);
  files.write(writer.take());
}

/** Undefined for a record that the service dead-letters. */
function eventOf(record: LogRecord): EntryEvent | undefined {
  try {
    return entryEvent(record);
  } catch (error) {
    if (fateOf(error).fate === 'dead-letter') return undefined;
    throw error;
  }
}

/** Committed records up to where the topic ends now. */
async function* recordsOf({ log, topicPrefix, partition }: RebuildPlace, name: string): AsyncGenerator<LogRecord> {
  const place = { topic: topicName(topicPrefix, name), partition };
  const admin = await log.admin();
  const { end } = await admin.offsets(place);
  await admin.close();
  const reader = await log.reader();
  try {
    const stream = await reader.open(place, 'earliest');
    while (stream.position < end) {
      const batch = await stream.next(WAIT_MS);
      if (batch === undefined && stream.lag === 0n) return;
      yield* batch?.records ?? [];
    }
  } finally {
    await reader.close();
  }
}
