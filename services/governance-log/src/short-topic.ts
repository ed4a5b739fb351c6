/** Before anything starts: a topic with fewer records than the signed tree has leaves has lost some, whatever they hold. */
import type { EventLog } from '@weir/event-log/port';
import { topicName } from '@weir/events/topics';
import { createDisk } from './disk.ts';
import { LogReader, type ReadCheckpoint } from './log-reader.ts';
import { TOPIC } from './processor.ts';
import { bundleFolder } from './store-handler.ts';
import { FolderError } from './stored-tree.ts';

/** The topic ends before the log that was signed. */
export class ShortTopicError extends Error {
  override readonly name = 'ShortTopicError';
}

/** @throws {ShortTopicError} naming both sizes */
export async function refuseShortTopic(
  log: EventLog,
  topicPrefix: string,
  partitions: number,
  folder: string,
): Promise<void> {
  const topic = topicName(topicPrefix, TOPIC);
  const admin = await log.admin();
  try {
    for (let partition = 0; partition < partitions; partition += 1) {
      const signed = latestIn(bundleFolder(folder, partition), partition);
      if (signed === undefined) continue;
      const records = await recordsOf(admin, topic, partition);
      if (records < signed.size)
        throw new ShortTopicError(
          `${topic}/${partition} holds at most ${records} records, and a tree of ${signed.size} entries was signed: nothing is signed before the topic is restored from the entry bundles in ${bundleFolder(folder, partition)}`,
        );
    }
  } finally {
    await admin.close();
  }
}

/** @throws {FolderError} naming the folder */
function latestIn(path: string, partition: number): ReadCheckpoint | undefined {
  try {
    return new LogReader(partition, createDisk(path)).latest();
  } catch (error) {
    throw error instanceof FolderError ? new FolderError(`${path}: ${error.message}`) : error;
  }
}

async function recordsOf(
  admin: Awaited<ReturnType<EventLog['admin']>>,
  topic: string,
  partition: number,
): Promise<number> {
  const counts = await admin.partitionCounts([topic]);
  if ((counts.get(topic) ?? 0) <= partition) return 0;
  // Markers and refused records take offsets, too: an upper bound.
  return Number((await admin.offsets({ topic, partition })).end);
}
