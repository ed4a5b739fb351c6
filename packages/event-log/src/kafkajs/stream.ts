import { LogError } from '../errors.ts';
import type { LogRecord, PartitionStream, RecordBatch, TopicPartition } from '../port.ts';

/** Bytes that wait undelivered in all streams of a log; with more of them a stream only gets what it needs to go on. */
const PREFETCH_BYTES = 64 * 1_048_576;

/** What the streams of one log hold together. */
export class Prefetched {
  bytes = 0;

  get isFull(): boolean {
    return this.bytes >= PREFETCH_BYTES;
  }
}

/** Bytes of a partition that may wait undelivered: enough to bridge a fetch, little enough for hundreds of partitions. */
const HIGH_WATER_BYTES = 4 * 1_048_576;

interface Queued {
  readonly records: readonly LogRecord[];
  nextOffset: bigint;
  readonly bytes: number;
}

/** One partition between the fetcher, which fills it ahead, and its reader. */
export class FetchStream implements PartitionStream {
  readonly topic: string;
  readonly partition: number;
  /** Node that leads the partition; undefined while it is being looked for. */
  leader: number | undefined;
  /** Offset of the next fetch. */
  fetchOffset: bigint;
  #position: bigint;
  #stable: bigint | undefined;
  #queue: Queued[] = [];
  #queuedBytes = 0;
  #failure: LogError | undefined;
  #waiting: (() => void) | undefined;
  #closed = false;
  readonly end: () => Promise<bigint>;
  readonly #prefetched: Prefetched;
  readonly #roomAppeared: () => void;
  readonly #forget: (stream: FetchStream) => void;

  constructor(
    { topic, partition }: TopicPartition,
    from: bigint,
    end: () => Promise<bigint>,
    prefetched: Prefetched,
    roomAppeared: () => void,
    forget: (stream: FetchStream) => void,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.fetchOffset = from;
    this.#position = from;
    this.end = end;
    this.#prefetched = prefetched;
    this.#roomAppeared = roomAppeared;
    this.#forget = forget;
  }

  get position(): bigint {
    return this.#position;
  }

  get lag(): bigint | undefined {
    if (this.#stable === undefined || this.#closed) return undefined;
    return this.#stable > this.#position ? this.#stable - this.#position : 0n;
  }

  get hasRoom(): boolean {
    if (this.hasFailed || this.#queuedBytes >= HIGH_WATER_BYTES) return false;
    return this.#queue.length === 0 || !this.#prefetched.isFull;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  async next(maxWaitMs: number): Promise<RecordBatch | undefined> {
    const batch = this.#take();
    if (batch !== undefined || maxWaitMs <= 0) return batch;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, maxWaitMs);
      this.#waiting = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#waiting = undefined;
    return this.#closed ? undefined : this.#take();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.#hold(-this.#queuedBytes);
    this.#forget(this);
    this.#waiting?.();
  }

  /** What a fetch found from `fetchOffset` on; `bytes` is what it keeps alive. */
  deliver(records: readonly LogRecord[], nextOffset: bigint, stable: bigint, bytes: number): void {
    this.#stable = stable;
    if (this.#closed || nextOffset === this.fetchOffset) return;
    this.fetchOffset = nextOffset;
    const last = this.#queue.at(-1);
    // Markers alone move the end of what is already waiting.
    if (records.length === 0 && last !== undefined) last.nextOffset = nextOffset;
    else {
      this.#queue.push({ records, nextOffset, bytes });
      this.#hold(bytes);
    }
    this.#waiting?.();
  }

  fail(error: LogError): void {
    this.#failure = error;
    this.#waiting?.();
  }

  #take(): RecordBatch | undefined {
    if (this.#closed) throw new LogError('CLOSED', `the stream of ${this.topic}[${this.partition}] was closed`);
    const queued = this.#queue.shift();
    if (queued === undefined) {
      if (this.#failure !== undefined) throw this.#failure;
      return undefined;
    }
    const hadRoom = this.#queuedBytes < HIGH_WATER_BYTES && this.#queue.length > 0;
    this.#hold(-queued.bytes);
    if (!hadRoom && this.hasRoom) this.#roomAppeared();
    this.#position = queued.nextOffset;
    return { topic: this.topic, partition: this.partition, records: queued.records, nextOffset: queued.nextOffset };
  }
  #hold(bytes: number): void {
    const wasFull = this.#prefetched.isFull;
    this.#queuedBytes += bytes;
    this.#prefetched.bytes += bytes;
    // Others that waited for room may go on.
    if (wasFull && !this.#prefetched.isFull) this.#roomAppeared();
  }
}
