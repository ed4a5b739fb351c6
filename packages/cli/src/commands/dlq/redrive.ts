/** Sends dead letters to their topics again, with the bytes and headers that they came with, and the key that they should have had. */
import { partitionFor } from '@weir/event-log/partition';
import type { EventLog } from '@weir/event-log/port';
import { UsageError } from '../../output.ts';
import { type DeadLetter, keyOf, original } from './letter.ts';

const BATCH_RECORDS = 500;
const BATCH_BYTES = 1 << 20;

export interface RedriveReport {
  /** Sent, or to be sent, by topic. */
  readonly sent: Readonly<Record<string, number>>;
  /** Too large to have been kept whole. */
  readonly oversized: number;
  /** When the newest of them was dead-lettered, ms; −Infinity for none. */
  readonly newestMs: number;
}

/** @throws {UsageError} when a topic is gone */
export async function redriveLetters(
  log: EventLog,
  letters: AsyncIterable<DeadLetter>,
  { limit, isDryRun }: { readonly limit: number; readonly isDryRun: boolean },
): Promise<RedriveReport> {
  const sent: Record<string, number> = {};
  const places = new Places(log);
  const producer = await log.producer();
  let oversized = 0;
  let newestMs = Number.NEGATIVE_INFINITY;
  let left = limit;
  let batch: ReturnType<typeof original>[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (batch.length > 0 && !isDryRun) await producer.send(batch);
    batch = [];
    bytes = 0;
  };
  try {
    for await (const letter of letters) {
      if (left === 0) break;
      if (letter.oversized.length > 0) {
        oversized += 1;
        continue;
      }
      left -= 1;
      newestMs = Math.max(newestMs, letter.timestampMs);
      sent[letter.source.topic] = (sent[letter.source.topic] ?? 0) + 1;
      batch.push(original(letter, await places.partitionOf(letter)));
      bytes += letter.value?.length ?? 0;
      if (batch.length >= BATCH_RECORDS || bytes >= BATCH_BYTES) await flush();
    }
    await flush();
  } finally {
    await producer.close();
  }
  return { sent, oversized, newestMs };
}

/** Where records belong: a producer that had another partitioner is why some were dead-lettered. */
class Places {
  readonly #log: EventLog;
  readonly #counts = new Map<string, number>();

  constructor(log: EventLog) {
    this.#log = log;
  }

  async partitionOf(letter: DeadLetter): Promise<number> {
    const { source } = letter;
    const key = keyOf(letter);
    const count = this.#counts.get(source.topic) ?? (await this.#count(source.topic));
    return key === null ? Math.min(source.partition, count - 1) : partitionFor(key, count);
  }

  async #count(topic: string): Promise<number> {
    const admin = await this.#log.admin();
    const count = topic === '' ? undefined : (await admin.partitionCounts([topic])).get(topic);
    await admin.close();
    if (count === undefined)
      throw new UsageError(
        `a letter came from topic ${JSON.stringify(topic)}, which the log does not have; create it, or choose others with --topic`,
      );
    this.#counts.set(topic, count);
    return count;
  }
}
