/** Records of the port as kafkajs's requests, and its answers as acks. */
import type { Message } from 'kafkajs';
import type { Ack, Headers, NewRecord } from '../port.ts';

/** kafkajs makes one batch of all records of a partition; brokers take 1,048,588 bytes by default. */
const BATCH_BYTES = 900_000;
const RECORD_OVERHEAD_BYTES = 30;

/** Where the records of several sends went, per partition. */
export class Acks {
  readonly #acks = new Map<string, { -readonly [Key in keyof Ack]: Ack[Key] }>();

  add(batch: readonly NewRecord[], baseOffset: bigint): void {
    const { topic, partition } = batch[0] as NewRecord;
    const place = `${topic}/${partition}`;
    const known = this.#acks.get(place);
    if (known !== undefined) known.count += batch.length;
    else this.#acks.set(place, { topic, partition, baseOffset, count: batch.length });
  }

  all(): readonly Ack[] {
    return [...this.#acks.values()];
  }
}

export function byPartition(records: readonly NewRecord[]): readonly (readonly NewRecord[])[] {
  return [...Map.groupBy(records, ({ topic, partition }) => `${topic}/${partition}`).values()];
}

/** The request of a batch, all of one partition. */
export function requestOf(batch: readonly NewRecord[]): {
  acks: -1;
  topicMessages: { topic: string; messages: Message[] }[];
} {
  const messages = batch.map(
    ({ partition, key, value, timestampMs, headers }): Message => ({
      partition,
      key: key === null ? null : bufferOf(key),
      value: value === null ? null : bufferOf(value),
      timestamp: String(timestampMs ?? Date.now()),
      ...(headers === undefined || headers.length === 0 ? {} : { headers: orderedHeaders(headers) }),
    }),
  );
  return { acks: -1, topicMessages: [{ topic: (batch[0] as NewRecord).topic, messages }] };
}

/** kafkajs takes headers as an object and asks an array among its values to map itself: this one answers with all headers, in order. */
function orderedHeaders(headers: Headers): NonNullable<Message['headers']> {
  const list = headers.map(([key, value]) => ({ key, value: bufferOf(value) }));
  return { all: Object.assign([], { map: () => list }) };
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Cuts the records of a partition so that no batch passes the broker's limit; a record above it goes alone and is refused by name. */
export function* batches(records: readonly NewRecord[]): Generator<readonly NewRecord[]> {
  let start = 0;
  let bytes = 0;
  for (const [at, record] of records.entries()) {
    let size = RECORD_OVERHEAD_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0);
    for (const [name, value] of record.headers ?? []) size += name.length + value.length + 10;
    if (at > start && bytes + size > BATCH_BYTES) {
      yield records.slice(start, at);
      start = at;
      bytes = 0;
    }
    bytes += size;
  }
  if (start < records.length) yield start === 0 ? records : records.slice(start);
}
