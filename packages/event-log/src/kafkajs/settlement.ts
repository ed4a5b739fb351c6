/**
 * Ends what a transaction has left without a marker, the way the transaction ended.
 *
 * A coordinator skips the marker of a partition that has no leader at that moment and calls the transaction complete all the same
 * (KAFKA-20734). The partition's records then wait for the next marker of their producer, whatever that says; see
 * docs/decisions/skipped-markers.md. A take-over of a transactional id therefore
 *
 *   1. asks the coordinator how the last transaction ended, just before InitProducerId makes it forget;
 *   2. fences by InitProducerId, over the same connection: no coordinator can have come back in between;
 *   3. asks the leaders which partitions hold records of the producer id that no marker has ended;
 *   4. ends exactly those, by a transaction without records of its own.
 */
import { LogError } from '../errors.ts';
import type { Outcome, Settled, TopicPartition } from '../port.ts';
import { describeProducers, describeTransaction, type TransactionState } from './describe.ts';
import { type Broker, errorOfCode, type ProducerIdentity } from './internals.ts';
import { lastMarker, type Marker } from './marker.ts';
import type { Session } from './session.ts';
import type { TransactionalCluster } from './transactional-producer.ts';

/** How long partitions may be without a leader, or a coordinator away, before a take-over is given up for now. */
const SETTLE_MS = 30_000;
const RETRY_MS = 20;
const MAX_RETRY_MS = 500;
/** Markers are written within a few milliseconds nearly always. */
const MARKER_MS = 2;
const TOPIC_AUTHORIZATION_FAILED = 29;
/** The coordinator still ends the transaction before, or takes the second of two requests before it can. */
const NOT_YET = new Set(['CONCURRENT_TRANSACTIONS', 'INVALID_TXN_STATE']);

/** Of the transaction that was open last, or is. */
interface Last {
  readonly producerId: bigint;
  /** Undefined when the coordinator has forgotten it: a take-over before this one was cut short after it had fenced. */
  readonly outcome: Outcome | undefined;
  /** Partitions it has written, as far as the coordinator still said. */
  readonly partitions: ReadonlySet<string>;
}

export class Settlement {
  readonly #id: string;
  readonly #writes: readonly TopicPartition[];
  readonly #session: Session;
  readonly #cluster: () => TransactionalCluster;
  #last: Last | undefined;
  #identity: ProducerIdentity | undefined;

  constructor(id: string, writes: readonly TopicPartition[], session: Session, cluster: () => TransactionalCluster) {
    this.#id = id;
    this.#writes = writes;
    this.#session = session;
    this.#cluster = cluster;
  }

  /** Sends InitProducerId, by `init`, to the coordinator, after it has said how the last transaction ended. */
  async fence(broker: Broker, init: () => Promise<ProducerIdentity>): Promise<ProducerIdentity> {
    this.#session.hold();
    try {
      this.#last = lastOf(await describeTransaction(broker, this.#id), this.#last);
      this.#identity = await init();
      return this.#identity;
    } finally {
      this.#session.release();
    }
  }

  /** After `fence`: everything that the last owner had left without a marker. */
  async settle(): Promise<readonly Settled[]> {
    const last = this.#last;
    if (last === undefined) return [];
    const { outcome = await this.#outcomeByMarkers(last.producerId), partitions } = last;
    // A producer that has aborted looks for markers before it goes on: what an older transaction has left was committed.
    const isOlder = (place: string): boolean => partitions.size > 0 && !partitions.has(place);
    const settled = await this.#settle(last.producerId, this.#writes, (place) => (isOlder(place) ? 'commit' : outcome));
    this.#last = undefined;
    return settled;
  }

  /**
   * After a transaction of this owner: waits until its coordinator has written the markers, or thinks so, and ends what has none. In this
   * order: a marker that a leader shows before that may be lost with it.
   */
  async settleOwn(written: readonly TopicPartition[], outcome: Outcome): Promise<readonly Settled[]> {
    await this.#retried(() => this.#untilComplete());
    return await this.#settle(BigInt(this.#known.producerId), written, () => outcome);
  }

  get #known(): ProducerIdentity {
    if (this.#identity === undefined) throw new LogError('FATAL', `${this.#id} was not taken over yet`);
    return this.#identity;
  }

  async #settle(
    producerId: bigint,
    written: readonly TopicPartition[],
    outcomeOf: (place: string) => Outcome,
  ): Promise<readonly Settled[]> {
    const settled = new Map<string, Settled>();
    await this.#retried(async () => {
      for (;;) {
        const unmarked = (await this.#unmarked(producerId, written)).map((tp): Settled => {
          return { topic: tp.topic, partition: tp.partition, outcome: outcomeOf(placeOf(tp)) };
        });
        if (unmarked.length === 0) return;
        if (BigInt(this.#known.producerId) !== producerId) throw this.#unreachable(unmarked);
        for (const [outcome, ofOne] of Map.groupBy(unmarked, (each) => each.outcome)) await this.#end(ofOne, outcome);
        for (const each of unmarked) settled.set(placeOf(each), each);
      }
    });
    return [...settled.values()];
  }

  /** Those of `partitions` with records of `producerId` that no marker has ended. */
  async #unmarked(producerId: bigint, partitions: readonly TopicPartition[]): Promise<readonly TopicPartition[]> {
    const asked = await this.#byLeader(partitions, describeProducers);
    for (const { topic, partition, errorCode } of asked.flat()) {
      if (errorCode === TOPIC_AUTHORIZATION_FAILED) {
        const cure = 'grant READ on the topic: a take-over looks for records without a marker';
        throw new LogError('FATAL', `${topic}[${partition}]: not authorised to describe its producers; ${cure}`);
      }
      if (errorCode !== 0) throw errorOfCode(errorCode);
    }
    return asked.flat().filter(({ open }) => open.some((each) => each.producerId === producerId));
  }

  async #byLeader<T>(
    partitions: readonly TopicPartition[],
    ask: (broker: Broker, led: readonly TopicPartition[]) => Promise<T>,
  ): Promise<T[]> {
    if (partitions.length === 0) return [];
    const cluster = this.#cluster();
    await cluster.addMultipleTargetTopics([...new Set(partitions.map(({ topic }) => topic))]);
    const leaders = Map.groupBy(partitions, ({ topic, partition }) => {
      const [leader] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
      if (leader === undefined || Number(leader) < 0) {
        const cure = 'start the brokers that hold its replicas';
        throw new LogError('RETRIABLE', `${topic}[${partition}] has no leader; ${cure}`);
      }
      return leader;
    });
    return await Promise.all([...leaders].map(async ([nodeId, led]) => ask(await cluster.findBroker({ nodeId }), led)));
  }

  /**
   * Both requests at once: between the two the coordinator holds a transaction that would be aborted with its partitions if this process
   * ended, and what it is to commit with it.
   */
  async #end(partitions: readonly TopicPartition[], outcome: Outcome): Promise<void> {
    const broker = await this.#cluster().findCoordinator();
    const identity = { transactionalId: this.#id, ...this.#known };
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, ofTopic]) => {
      return { topic, partitions: ofTopic.map(({ partition }) => partition) };
    });
    const answers = await Promise.allSettled([
      broker.addPartitionsToTxn({ ...identity, topics }),
      broker.endTxn({ ...identity, transactionResult: outcome === 'commit' }),
    ]);
    for (const answer of answers) if (answer.status === 'rejected') throw answer.reason;
    await this.#untilComplete();
  }

  /** Until the coordinator has no marker to write any more, or thinks so. @throws {LogError} FENCED; RETRIABLE after `SETTLE_MS` */
  async #untilComplete(): Promise<void> {
    const { producerId, producerEpoch } = this.#known;
    const deadline = Date.now() + SETTLE_MS;
    for (let waitMs = MARKER_MS; ; waitMs = Math.min(2 * waitMs, MAX_RETRY_MS)) {
      const found = await describeTransaction(await this.#cluster().findCoordinator(), this.#id);
      if (String(found?.producerId) !== producerId || found?.producerEpoch !== producerEpoch) {
        throw new LogError('FENCED', `another producer has taken over ${this.#id}; drop what you hold and rejoin`);
      }
      if (!found.state.startsWith('Prepare')) return;
      if (Date.now() > deadline) {
        const waiting = [...found.partitions].join(', ');
        throw new LogError('RETRIABLE', `${this.#id}: no marker was written to ${waiting} for ${SETTLE_MS / 1_000} s`);
      }
      await sleep(waitMs);
    }
  }

  /** Of the markers that the partitions end with the newest tells; what has none anywhere was never visible, and is aborted. */
  async #outcomeByMarkers(producerId: bigint): Promise<Outcome> {
    const found: Marker[] = [];
    await this.#retried(async () => {
      found.length = 0;
      await this.#byLeader(this.#writes, async (broker, led) => {
        for (const tp of led) {
          const marker = await lastMarker(broker, tp);
          if (marker?.producerId === producerId) found.push(marker);
        }
      });
    });
    return found.sort((a, b) => b.timestampMs - a.timestampMs)[0]?.outcome ?? 'abort';
  }

  /** Brokers come back, leaders move: tries again until `SETTLE_MS` have passed. */
  async #retried(work: () => Promise<void>): Promise<void> {
    const deadline = Date.now() + SETTLE_MS;
    for (let waitMs = RETRY_MS; ; waitMs = Math.min(2 * waitMs, MAX_RETRY_MS)) {
      try {
        return await work();
      } catch (error) {
        if (this.#session.isClosed || Date.now() > deadline || isFinal(error)) throw error;
        await sleep(waitMs);
        const cluster = this.#cluster();
        cluster.forgetCoordinator();
        await cluster.connect().catch(() => {});
        await cluster.refreshMetadata().catch(() => {});
      }
    }
  }

  /** Producer ids are replaced when their epochs are used up, and only its own producer id can end a transaction. */
  #unreachable(unmarked: readonly Settled[]): LogError {
    const places = unmarked.map(({ topic, partition, outcome }) => `${topic}[${partition}] (${outcome})`).join(', ');
    const cure = 'end them by hand (kafka-transactions.sh find-hanging, then abort), and start again';
    return new LogError(
      'FATAL',
      `${this.#id}: an earlier producer id has records without a marker in ${places}; ${cure}`,
    );
  }
}

function lastOf(found: TransactionState | undefined, before: Last | undefined): Last | undefined {
  if (found === undefined) return undefined;
  const { producerId, state } = found;
  const isSame = before?.producerId === producerId;
  // Markers that were written are no longer named: what was named while the transaction ended belongs to it too.
  const partitions = isSame ? new Set([...before.partitions, ...found.partitions]) : found.partitions;
  // An open transaction is aborted by InitProducerId.
  const outcome = state === 'Empty' || state === 'Dead' ? undefined : state.endsWith('Commit') ? 'commit' : 'abort';
  return { producerId, outcome, partitions };
}

/** Neither an answer to try again for, nor a connection that was lost. */
function isFinal(error: unknown): boolean {
  if (error instanceof LogError) return error.code !== 'RETRIABLE';
  const { type, retriable } = error as { readonly type?: string; readonly retriable?: boolean };
  return type !== undefined && retriable === false && !NOT_YET.has(type);
}

function placeOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
