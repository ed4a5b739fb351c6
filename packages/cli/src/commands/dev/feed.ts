/** The flights as a stream into the log: as fast as the services follow, or paced by the flights' own time. */
import { partitionFor } from '@weir/event-log/partition';
import type { EventLog, TopicPartition } from '@weir/event-log/port';
import { topicName } from '@weir/events/topics';
import { UsageError } from '../../output.ts';

/** Records that may wait between the flights and the services. */
const MAX_LAG = 20_000;
/** A paced replay is never further behind its schedule than this, ms. */
const PACE_MS = 20;

export interface FeedOptions {
  readonly prefix: string;
  readonly partitions: number;
  /** Logical topics that a service reads; events of others are not sent, since their topics may not exist. */
  readonly topics: ReadonlySet<string>;
  /** Flights' time per wall time; undefined: as fast as the services follow; 0: none are sent. */
  readonly speed: number | undefined;
  readonly inject: readonly string[];
  readonly signal: AbortSignal;
  readonly lagRecords: () => number;
  /** The offset up to which every service that reads the place has committed; undefined before one has restored. */
  readonly committed: (place: TopicPartition) => bigint | undefined;
  readonly sent: (events: number, eventTimeMs: number) => void;
}

/** Resolves when everything was sent and processed, or on the signal. @throws {UsageError} for a fault that is none. */
export async function feed(log: EventLog, options: FeedOptions): Promise<void> {
  const { prefix, partitions, topics, speed, signal, lagRecords } = options;
  const { replay, faults } = await flights(options.inject);
  if (speed === 0) {
    await untilProcessed(log, options);
    return;
  }
  const producer = await log.producer();
  try {
    let pace: Pace | undefined;
    for await (const all of replay(faults)) {
      const events = all.filter(({ topic }) => topics.has(topic));
      for (let from = 0; from < events.length; ) {
        if (signal.aborted) return;
        const due = pace?.due(events, from) ?? events.length;
        if (due === from) {
          await pause(PACE_MS);
          continue;
        }
        const batch = events.slice(from, due);
        await producer.send(
          batch.map(({ topic, key, value }) => ({
            topic: topicName(prefix, topic),
            partition: partitionFor(key, partitions),
            key: Buffer.from(key),
            value,
          })),
        );
        from = due;
        options.sent(batch.length, batch.at(-1)?.eventTimeMs ?? 0);
        do await new Promise(setImmediate);
        while (lagRecords() > MAX_LAG && !signal.aborted);
      }
      // Registrations are sent at once; from then on the flights' time runs.
      if (speed !== undefined) pace ??= new Pace(events.at(-1)?.eventTimeMs ?? 0, speed);
    }
    while (lagRecords() > 0 && !signal.aborted) await pause(PACE_MS);
  } finally {
    await producer.close();
  }
}

/** What others have sent, by now, to the topics that no service writes. */
const DATA = ['predictions', 'features', 'outcomes'];

/** Resolves when what the log holds was processed, or on the signal. */
async function untilProcessed(log: EventLog, options: FeedOptions): Promise<void> {
  const { prefix, partitions, topics, signal, committed } = options;
  const admin = await log.admin();
  try {
    for (const topic of DATA.filter((each) => topics.has(each)))
      for (let partition = 0; partition < partitions; partition += 1) {
        const place = { topic: topicName(prefix, topic), partition };
        const { earliest, end } = await admin.offsets(place);
        while (end > earliest && (committed(place) ?? -1n) < end && !signal.aborted) await pause(PACE_MS);
      }
  } finally {
    await admin.close();
  }
}

/** Event time against wall time. */
class Pace {
  readonly #startMs = performance.now();
  readonly #eventStartMs: number;
  readonly #speed: number;

  constructor(eventStartMs: number, speed: number) {
    this.#eventStartMs = eventStartMs;
    this.#speed = speed;
  }

  /** Index after the last event from `from` on that is due by now. */
  due(events: readonly { readonly eventTimeMs: number }[], from: number): number {
    const nowMs = this.#eventStartMs + (performance.now() - this.#startMs) * this.#speed;
    let at = from;
    while (at < events.length && (events[at]?.eventTimeMs ?? 0) <= nowMs) at += 1;
    return at;
  }
}

async function flights(inject: readonly string[]) {
  const load = async () => ({ ...(await import('@weir/flights/replay')), ...(await import('@weir/flights/inject')) });
  const { replay, parseFault } = await load().catch((error: unknown) => {
    throw new UsageError(
      `weir dev needs the workspace package @weir/flights, which production installs leave out: ${String(error)}`,
    );
  });
  try {
    return { replay, faults: inject.map(parseFault) };
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(`--inject ${error.message}`) : error;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
