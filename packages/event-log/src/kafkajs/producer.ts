/**
 * kafkajs's producer behind the port. What it gets wrong is kept away from it: the partition is always set (it would choose a new one on
 * every retry), batches are cut below the broker's limit, headers keep their order, and it is replaced before its sequence numbers wrap.
 */
import type {
  Kafka,
  Producer as KafkaProducer,
  Transaction as KafkaTransaction,
  Message,
  RecordMetadata,
} from 'kafkajs';
import { LogError } from '../errors.ts';
import type { Ack, Headers, NewRecord, Producer, Transaction } from '../port.ts';
import { logErrorOf } from './errors.ts';

/** kafkajs makes one batch of all records of a partition; brokers take 1,048,588 bytes by default. */
const BATCH_BYTES = 900_000;
const RECORD_OVERHEAD_BYTES = 30;
/** kafkajs wraps sequence numbers to the wrong value at 2³¹ − 1. */
const MAX_SEQUENCE = 2 ** 31 - 2 ** 24;
/** CONCURRENT_TRANSACTIONS is a normal answer to transactions back to back; kafkajs's own back-off would cap them at three a second. */
const RETRY = { initialRetryTime: 20, retries: 50, factor: 0.2, maxRetryTime: 500 };
const CLOSE_MS = 2_000;
const LOST_SEQUENCE: readonly string[] = ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID'];

export interface ProducerOptions {
  readonly fenceId: string | undefined;
  readonly transactionTimeoutMs: number;
  /** Records after which kafkajs's producer is replaced; a seam for tests. */
  readonly maxSequence?: number;
  /** Rejects with POISON when a topic does not exist. */
  readonly checkTopics: (topics: readonly string[]) => Promise<void>;
}

export async function createProducer(kafka: Kafka, options: ProducerOptions): Promise<Producer> {
  const producer = new PortProducer(kafka, options);
  await producer.connect();
  return producer;
}

class PortProducer implements Producer {
  readonly #kafka: Kafka;
  readonly #options: ProducerOptions;
  #producer!: KafkaProducer;
  /** Begun when the producer was made: that is what fences. */
  #begun: KafkaTransaction | undefined;
  #sequence = 0;
  #closed = false;
  #sending: Promise<unknown> = Promise.resolve();

  constructor(kafka: Kafka, options: ProducerOptions) {
    this.#kafka = kafka;
    this.#options = options;
  }

  async connect(): Promise<void> {
    const { fenceId, transactionTimeoutMs } = this.#options;
    this.#producer = this.#kafka.producer({
      allowAutoTopicCreation: false,
      idempotent: true,
      maxInFlightRequests: 1,
      retry: RETRY,
      ...(fenceId === undefined ? {} : { transactionalId: fenceId, transactionTimeout: transactionTimeoutMs }),
    });
    this.#sequence = 0;
    const attempted = fenceId === undefined ? 'connecting a producer' : `taking ${fenceId} over`;
    try {
      await this.#producer.connect();
      // InitProducerId is sent with the first transaction: it fences the older producer and settles its open transaction before it returns.
      if (fenceId !== undefined) this.#begun = await this.#producer.transaction();
    } catch (error) {
      await this.#disconnect();
      throw logErrorOf(error, attempted);
    }
  }

  send(records: readonly NewRecord[]): Promise<readonly Ack[]> {
    // One send at a time: kafkajs would interleave the retries of two.
    const sent = this.#sending.then(() => this.#send(records));
    this.#sending = sent.catch(() => {});
    return sent;
  }

  async #send(records: readonly NewRecord[]): Promise<readonly Ack[]> {
    this.#open();
    await this.#rotate(records.length);
    await this.#options.checkTopics([...new Set(records.map(({ topic }) => topic))]);
    const acks = new Acks();
    try {
      for (const part of parts(records)) {
        const { fenceId } = this.#options;
        if (fenceId === undefined) acks.add(part, await this.#producer.sendBatch(batchOf(part)));
        else {
          // A transactional producer has no other way to write.
          const transaction = this.#begun ?? (await this.#producer.transaction());
          this.#begun = undefined;
          const metadata = await transaction.sendBatch(batchOf(part));
          await transaction.commit();
          acks.add(part, metadata);
        }
        this.#sequence += part.length;
      }
    } catch (error) {
      const failure = logErrorOf(error, `writing ${records.length} records`);
      if (LOST_SEQUENCE.some((type) => failure.message.includes(type))) await this.#replace();
      throw failure;
    }
    return acks.all();
  }

  async begin(): Promise<Transaction> {
    this.#open();
    const { fenceId, checkTopics } = this.#options;
    if (fenceId === undefined) throw new LogError('FATAL', 'transactions need a producer created with a fenceId');
    await this.#rotate(0);
    let transaction: KafkaTransaction;
    try {
      transaction = this.#begun ?? (await this.#producer.transaction());
      this.#begun = undefined;
    } catch (error) {
      throw logErrorOf(error, `beginning a transaction of ${fenceId}`);
    }
    const acks = new Acks();
    return {
      send: async (records) => {
        await checkTopics([...new Set(records.map(({ topic }) => topic))]);
        try {
          for (const part of parts(records)) {
            acks.add(part, await transaction.sendBatch(batchOf(part)));
            this.#sequence += part.length;
          }
        } catch (error) {
          throw logErrorOf(error, `writing ${records.length} records in a transaction of ${fenceId}`);
        }
      },
      commit: async () => {
        try {
          await transaction.commit();
        } catch (error) {
          throw logErrorOf(error, `committing a transaction of ${fenceId}`);
        }
        return acks.all();
      },
      abort: async () => {
        try {
          await transaction.abort();
        } catch (error) {
          throw logErrorOf(error, `aborting a transaction of ${fenceId}`);
        }
      },
    };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await within(CLOSE_MS, this.#sending);
    await this.#disconnect();
  }

  /** kafkajs waits for answers that a dead connection will never give. */
  async #disconnect(): Promise<void> {
    await within(
      CLOSE_MS,
      this.#producer.disconnect().catch(() => {}),
    );
  }

  #open(): void {
    if (this.#closed) throw new LogError('CLOSED', 'this producer was closed; create another');
  }

  async #rotate(more: number): Promise<void> {
    if (this.#sequence + more >= (this.#options.maxSequence ?? MAX_SEQUENCE)) await this.#replace();
  }

  async #replace(): Promise<void> {
    await this.#disconnect();
    await this.connect();
  }
}

/** Resolves with `work`, or after `ms` without it. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([
    work,
    new Promise((resolve) => {
      timer = setTimeout(resolve, ms);
    }),
  ]);
  clearTimeout(timer);
}

/** Where the records of several sends went, per partition. */
class Acks {
  readonly #acks = new Map<string, { -readonly [Key in keyof Ack]: Ack[Key] }>();

  add(records: readonly NewRecord[], metadata: readonly RecordMetadata[]): void {
    const counts = new Map<string, number>();
    for (const { topic, partition } of records) {
      const place = `${topic}/${partition}`;
      counts.set(place, (counts.get(place) ?? 0) + 1);
    }
    for (const { topicName, partition, baseOffset } of metadata) {
      const place = `${topicName}/${partition}`;
      const count = counts.get(place) ?? 0;
      const known = this.#acks.get(place);
      if (known !== undefined) known.count += count;
      else this.#acks.set(place, { topic: topicName, partition, baseOffset: BigInt(baseOffset ?? -1), count });
    }
  }

  all(): readonly Ack[] {
    return [...this.#acks.values()];
  }
}

function batchOf(records: readonly NewRecord[]): { acks: -1; topicMessages: { topic: string; messages: Message[] }[] } {
  const topics = new Map<string, Message[]>();
  for (const record of records) {
    let messages = topics.get(record.topic);
    if (messages === undefined) {
      messages = [];
      topics.set(record.topic, messages);
    }
    messages.push({
      partition: record.partition,
      key: record.key === null ? null : bufferOf(record.key),
      value: record.value === null ? null : bufferOf(record.value),
      timestamp: String(record.timestampMs ?? Date.now()),
      ...(record.headers === undefined || record.headers.length === 0
        ? {}
        : { headers: orderedHeaders(record.headers) }),
    });
  }
  return { acks: -1, topicMessages: [...topics].map(([topic, messages]) => ({ topic, messages })) };
}

/** kafkajs takes headers as an object and asks an array among its values to map itself: ours answers with all headers, in order. */
function orderedHeaders(headers: Headers): NonNullable<Message['headers']> {
  const list = headers.map(([key, value]) => ({ key, value: bufferOf(value) }));
  return { all: Object.assign([], { map: () => list }) };
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Cuts a send so that no partition's batch passes the broker's limit; a record above it goes alone and is refused by name. */
function* parts(records: readonly NewRecord[]): Generator<readonly NewRecord[]> {
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
