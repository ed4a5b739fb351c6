/**
 * One input partition as the runner consumes it: batches are prefetched by the stream and handed out in slices of any size,
 * because journal segments do not end where the log's batches end.
 */
import type { LogRecord, PartitionStream, RecordBatch } from '@weir/event-log/port';

/** How long one call to the stream may wait before it is asked again; only bounds how fast a closed stream is noticed. */
const WAIT_MS = 10_000;

export interface Slice {
  readonly records: readonly LogRecord[];
  /** Where to go on after the slice; past trailing transaction markers when the slice ends a batch. */
  readonly nextOffset: bigint;
}

export class InputCursor {
  /** Logical topic, without prefix. */
  readonly topic: string;
  readonly #stream: PartitionStream;
  readonly #notify: () => void;
  #batch: RecordBatch | undefined;
  #at = 0;
  #pending: Promise<void> | undefined;
  #error: unknown;
  #closed = false;
  #position: bigint;

  constructor(topic: string, stream: PartitionStream, notify: () => void) {
    this.topic = topic;
    this.#stream = stream;
    this.#notify = notify;
    this.#position = stream.position;
  }

  /** Offset of the next record to hand out. */
  get position(): bigint {
    return this.#position;
  }

  /** Records committed to the log and not yet handed out; undefined until the first answer. */
  get lag(): bigint | undefined {
    const behind = this.#stream.lag;
    return behind === undefined ? undefined : behind + BigInt(this.available);
  }

  get available(): number {
    return this.#batch === undefined ? 0 : this.#batch.records.length - this.#at;
  }

  /** When the log got the next record at hand, ms. */
  get headTimestampMs(): number | undefined {
    return this.#batch?.records[this.#at]?.timestampMs;
  }

  /** Ask for more unless records are at hand or on their way. */
  fill(): void {
    if (this.#closed || this.#pending !== undefined || this.#error !== undefined || this.available > 0) return;
    this.#pending = this.#stream
      .next(WAIT_MS)
      .then(
        (batch) => {
          if (batch === undefined) return;
          this.#position = batch.records[0]?.offset ?? batch.nextOffset;
          this.#batch = batch;
          this.#at = 0;
        },
        (error: unknown) => {
          this.#error = error;
        },
      )
      .finally(() => {
        this.#pending = undefined;
        this.#notify();
      });
  }

  /** Where the input ends by now, asked of the log. */
  end(): Promise<bigint> {
    return this.#stream.end();
  }

  /**
   * Up to `max` records at hand, which stay at hand; undefined when there is none.
   * @param untilMs ends before the first record that the log got later than this; one record is given in any case
   * @throws what the stream threw
   */
  peek(max: number, untilMs: number = Number.POSITIVE_INFINITY): Slice | undefined {
    if (this.#error !== undefined) throw this.#error;
    const batch = this.#batch;
    if (batch === undefined || this.available === 0) return undefined;
    let end = Math.min(this.#at + max, batch.records.length);
    if ((batch.records[end - 1] as LogRecord).timestampMs > untilMs) {
      end = this.#at + 1;
      while ((batch.records[end] as LogRecord).timestampMs <= untilMs) end += 1;
    }
    const records = this.#at === 0 && end === batch.records.length ? batch.records : batch.records.slice(this.#at, end);
    return { records, nextOffset: batch.records[end]?.offset ?? batch.nextOffset };
  }

  /** Past a slice that `peek` gave. */
  advance({ records, nextOffset }: Slice): void {
    this.#at += records.length;
    this.#position = nextOffset;
    if (this.available === 0) this.#batch = undefined;
  }

  /** Exactly `count` records, in slices, waiting for them: replay knows that they exist. */
  async *takeExactly(count: number): AsyncGenerator<Slice> {
    for (let left = count; left > 0; ) {
      this.fill();
      const slice = this.peek(left);
      if (slice !== undefined) {
        this.advance(slice);
        left -= slice.records.length;
        yield slice;
      } else if (this.#closed) {
        throw new Error(`input ${this.topic} closed with ${left} of ${count} records of a journal segment unread`);
      } else {
        await this.#pending;
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stream.close();
    await this.#pending;
  }
}
