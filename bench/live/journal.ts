/** What the journals of a running service tell of it. */
import { decode } from '@weir/events/codec';
import { topicName } from '@weir/events/topics';
import type { Place } from './load.ts';

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

export async function watchJournal({ log, prefix, partitions }: Place): Promise<JournalWatch> {
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
  const following = Array.from({ length: partitions }, (_, partition) => follow(partition));
  return {
    commits,
    stop: async () => {
      stopping = true;
      await Promise.all(following);
      await reader.close();
    },
  };
}

/** Per partition the longest time without a commit that ended at or after `fromMs`, or had not ended by `untilMs`, ms. */
export function longestGaps(commits: readonly Commit[], fromMs: number, untilMs: number): readonly number[] {
  const last = new Map<number, number>();
  const longest = new Map<number, number>();
  for (const { partition, atMs } of commits) {
    const gap = atMs - (last.get(partition) ?? atMs);
    if (atMs >= fromMs) longest.set(partition, Math.max(longest.get(partition) ?? 0, gap));
    last.set(partition, atMs);
  }
  // A partition that does not come back must not be left out.
  return [...last].map(([partition, atMs]) => Math.max(longest.get(partition) ?? 0, untilMs - atMs));
}
