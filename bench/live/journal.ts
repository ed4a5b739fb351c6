/** What the journals of a running service tell of it. */
import type { EventLog } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import { topicName } from '@weir/events/topics';
import { PARTITIONS } from './load.ts';

export interface Commit {
  readonly partition: number;
  /** When its entry was written, ms. */
  readonly atMs: number;
}

export interface JournalWatch {
  /** Of batches, in the order in which they were read. */
  readonly commits: readonly Commit[];
  stop(): Promise<void>;
}

export async function watchJournal(log: EventLog, prefix: string): Promise<JournalWatch> {
  const commits: Commit[] = [];
  const reader = await log.reader();
  let stopping = false;
  const follow = async (partition: number): Promise<void> => {
    const stream = await reader.open({ topic: topicName(prefix, 'drift-detector.journal'), partition }, 'latest');
    while (!stopping) {
      for (const { value, timestampMs } of (await stream.next(100))?.records ?? []) {
        const { name, event } = decode(value as Uint8Array);
        if (name === 'JournalEntry' && event.kind === 'batch') commits.push({ partition, atMs: timestampMs });
      }
    }
  };
  const following = Array.from({ length: PARTITIONS }, (_, partition) => follow(partition));
  return {
    commits,
    stop: async () => {
      stopping = true;
      await Promise.all(following);
      await reader.close();
    },
  };
}

/** The longest time between two commits of a partition, of which the second came at or after `fromMs`, ms. */
export function longestGap(commits: readonly Commit[], fromMs: number): number {
  const last = new Map<number, number>();
  let longest = 0;
  for (const { partition, atMs } of commits) {
    const before = last.get(partition);
    if (before !== undefined && atMs >= fromMs) longest = Math.max(longest, atMs - before);
    last.set(partition, atMs);
  }
  return longest;
}
