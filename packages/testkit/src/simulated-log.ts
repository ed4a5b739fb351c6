/**
 * A log in memory that is as unruly as Kafka may be, from a seed: answers come late and out of step, the markers of a transaction reach its
 * partitions one after another, a call may fail before or after it took effect, and whoever uses it may die at any of its calls. One
 * partition for each topic; records are kept for ever.
 */
import { LogError } from '@weir/event-log/errors';
import type { Features } from '@weir/event-log/features';
import type {
  Ack,
  EventLog,
  LogRecord,
  NewRecord,
  PartitionStream,
  Producer,
  ProducerOptions,
  RecordBatch,
  Transaction,
} from '@weir/event-log/port';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** An answer takes up to so many turns of the event loop, a marker up to so many. */
const ANSWER_TURNS = 3;
const MARKER_TURNS = 30;
const BATCH_RECORDS = 60;

interface Stored {
  /** Undefined: a marker. */
  readonly record: LogRecord | undefined;
  readonly writing: Writing | undefined;
}

/** A transaction, from its first record to its last marker. */
interface Writing {
  readonly topics: Set<string>;
  isCommitted: boolean;
}

class Partition {
  readonly entries: Stored[] = [];
  /** Transactions whose marker is here. */
  readonly settled: Set<Writing> = new Set();
  /** Offset of the first record that is not settled. */
  #stable = 0;

  get stable(): number {
    for (let entry = this.entries[this.#stable]; entry !== undefined; entry = this.entries[this.#stable]) {
      if (entry.writing !== undefined && !this.settled.has(entry.writing)) break;
      this.#stable += 1;
    }
    return this.#stable;
  }

  /** Committed records from `from` up to `end`. */
  records(from: number, end: number): readonly LogRecord[] {
    return this.entries
      .slice(from, end)
      .flatMap(({ record, writing }) => (record === undefined || writing?.isCommitted === false ? [] : [record]));
  }
}

/** Who holds a fence id. */
interface Owner {
  epoch: number;
  open: Writing | undefined;
  /** Resolves when the last transaction has all its markers. */
  settling: Promise<unknown>;
}

export interface LifeOptions {
  /** It dies at this of its calls. */
  readonly diesAt?: number;
  /** One of so many calls fails; 0: none. */
  readonly failsOneIn?: number;
  /** It loses its membership of the group, and gets it back, every so many turns of the event loop at the most; 0: never. */
  readonly losesGroupWithin?: number;
  /** False: records are visible as they are written, whatever becomes of their transaction. A control: users must notice. */
  readonly isAtomic?: boolean;
}

/** What outlives everyone. */
export class SimulatedLog {
  readonly #rng: RandomGenerator;
  readonly #partitions = new Map<string, Partition>();
  readonly #owners = new Map<string, Owner>();
  #changed = Promise.withResolvers<void>();

  constructor(seed: number) {
    this.#rng = xoroshiro128plus(seed);
  }

  random(from: number, to: number): number {
    return uniformInt(this.#rng, from, to);
  }

  async turns(most: number): Promise<void> {
    for (let left = this.random(0, most); left > 0; left -= 1) await new Promise(setImmediate);
  }

  /** Resolves when something was written. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  partition(topic: string): Partition {
    let partition = this.#partitions.get(topic);
    if (partition === undefined) {
      partition = new Partition();
      this.#partitions.set(topic, partition);
    }
    return partition;
  }

  write(record: NewRecord, writing?: Writing): bigint {
    const { entries } = this.partition(record.topic);
    const { key, value, headers = [], timestampMs = 0 } = record;
    const offset = BigInt(entries.length);
    entries.push({ record: { offset, key, value, headers, timestampMs }, writing });
    this.#notify();
    return offset;
  }

  /** Until every decision has its markers. */
  async settled(): Promise<void> {
    await Promise.all([...this.#owners.values()].map(({ settling }) => settling));
  }

  /** Everything that is committed by now. */
  committed(topic: string): readonly LogRecord[] {
    const partition = this.partition(topic);
    return partition.records(0, partition.stable);
  }

  owner(fenceId: string): Owner {
    let owner = this.#owners.get(fenceId);
    if (owner === undefined) {
      owner = { epoch: 0, open: undefined, settling: Promise.resolve() };
      this.#owners.set(fenceId, owner);
    }
    return owner;
  }

  /** The decision is made at once, its markers follow. */
  settle(owner: Owner, isCommitted: boolean): void {
    const writing = owner.open;
    if (writing === undefined) return;
    owner.open = undefined;
    writing.isCommitted = isCommitted;
    const mark = async (topic: string): Promise<void> => {
      await this.turns(MARKER_TURNS);
      const { entries, settled } = this.partition(topic);
      entries.push({ record: undefined, writing: undefined });
      settled.add(writing);
      this.#notify();
    };
    owner.settling = Promise.all([...writing.topics].map(mark));
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

/** One process on the log. Once it is dead nothing that it awaits ever comes, and what it had sent may have arrived or not. */
export class Life implements EventLog {
  readonly features: Features = {
    transactions: true,
    fencing: true,
    durable: true,
    multiHost: true,
    compaction: false,
    retention: false,
    codecs: [],
  };
  readonly #log: SimulatedLog;
  readonly #diesAt: number;
  readonly #failsOneIn: number;
  readonly #losesGroupWithin: number;
  readonly #isAtomic: boolean;
  readonly #death = Promise.withResolvers<void>();
  #calls = 0;

  constructor(log: SimulatedLog, options: LifeOptions = {}) {
    const { diesAt = Number.POSITIVE_INFINITY, failsOneIn = 0, losesGroupWithin = 0, isAtomic = true } = options;
    this.#log = log;
    this.#diesAt = diesAt;
    this.#failsOneIn = failsOneIn;
    this.#losesGroupWithin = losesGroupWithin;
    this.#isAtomic = isAtomic;
  }

  get died(): Promise<void> {
    return this.#death.promise;
  }

  get isDead(): boolean {
    return this.#calls >= this.#diesAt;
  }

  /** Asks `effect` of something outside the process. */
  async call<T>(effect: () => T | Promise<T>, canFail = true): Promise<T> {
    const log = this.#log;
    if (this.isDead) return await never();
    this.#calls += 1;
    if (this.isDead) this.#death.resolve();
    await log.turns(ANSWER_TURNS);
    if (this.isDead && log.random(0, 1) === 0) return await never();
    const fate = canFail && this.#failsOneIn > 0 ? log.random(0, 2 * this.#failsOneIn - 1) : 2;
    if (fate === 0) throw new LogError('RETRIABLE', 'it failed before anything was done');
    const result = await effect();
    await log.turns(ANSWER_TURNS);
    if (this.isDead) return await never();
    if (fate === 1) throw new LogError('RETRIABLE', 'it was done, and failed');
    return result;
  }

  async producer(options?: ProducerOptions): Promise<Producer> {
    const fenceId = options?.fenceId;
    const log = this.#log;
    if (fenceId === undefined) return this.#plainProducer();
    const owner = log.owner(fenceId);
    const epoch = await this.call(async () => {
      owner.epoch += 1;
      const mine = owner.epoch;
      log.settle(owner, false);
      await owner.settling;
      return mine;
    });
    const check = (): void => {
      if (owner.epoch !== epoch) throw new LogError('FENCED', `${fenceId} has another owner`);
    };
    /** Records of a topic arrive together, those of different topics each for itself. */
    const write = async (records: readonly NewRecord[]): Promise<Ack> => {
      check();
      await owner.settling;
      check();
      owner.open ??= { topics: new Set(), isCommitted: false };
      const writing = owner.open;
      const { topic } = records[0] as NewRecord;
      writing.topics.add(topic);
      const [baseOffset = 0n] = records.map((record) => log.write(record, this.#isAtomic ? writing : undefined));
      return { topic, partition: 0, baseOffset, count: records.length };
    };
    const begin = async (): Promise<Transaction> => {
      const acks: Ack[] = [];
      return {
        send: async (records) => {
          const byTopic = Map.groupBy(records, ({ topic }) => topic);
          const written = await Promise.allSettled([...byTopic.values()].map((of) => this.call(() => write(of))));
          for (const each of written) {
            if (each.status === 'rejected') throw each.reason;
            acks.push(each.value);
          }
        },
        commit: () =>
          this.call(() => {
            check();
            log.settle(owner, true);
            return acks;
          }),
        abort: () =>
          this.call(() => {
            check();
            log.settle(owner, false);
          }),
      };
    };
    const send = async (records: readonly NewRecord[]): Promise<readonly Ack[]> => {
      const transaction = await begin();
      await transaction.send(records);
      return await transaction.commit();
    };
    return { send, begin, close: async () => {} };
  }

  /** Each send is visible as soon as it was written. */
  #plainProducer(): Producer {
    const send = (records: readonly NewRecord[]): Promise<readonly Ack[]> =>
      this.call(() =>
        records.map((record) => {
          const { topic } = record;
          return { topic, partition: 0, baseOffset: this.#log.write(record), count: 1 };
        }),
      );
    const begin = (): Promise<Transaction> =>
      Promise.reject(new Error('a producer without a fence id has no transactions'));
    return { send, begin, close: async () => {} };
  }

  async reader(): ReturnType<EventLog['reader']> {
    const streams = new Set<SimulatedStream>();
    return {
      open: async ({ topic }, from) => {
        const stable = await this.call(() => this.#log.partition(topic).stable);
        const start = from === 'earliest' ? 0 : from === 'latest' ? stable : Number(from);
        const stream = new SimulatedStream(this.#log, this, topic, start);
        streams.add(stream);
        return stream;
      },
      close: async () => {
        for (const stream of streams) stream.close();
      },
    };
  }

  async joinGroup({
    onAssignment,
    onLost = () => {},
  }: Parameters<EventLog['joinGroup']>[0]): ReturnType<EventLog['joinGroup']> {
    await this.call(() => {}, false);
    let isMember = true;
    const belong = async (): Promise<void> => {
      for (let generation = 1; isMember && !this.isDead; generation += 1) {
        await onAssignment({ partitions: [0], generation });
        if (this.#losesGroupWithin === 0) return;
        await this.#log.turns(this.#losesGroupWithin);
        if (isMember && !this.isDead) onLost();
      }
    };
    void belong();
    return {
      commitOffsets: async () => true,
      leave: async () => {
        isMember = false;
      },
    };
  }

  async admin(): ReturnType<EventLog['admin']> {
    return {
      createTopics: () => this.call(() => {}, false),
      partitionCounts: async (topics) => new Map(topics.map((topic) => [topic, 1])),
      offsets: async ({ topic }) => ({ earliest: 0n, end: BigInt(this.#log.partition(topic).stable) }),
      deleteTopics: async () => {},
      close: async () => {},
    };
  }

  async ping(): Promise<void> {}

  async close(): Promise<void> {}
}

class SimulatedStream implements PartitionStream {
  readonly topic: string;
  readonly partition = 0;
  readonly #log: SimulatedLog;
  readonly #life: Life;
  #position: number;
  /** Last stable offset, as of the last answer. */
  #stable: number | undefined;
  readonly #closing = Promise.withResolvers<void>();
  #closed = false;

  constructor(log: SimulatedLog, life: Life, topic: string, from: number) {
    this.#log = log;
    this.#life = life;
    this.topic = topic;
    this.#position = from;
  }

  get position(): bigint {
    return BigInt(this.#position);
  }

  get lag(): bigint | undefined {
    return this.#stable === undefined ? undefined : BigInt(Math.max(0, this.#stable - this.#position));
  }

  async next(maxWaitMs: number): Promise<RecordBatch | undefined> {
    const { topic, partition } = this;
    const deadline = Date.now() + maxWaitMs;
    while (!this.#closed) {
      const { changed } = this.#log;
      const found = await this.#life.call(() => {
        const place = this.#log.partition(topic);
        const end = Math.min(place.stable, this.#position + this.#log.random(1, BATCH_RECORDS));
        return { stable: place.stable, end, records: place.records(this.#position, end) };
      }, false);
      if (this.#closed) return undefined;
      this.#stable = found.stable;
      if (found.end > this.#position) {
        this.#position = found.end;
        return { topic, partition, records: found.records, nextOffset: BigInt(found.end) };
      }
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) return undefined;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, leftMs);
      });
      await Promise.race([changed, late, this.#closing.promise]);
      clearTimeout(timer);
    }
    return undefined;
  }

  end(): Promise<bigint> {
    return this.#life.call(() => BigInt(this.#log.partition(this.topic).stable), false);
  }

  close(): void {
    this.#closed = true;
    this.#closing.resolve();
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}
