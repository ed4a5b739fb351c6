/** Dead letters as they lie in `<service>.dlq`. */
import type { EventLog, Headers, LogRecord, NewRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import { EventError } from '@weir/events/errors';
import { deadLetterTopic, topicName } from '@weir/events/topics';
import { UsageError } from '../../output.ts';
import { SERVICE_NAMES } from '../../service-names.ts';

/** What the kit adds to the headers of the original (KIP-1034), and says of what did not fit. */
const ERRORS = '__streams.errors.';
const OVERSIZED = 'weir.oversized';

export interface DeadLetter {
  readonly service: string;
  /** Where it lies: `<partition>:<offset>` of the dead-letter topic. */
  readonly partition: number;
  readonly offset: bigint;
  /** When it was dead-lettered, ms since 1970. */
  readonly timestampMs: number;
  /** Topic with prefix, partition and offset of the original. */
  readonly source: { readonly topic: string; readonly partition: number; readonly offset: string };
  readonly reason: string;
  readonly message: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** Of the original. */
  readonly headers: Headers;
  /** Which parts of the original did not fit, so that it cannot be sent again. */
  readonly oversized: readonly string[];
}

/** Letters of services, by partition in the order of their offsets; those that come meanwhile are left out. */
export async function* readLetters(
  log: EventLog,
  prefix: string,
  services: readonly string[],
): AsyncGenerator<DeadLetter> {
  const counts = await dlqPartitions(log, prefix, services);
  const reader = await log.reader();
  const admin = await log.admin();
  try {
    for (const [service, partitions] of counts) {
      const topic = dlqTopic(prefix, service);
      for (let partition = 0; partition < partitions; partition += 1) {
        const { earliest, end } = await admin.offsets({ topic, partition });
        if (earliest === end) continue;
        const stream = await reader.open({ topic, partition }, 'earliest');
        for (let next = earliest; next < end; ) {
          const batch = await stream.next(1_000);
          if (batch === undefined) {
            if (stream.lag === 0n) break;
            continue;
          }
          for (const record of batch.records) if (record.offset < end) yield letterOf(service, partition, record);
          next = batch.nextOffset;
        }
        stream.close();
      }
    }
  } finally {
    await admin.close();
    await reader.close();
  }
}

/** @throws {UsageError} when none of the services has a dead-letter topic */
async function dlqPartitions(
  log: EventLog,
  prefix: string,
  services: readonly string[],
): Promise<readonly (readonly [service: string, partitions: number])[]> {
  const admin = await log.admin();
  const counts = await admin.partitionCounts(services.map((service) => dlqTopic(prefix, service)));
  await admin.close();
  const found = services.flatMap((service) => {
    const partitions = counts.get(dlqTopic(prefix, service));
    return partitions === undefined ? [] : [[service, partitions] as const];
  });
  if (found.length === 0)
    throw new UsageError(
      `the log has no topic ${services.map((service) => dlqTopic(prefix, service)).join(', ')}: no such service ran on it; --prefix names another prefix than ${prefix}`,
    );
  return found;
}

/** @throws {UsageError} when it is none of Weir's */
export function servicesOf(service: string | undefined): readonly string[] {
  if (service === undefined) return SERVICE_NAMES;
  if (!SERVICE_NAMES.includes(service))
    throw new UsageError(`--service is ${JSON.stringify(service)}; it can be ${SERVICE_NAMES.join(', ')}`);
  return [service];
}

export function dlqTopic(prefix: string, service: string): string {
  return topicName(prefix, deadLetterTopic(service).name);
}

/** The original once more. `partition` is where its key belongs now. */
export function original(letter: DeadLetter, partition: number): NewRecord {
  const { source, value, headers } = letter;
  return { topic: source.topic, partition, key: keyOf(letter), value, headers };
}

/** Its own. Of a record without a key, or with the key of another, that was refused for where it lay, the model of its event. */
export function keyOf({ reason, key, value }: DeadLetter): Uint8Array | null {
  if (reason !== 'WRONG_PARTITION' || value === null) return key;
  try {
    const { model } = decode(value).event as { readonly model?: unknown };
    return typeof model === 'string' ? Buffer.from(model) : key;
  } catch (error) {
    if (error instanceof EventError) return key;
    throw error;
  }
}

function letterOf(service: string, partition: number, record: LogRecord): DeadLetter {
  const text = (name: string): string => {
    const found = record.headers.findLast(([each]) => each === name)?.[1];
    return found === undefined ? '' : Buffer.from(found).toString();
  };
  const isOwn = ([name]: Headers[number]): boolean => !name.startsWith(ERRORS) && !name.startsWith(OVERSIZED);
  return {
    service,
    partition,
    offset: record.offset,
    timestampMs: record.timestampMs,
    source: {
      topic: text(`${ERRORS}topic`),
      partition: Number(text(`${ERRORS}partition`) || partition),
      offset: text(`${ERRORS}offset`),
    },
    reason: text(`${ERRORS}exception`),
    message: text(`${ERRORS}message`),
    // Views into a batch: what is kept is copied.
    key: record.key === null ? null : Buffer.from(record.key),
    value: record.value === null ? null : Buffer.from(record.value),
    headers: record.headers.filter(isOwn).map(([name, value]) => [name, Buffer.from(value)] as const),
    oversized: record.headers.flatMap(([name, value]) =>
      name.startsWith(OVERSIZED) ? `${name.slice('weir.'.length)}: ${Buffer.from(value).toString()}` : [],
    ),
  };
}
