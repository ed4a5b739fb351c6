/** Events of a file into the topics of a log, in batches, no faster than asked. */
import { setTimeout as sleep } from 'node:timers/promises';
import { partitionFor } from '@weir/event-log/partition';
import type { EventLog, NewRecord } from '@weir/event-log/port';
import { topicName } from '@weir/events/topics';
import { partitionsOf, type TopicPlace } from '../../control/log-topics.ts';
import type { EventRow } from './event-rows.ts';

const BATCH_ROWS = 500;
const BATCH_BYTES = 1 << 20;
/** With a rate, batches are so short that it holds over a tenth of a second. */
const BATCHES_PER_S = 10;

export interface DeliveryOptions extends TopicPlace {
  readonly model: string;
  readonly withOutcomes: boolean;
  /** Rows a second; undefined: as fast as the log takes them. */
  readonly rate: number | undefined;
  /** After each batch is durable. @param row the last one of it */
  readonly delivered: (row: number) => void;
}

export interface Delivered {
  readonly predictions: number;
  readonly outcomes: number;
  /** Where they lie: one partition of the topic, that of the model. */
  readonly partition: number;
  /** The first offset and the last. */
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
}

/** @throws {LogError} of the batch in hand: rows that were told of are durable, and of that batch some may be */
export async function deliver(
  log: EventLog,
  rows: AsyncIterable<EventRow>,
  options: DeliveryOptions,
): Promise<Delivered> {
  const { model, rate, withOutcomes } = options;
  const place = async (topic: string): Promise<{ readonly topic: string; readonly partition: number }> => ({
    topic: topicName(options.topicPrefix, topic),
    partition: partitionFor(model, await partitionsOf(log, topic, options)),
  });
  const predictions = await place('predictions');
  const outcomes = withOutcomes ? await place('outcomes') : undefined;
  const key = Buffer.from(model);
  const most = rate === undefined ? BATCH_ROWS : Math.max(1, Math.min(BATCH_ROWS, Math.floor(rate / BATCHES_PER_S)));
  const startedMs = performance.now();
  const sent = {
    predictions: 0,
    outcomes: 0,
    from: undefined as bigint | undefined,
    to: undefined as bigint | undefined,
  };
  const producer = await log.producer();
  const flush = async (batch: readonly EventRow[]): Promise<void> => {
    const last = batch.at(-1);
    if (last === undefined) return;
    if (rate !== undefined) await sleep(Math.max(0, startedMs + (sent.predictions / rate) * 1_000 - performance.now()));
    const records = batch.map(({ prediction }): NewRecord => ({ ...predictions, key, value: prediction }));
    const [ack] = await producer.send(records);
    sent.predictions += batch.length;
    sent.from ??= ack?.baseOffset;
    if (ack !== undefined) sent.to = ack.baseOffset + BigInt(ack.count - 1);
    // After their predictions, which they refer to.
    const known =
      outcomes === undefined
        ? []
        : batch.flatMap(({ outcome }) => (outcome === undefined ? [] : [{ ...outcomes, key, value: outcome }]));
    if (known.length > 0) await producer.send(known);
    sent.outcomes += known.length;
    options.delivered(last.row);
  };
  try {
    let batch: EventRow[] = [];
    let bytes = 0;
    for await (const row of rows) {
      batch.push(row);
      bytes += row.prediction.length + (row.outcome?.length ?? 0);
      if (batch.length < most && bytes < BATCH_BYTES) continue;
      await flush(batch);
      batch = [];
      bytes = 0;
    }
    await flush(batch);
  } finally {
    await producer.close();
  }
  return { ...sent, partition: predictions.partition };
}
