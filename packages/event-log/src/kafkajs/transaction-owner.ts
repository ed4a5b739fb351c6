/**
 * Holds a transactional id for one producer. No transaction begins before the partitions of the one before show their markers: the next
 * marker would end what a marker that was skipped has left, whatever it says. A lost connection does not tell of all that is skipped: a
 * process may be busy while a broker goes away, and a broker may go away without closing its connections.
 */
import type { Producer as KafkaProducer, Transaction as KafkaTransaction } from 'kafkajs';
import type { Outcome, Settled, TopicPartition } from '../port.ts';
import type { ClusterOptions } from './internals.ts';
import { Session } from './session.ts';
import { Settlement } from './settlement.ts';
import { createTransactionalProducer, type TransactionalCluster } from './transactional-producer.ts';

/** CONCURRENT_TRANSACTIONS is a normal answer to transactions back to back; kafkajs's own back-off would cap them at three a second. */
export const RETRY = { initialRetryTime: 4, retries: 50, factor: 0.2, maxRetryTime: 500 } as const;
/** After a transaction that no other follows: readers wait at records without a marker. */
const LOOK_AFTER_MS = 500;

export interface OwnerOptions extends ClusterOptions {
  readonly fenceId: string;
  readonly writes: readonly TopicPartition[];
  readonly onSettled: (partitions: readonly Settled[]) => void;
  readonly transactionTimeoutMs: number;
}

interface Ended {
  readonly written: readonly TopicPartition[];
  readonly outcome: Outcome;
}

export class TransactionOwner {
  readonly producer: KafkaProducer;
  readonly #cluster: TransactionalCluster;
  readonly #session: Session;
  readonly #settlement: Settlement;
  readonly #onSettled: (partitions: readonly Settled[]) => void;
  /** The last transaction, until all its markers were seen. */
  #ended: Ended | undefined;
  /** Begun when the id was taken over: that is what fences. */
  #begun: KafkaTransaction | undefined;
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor({ fenceId, writes, onSettled, ...options }: OwnerOptions) {
    this.#onSettled = onSettled;
    this.#session = new Session();
    this.#settlement = new Settlement(fenceId, writes, this.#session, () => this.#cluster);
    const { producer, cluster } = createTransactionalProducer(
      { ...options, transactionalId: fenceId, retry: RETRY },
      this.#session,
      (broker, init) => this.#settlement.fence(broker, init),
    );
    this.producer = producer;
    this.#cluster = cluster;
  }

  /** InitProducerId is sent with the first transaction: it fences the older producer and settles its open transaction before it returns. */
  async takeOver(): Promise<void> {
    await this.producer.connect();
    this.#begun = await this.producer.transaction();
    this.#tell(await this.#settlement.settle());
  }

  async begin(): Promise<KafkaTransaction> {
    await this.#look();
    const transaction = this.#begun ?? (await this.producer.transaction());
    this.#begun = undefined;
    this.#session.hold();
    return transaction;
  }

  /** A transaction was ended, or has failed: then `outcome` is absent, and this owner begins no other. */
  ended(written: readonly TopicPartition[], outcome?: Outcome): void {
    this.#session.release();
    if (outcome === undefined || written.length === 0) return;
    this.#ended = { written, outcome };
    this.#lookLater();
  }

  close(): void {
    this.#session.close();
    clearTimeout(this.#timer);
  }

  /** Until the markers of the last transaction are where they should be. */
  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#looking?.catch(() => {});
    const ended = this.#ended;
    if (ended === undefined) return;
    this.#looking = this.#settlement
      .settleOwn(ended.written, ended.outcome)
      .then((settled) => {
        this.#ended = undefined;
        this.#tell(settled);
      })
      .finally(() => {
        this.#looking = undefined;
      });
    await this.#looking;
  }

  #tell(settled: readonly Settled[]): void {
    if (settled.length > 0) this.#onSettled(settled);
  }

  #lookLater(): void {
    clearTimeout(this.#timer);
    if (this.#session.isClosed) return;
    this.#timer = setTimeout(() => {
      if (!this.#session.isHeld && !this.#session.isClosed) this.#look().catch(() => this.#lookLater());
    }, LOOK_AFTER_MS);
    this.#timer.unref();
  }
}
