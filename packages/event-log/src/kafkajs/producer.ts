/**
 * kafkajs's producer behind the port. What it gets wrong is kept away from it: the partition is always set (it would choose a new one on
 * every retry), batches are cut below the broker's limit, headers keep their order, and it is replaced before its sequence numbers wrap
 * and after every failure.
 */
import type { Kafka, Producer as KafkaProducer, Transaction as KafkaTransaction, RecordMetadata } from 'kafkajs';
import { LogError } from '../errors.ts';
import type { Ack, NewRecord, Producer, Transaction } from '../port.ts';
import type { Failures } from './errors.ts';
import { Acks, batches, byPartition, requestOf } from './produce-request.ts';
import { type OwnerOptions, RETRY, TransactionOwner } from './transaction-owner.ts';

/** kafkajs wraps sequence numbers to the wrong value at 2³¹ − 1. */
const MAX_SEQUENCE = 2 ** 31 - 2 ** 24;
const CLOSE_MS = 2_000;

export interface ProducerSettings {
  /** Of a producer that has transactions. */
  readonly owner?: OwnerOptions;
  /** Records after which kafkajs's producer is replaced; a seam for tests. */
  readonly maxSequence?: number;
  readonly failures: Failures;
  /** Rejects with POISON when a topic or partition does not exist. */
  readonly check: (records: readonly NewRecord[]) => Promise<void>;
}

export async function createProducer(kafka: Kafka, settings: ProducerSettings): Promise<Producer> {
  const producer = new PortProducer(kafka, settings);
  await producer.connect();
  return producer;
}

class PortProducer implements Producer {
  readonly #kafka: Kafka;
  readonly #settings: ProducerSettings;
  #producer!: KafkaProducer;
  /** Of the fence id. */
  readonly #owner: TransactionOwner | undefined;
  #sequence = 0;
  /** Where the next record of a partition can be at the earliest. */
  readonly #ends = new Map<string, bigint>();
  /** After it kafkajs's producer must not write again: see `#ready`. */
  #failure: LogError | undefined;
  #closed = false;
  #sending: Promise<unknown> = Promise.resolve();

  constructor(kafka: Kafka, settings: ProducerSettings) {
    this.#kafka = kafka;
    this.#settings = settings;
    if (settings.owner !== undefined) this.#owner = new TransactionOwner(settings.owner);
  }

  /** Of its calls, among the failures of the log: an owner that has failed creates another producer. */
  get #kind(): string {
    return `producer ${this.#settings.owner?.fenceId ?? ''}`;
  }

  async connect(): Promise<void> {
    this.#producer =
      this.#owner?.producer ??
      this.#kafka.producer({
        allowAutoTopicCreation: false,
        idempotent: true,
        maxInFlightRequests: 1,
        retry: RETRY,
      });
    this.#sequence = 0;
    this.#ends.clear();
    try {
      await (this.#owner === undefined ? this.#producer.connect() : this.#owner.takeOver());
      this.#failure = undefined;
    } catch (error) {
      this.#owner?.close();
      await this.#disconnect();
      const { owner, failures } = this.#settings;
      const attempted = owner === undefined ? 'connecting a producer' : `taking ${owner.fenceId} over`;
      throw failures.of(this.#kind, error, attempted);
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
    await this.#settings.check(records);
    // A transactional producer has no other way to write.
    if (this.#owner !== undefined) return await this.#sendAlone(records);
    const acks = new Acks();
    try {
      await this.#write(this.#producer, records, acks);
    } catch (error) {
      throw this.#failed(error, `writing ${records.length} records`);
    }
    return acks.all();
  }

  async #sendAlone(records: readonly NewRecord[]): Promise<readonly Ack[]> {
    const transaction = await this.#transaction();
    try {
      await transaction.send(records);
      return await transaction.commit();
    } catch (error) {
      await transaction.abort().catch(() => {});
      throw error;
    }
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
    this.#settings.failures.succeeded(this.#kind);
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
    await this.#ready(0);
    return await this.#transaction();
  }

  async #transaction(): Promise<Transaction> {
    const owner = this.#owner;
    if (owner === undefined) throw new LogError('FATAL', 'transactions need a producer created with a fenceId');
    const id = this.#settings.owner?.fenceId;
    const begun = await owner.begin().catch((error: unknown) => {
      throw this.#failed(error, `beginning a transaction of ${id}`);
    });
    const acks = new Acks();
    const end = async (how: 'commit' | 'abort', attempted: string): Promise<void> => {
      try {
        await (how === 'commit' ? begun.commit() : begun.abort());
        owner.ended(acks.all(), how);
      } catch (error) {
        owner.ended([]);
        throw this.#failed(error, attempted);
      }
    };
    return {
      send: async (records) => {
        await this.#settings.check(records);
        try {
          await this.#write(begun, records, acks);
        } catch (error) {
          throw this.#failed(error, `writing ${records.length} records in a transaction of ${id}`);
        }
      },
      commit: async () => {
        await end('commit', `committing a transaction of ${id}`);
        return acks.all();
      },
      abort: () => end('abort', `aborting a transaction of ${id}`),
    };
  }

  #failed(error: unknown, attempted: string): LogError {
    this.#failure = this.#settings.failures.of(this.#kind, error, attempted);
    return this.#failure;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await within(CLOSE_MS, this.#sending);
    this.#owner?.close();
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
   * fence the owner that has taken over since, so its owner must create it, and read on from where that one was.
   */
  async #ready(more: number): Promise<void> {
    const isUsedUp = this.#sequence + more >= (this.#settings.maxSequence ?? MAX_SEQUENCE);
    if (!isUsedUp && this.#failure === undefined) return;
    const { owner } = this.#settings;
    if (owner === undefined) {
      await this.#disconnect();
      return this.connect();
    }
    if (this.#failure?.code === 'FENCED') throw this.#failure;
    const why = this.#failure === undefined ? 'has used up its sequence numbers' : 'has failed';
    throw new LogError('RETRIABLE', `this producer of ${owner.fenceId} ${why}; create another`, {
      cause: this.#failure,
    });
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
