/**
 * kafkajs's producer behind the port. What it gets wrong is kept away from it: the partition is always set (it would choose a new one on
 * every retry), batches are cut below the broker's limit, headers keep their order, and it is replaced before its sequence numbers wrap
 * and after every failure.
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
const RETRY = { initialRetryTime: 4, retries: 50, factor: 0.2, maxRetryTime: 500 };
const CLOSE_MS = 2_000;

export interface ProducerOptions {
  readonly fenceId: string | undefined;
  readonly transactionTimeoutMs: number;
  /** Records after which kafkajs's producer is replaced; a seam for tests. */
  readonly maxSequence?: number;
  /** Rejects with POISON when a topic or partition does not exist. */
  readonly check: (records: readonly NewRecord[]) => Promise<void>;
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
  /** Where the next record of a partition can be at the earliest. */
  readonly #ends = new Map<string, bigint>();
  /** After it kafkajs's producer must not write again: see `#ready`. */
  #failure: LogError | undefined;
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
    this.#ends.clear();
    this.#begun = undefined;
    const attempted = fenceId === undefined ? 'connecting a producer' : `taking ${fenceId} over`;
    try {
      await this.#producer.connect();
      // InitProducerId is sent with the first transaction: it fences the older producer and settles its open transaction before it returns.
      if (fenceId !== undefined) this.#begun = await this.#producer.transaction();
      this.#failure = undefined;
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
    await this.#ready(records.length);
    await this.#options.check(records);
    const acks = new Acks();
    // A transactional producer has no other way to write.
    const transaction = this.#options.fenceId === undefined ? undefined : await this.#transaction();
    try {
      await this.#write(transaction ?? this.#producer, records, acks);
      await transaction?.commit();
    } catch (error) {
      const failure = this.#failed(error, `writing ${records.length} records`);
      await transaction?.abort().catch(() => {});
      throw failure;
    }
    return acks.all();
  }

  /**
   * Each partition in requests of its own: when kafkajs tries a request again that went to several brokers, records of a partition whose
   * leader has moved, or whose broker has answered meanwhile, are written twice or not at all.
   */
  async #write(to: KafkaProducer | KafkaTransaction, records: readonly NewRecord[], acks: Acks): Promise<void> {
    const written = await Promise.allSettled(
      byPartition(records).map(async (ofOne) => {
        for (const batch of batches(ofOne)) {
          const [metadata] = await to.sendBatch(requestOf(batch));
          acks.add(batch, this.#placeOf(batch, metadata));
          this.#sequence += batch.length;
        }
      }),
    );
    const errors = written.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    if (errors.length > 0) throw errors[0];
  }

  /** A broker that takes new records for a repetition acknowledges them, drops them, and says where the old ones are. */
  #placeOf(batch: readonly NewRecord[], metadata: RecordMetadata | undefined): bigint {
    const { topic, partition } = batch[0] as NewRecord;
    const place = `${topic}[${partition}]`;
    if (metadata?.baseOffset === undefined) throw new Error(`${place} was not acknowledged`);
    const at = BigInt(metadata.baseOffset);
    if (at < (this.#ends.get(place) ?? 0n))
      throw new Error(`${place} has other records at ${at}, where these should be`);
    this.#ends.set(place, at + BigInt(batch.length));
    return at;
  }

  async begin(): Promise<Transaction> {
    this.#open();
    const { fenceId, check } = this.#options;
    if (fenceId === undefined) throw new LogError('FATAL', 'transactions need a producer created with a fenceId');
    await this.#ready(0);
    const transaction = await this.#transaction();
    const acks = new Acks();
    return {
      send: async (records) => {
        await check(records);
        try {
          await this.#write(transaction, records, acks);
        } catch (error) {
          throw this.#failed(error, `writing ${records.length} records in a transaction of ${fenceId}`);
        }
      },
      commit: async () => {
        try {
          await transaction.commit();
        } catch (error) {
          throw this.#failed(error, `committing a transaction of ${fenceId}`);
        }
        return acks.all();
      },
      abort: async () => {
        try {
          await transaction.abort();
        } catch (error) {
          throw this.#failed(error, `aborting a transaction of ${fenceId}`);
        }
      },
    };
  }

  async #transaction(): Promise<KafkaTransaction> {
    const begun = this.#begun;
    this.#begun = undefined;
    try {
      return begun ?? (await this.#producer.transaction());
    } catch (error) {
      throw this.#failed(error, `beginning a transaction of ${this.#options.fenceId}`);
    }
  }

  #failed(error: unknown, attempted: string): LogError {
    this.#failure = logErrorOf(error, attempted);
    return this.#failure;
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

  /**
   * After a failure records may have been written that kafkajs does not count: it would give their sequence numbers to the next ones, and
   * the broker would take those for a repetition and drop them. Another producer has numbers of its own. That of a fence id would also
   * fence whoever has taken over since, so its owner must create it, and read on from where that one was.
   */
  async #ready(more: number): Promise<void> {
    const isUsedUp = this.#sequence + more >= (this.#options.maxSequence ?? MAX_SEQUENCE);
    if (!isUsedUp && this.#failure === undefined) return;
    const { fenceId } = this.#options;
    if (fenceId === undefined) {
      await this.#disconnect();
      return this.connect();
    }
    if (this.#failure?.code === 'FENCED') throw this.#failure;
    const why = this.#failure === undefined ? 'has used up its sequence numbers' : 'has failed';
    throw new LogError('RETRIABLE', `this producer of ${fenceId} ${why}; create another`, { cause: this.#failure });
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

function byPartition(records: readonly NewRecord[]): readonly (readonly NewRecord[])[] {
  return [...Map.groupBy(records, ({ topic, partition }) => `${topic}/${partition}`).values()];
}

/** The request of a batch, all of one partition. */
function requestOf(batch: readonly NewRecord[]): { acks: -1; topicMessages: { topic: string; messages: Message[] }[] } {
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

/** kafkajs takes headers as an object and asks an array among its values to map itself: ours answers with all headers, in order. */
function orderedHeaders(headers: Headers): NonNullable<Message['headers']> {
  const list = headers.map(([key, value]) => ({ key, value: bufferOf(value) }));
  return { all: Object.assign([], { map: () => list }) };
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Cuts the records of a partition so that no batch passes the broker's limit; a record above it goes alone and is refused by name. */
function* batches(records: readonly NewRecord[]): Generator<readonly NewRecord[]> {
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
