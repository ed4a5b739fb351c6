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
export const CONFIG: DriftConfig = {
  ...DRIFT_DEFAULTS,
  countWindows: [30, 60],
  timeWindows: [{ name: '2s', spanMs: 2_000 }],
  allowedLatenessMs: 200,
  // Windows close by events alone: when the clock ticks is another matter in each run.
  idleAfterMs: 30 * 86_400_000,
  readingsPerFalseAlarm: 1e6,
};
const START_MS = Date.UTC(2026, 0, 1);
/** Of a model's predictions, from one drift to the next: short, so that almost every transaction holds an alert to lose. */
const CYCLE = 300;
/** Behind its neighbours, where the window of time has moved on. */
const LATE_MS = 4_000;
const FUTURE_MS = Date.UTC(2199, 0, 1);

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

/** Predictions `from` to `to`, in turn over the models, one in a hundred late; now and then one that must be refused. */
export function predictions(prefix: string, from: number, to: number): readonly NewRecord[] {
  return Array.from({ length: to - from }, (_, offset) => {
    const index = from + offset;
    const model = MODELS[index % MODELS.length] as string;
    const turn = Math.floor(index / MODELS.length);
    const isShifted = turn % CYCLE > CYCLE / 2;
    const x = (turn * 0.618034) % 1;
    const y = (turn * 0.754878) % 1;
    const good = {
      model,
      eventTimeMs: START_MS + index - (index % 103 === 7 ? LATE_MS : 0),
      numeric: [missingOr(index, isShifted ? 0.7 + 0.3 * x : x), isShifted && model === 'fraud' ? y * y : y],
      id: `p${index}`,
    };
    const value = badOr(index, good);
    return at(prefix, 'predictions', model, { value });
  });
}

/** A few in a thousand are bad, each kind in all partitions. */
function badOr(index: number, good: Parameters<typeof predictionOf>[0]): Buffer {
  const [kind, key] = [index % 997, good.model];
  if (kind === 5) return Buffer.from(`torn ${index}`);
  if (kind === 205) return predictionOf(good).subarray(0, -1 - (index % 11));
  if (kind === 405) return Buffer.concat([Buffer.from([0, 0, 0, 9, 9]), Buffer.from(good.id)]);
  if (kind === 505) return predictionOf({ ...good, numeric: [...good.numeric, 1] });
  // Lies with the others of its key, and its model does not exist.
  if (kind === 605) return predictionOf({ ...good, model: 'unknown', id: `${good.id} of ${key}` });
  if (kind === 805) return predictionOf({ ...good, eventTimeMs: FUTURE_MS });
  return predictionOf(good);
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

/** Every committed record of a topic's partition as text that two runs share. */
export async function outputsOf(log: EventLog, topic: string, partition: number): Promise<readonly string[]> {
  const reader = await log.reader();
  const stream = await reader.open({ topic, partition }, 'earliest');
  const found: string[] = [];
  for (let batch = await stream.next(2_000); batch !== undefined || stream.lag !== 0n; batch = await stream.next(500))
    found.push(...(batch?.records ?? []).map(shown));
  await reader.close();
  return found;
}

type Content = Pick<LogRecord, 'key' | 'value' | 'headers'>;

/** No offsets and no broker's times; not the clock of a run, which dead letters of future events name. */
export function shown({ key, value, headers }: Content): string {
  const text = (bytes: Uint8Array | null): string => (bytes === null ? '-' : Buffer.from(bytes).toString('base64'));
  const told = headers.filter(([name]) => name !== '__streams.errors.offset' && name !== '__streams.errors.topic');
  const plain = (bytes: Uint8Array | null): string =>
    Buffer.from(bytes ?? [])
      .toString()
      .replace(/ahead of the clock \([^)]*\)/, 'ahead of the clock');
  return [text(key), text(value), ...told.map(([name, content]) => `${name}=${plain(content)}`)].join(' ');
}
