/** Input with drift in it, the same for every run: three models on two partitions, each shifted for a while and back again. */

import { DRIFT_DEFAULTS, type DriftConfig } from '@weir/drift-detector/config';
import { createDriftProcessor } from '@weir/drift-detector/processor';
import { partitionFor } from '@weir/event-log/partition';
import type { EventLog, LogRecord, NewRecord } from '@weir/event-log/port';
import { topicName } from '@weir/events/topics';
import { topicSpecs } from '@weir/service-kit/runner';
import { predictionOf, referenceSetOf, registrationOf } from '@weir/testkit/events';

export const PARTITIONS = 2;
/** Two of them share a partition. */
export const MODELS: readonly string[] = ['churn', 'fraud', 'price'];
export const CONFIG: DriftConfig = { ...DRIFT_DEFAULTS, countWindows: [30, 60], readingsPerFalseAlarm: 1e6 };
const START_MS = Date.UTC(2026, 0, 1);
/** Of a model's predictions, from one drift to the next: short, so that almost every transaction holds an alert to lose. */
const CYCLE = 300;

export async function createTopics(log: EventLog, prefix: string): Promise<void> {
  const admin = await log.admin();
  await admin.createTopics(topicSpecs(createDriftProcessor(), prefix, PARTITIONS));
  await admin.close();
}

export function introduction(prefix: string): readonly NewRecord[] {
  const values = Array.from({ length: 1_000 }, (_, index) => index / 1_000);
  const counts = values.map(() => 1);
  return MODELS.flatMap((model) => [
    at(prefix, 'models', model, {
      value: registrationOf(['x', 'y'], {
        model,
        eventTimeMs: START_MS,
      }),
    }),
    ...['x', 'y'].map((column) =>
      at(prefix, 'references', model, {
        value: referenceSetOf({
          model,
          column,
          values,
          counts,
          source: 'e2e',
          eventTimeMs: START_MS,
        }),
      }),
    ),
  ]);
}

/** Predictions `from` to `to`, in turn over the models; now and then one that cannot be read. */
export function predictions(prefix: string, from: number, to: number): readonly NewRecord[] {
  return Array.from({ length: to - from }, (_, offset) => {
    const index = from + offset;
    const model = MODELS[index % MODELS.length] as string;
    const eventTimeMs = START_MS + index;
    if (index % 9_973 === 5) return at(prefix, 'predictions', model, { value: Buffer.from(`torn ${index}`) });
    const turn = Math.floor(index / MODELS.length);
    const isShifted = turn % CYCLE > CYCLE / 2;
    const x = (turn * 0.618034) % 1;
    const y = (turn * 0.754878) % 1;
    const value = predictionOf({
      model,
      eventTimeMs,
      numeric: [missingOr(index, isShifted ? 0.7 + 0.3 * x : x), isShifted && model === 'fraud' ? y * y : y],
      id: `p${index}`,
    });
    return at(prefix, 'predictions', model, { value });
  });
}

/** One value in a hundred is missing, now and then infinite. */
function missingOr(index: number, value: number): number {
  if (index % 101 === 3) return Number.NaN;
  return index % 1_009 === 8 ? Number.POSITIVE_INFINITY : value;
}

/** Without a timestamp: retention would take records of last January away while they are being read. */
function at(prefix: string, topic: string, key: string, { value }: { readonly value: Buffer }): NewRecord {
  return {
    topic: topicName(prefix, topic),
    partition: partitionFor(key, PARTITIONS),
    key: Buffer.from(key),
    value,
  };
}

/** Every committed record of a topic's partition as text that two runs share: no offsets, no broker times. */
export async function outputsOf(log: EventLog, topic: string, partition: number): Promise<readonly string[]> {
  const reader = await log.reader();
  const stream = await reader.open({ topic, partition }, 'earliest');
  const found: string[] = [];
  for (let batch = await stream.next(2_000); batch !== undefined || stream.lag !== 0n; batch = await stream.next(500))
    found.push(...(batch?.records ?? []).map(shown));
  await reader.close();
  return found;
}

function shown({ key, value, headers }: LogRecord): string {
  const text = (bytes: Uint8Array | null): string => (bytes === null ? '-' : Buffer.from(bytes).toString('base64'));
  const told = headers.filter(([name]) => name !== '__streams.errors.offset' && name !== '__streams.errors.topic');
  return [text(key), text(value), ...told.map(([name, content]) => `${name}=${text(content)}`)].join(' ');
}
