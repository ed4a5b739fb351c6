/** Holds a transactional id for one producer: taken over when made, looked after when brokers went away meanwhile. */
import type { Producer as KafkaProducer, Transaction as KafkaTransaction } from 'kafkajs';
import type { Outcome, Settled, TopicPartition } from '../port.ts';
import type { ClusterOptions } from './internals.ts';
import { Session } from './session.ts';
import { Settlement } from './settlement.ts';
import { createTransactionalProducer, type TransactionalCluster } from './transactional-producer.ts';

/** CONCURRENT_TRANSACTIONS is a normal answer to transactions back to back; kafkajs's own back-off would cap them at three a second. */
export const RETRY = { initialRetryTime: 4, retries: 50, factor: 0.2, maxRetryTime: 500 } as const;
/** After a connection was lost in an idle moment. */
const LOOK_AFTER_MS = 500;

export interface OwnerOptions extends ClusterOptions {
  readonly fenceId: string;
  readonly writes: readonly TopicPartition[];
  readonly transactionTimeoutMs: number;
}

export class TransactionOwner {
  readonly producer: KafkaProducer;
  settled: readonly Settled[] = [];
  readonly #cluster: TransactionalCluster;
  readonly #session: Session;
  readonly #settlement: Settlement;
  /** How the last transaction of each partition ended. */
  readonly #outcomes = new Map<string, Outcome>();
  /** Begun when the id was taken over: that is what fences. */
  #begun: KafkaTransaction | undefined;
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isReady = false;

  constructor({ fenceId, writes, ...options }: OwnerOptions) {
    this.#session = new Session(() => this.#lookLater());
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
    this.settled = await this.#settlement.settle();
    this.#isReady = true;
  }

  async begin(): Promise<KafkaTransaction> {
    await this.#lookAgain();
    const transaction = this.#begun ?? (await this.producer.transaction());
    this.#begun = undefined;
    this.#session.hold();
    return transaction;
  }

  /** A transaction was ended, or has failed: then `outcome` is absent, and this owner begins no other. */
  ended(written: readonly TopicPartition[], outcome?: Outcome): void {
    this.#session.release();
    if (outcome === undefined) this.#isReady = false;
    else for (const { topic, partition } of written) this.#outcomes.set(`${topic}/${partition}`, outcome);
    if (this.#session.isLost) this.#lookLater();
  }

  close(): void {
    this.#session.close();
    clearTimeout(this.#timer);
  }

  /** What a broker that was away has left without a marker is ended before another transaction can end it otherwise. */
  async #lookAgain(): Promise<void> {
    await this.#looking?.catch(() => {});
    if (!this.#session.isLost) return;
    this.#looking = this.#settlement
      .settleOwn((place) => this.#outcomes.get(place) ?? 'commit')
      .then(() => {})
      .finally(() => {
        this.#looking = undefined;
      });
    await this.#looking;
  }

  /** Readers of a partition wait at the records without a marker, also while nothing is written. */
  #lookLater(): void {
    clearTimeout(this.#timer);
    if (!this.#isReady || this.#session.isClosed) return;
    this.#timer = setTimeout(() => {
      if (!this.#session.isHeld && !this.#session.isClosed) this.#lookAgain().catch(() => this.#lookLater());
    }, LOOK_AFTER_MS);
    this.#timer.unref();
  }
}
