/**
 * Fetches for every open stream of a log: one request at a time to each broker, asking for all partitions that it leads and that have
 * room. A broker that dies or hands a partition over costs a look at the metadata; the streams keep the positions, so nothing is skipped or repeated.
 */
import { LogError } from '../errors.ts';
import type { TopicPartition } from '../port.ts';
import type { Failures } from './errors.ts';
import { decodeFetchResponse, type FetchedPartition } from './fetch-response.ts';
import { type ClusterClient, errorOfCode, rawFetch } from './internals.ts';
import { decodeRecords } from './record-batch.ts';
import { type FetchStream, Prefetched } from './stream.ts';

/** How long a broker holds a request that has nothing to give. A stream that is opened meanwhile waits for it too. */
const MAX_WAIT_MS = 100;
/** A partition with a full queue is left out of a request; the request must not keep it waiting once it has room. */
const SHORT_WAIT_MS = 20;
/** The same when nothing has come for a while: requests are what idleness costs, and records end the wait as soon as they come. */
const QUIET_WAIT_MS = 1_000;
const QUIET_AFTER_MS = 5_000;
const PARTITION_BYTES = 2 * 1_048_576;
/** The same while the streams hold as much as they may together; a broker gives a larger batch all the same. */
const LEAST_BYTES = 65_536;
const REQUEST_BYTES = 16 * 1_048_576;
const RELOCATE_MS = 50;
const MAX_RELOCATE_MS = 500;
/** A position beyond the end, or a topic that no broker knows, is asked for this long: after a restart a broker may lag behind for a moment. */
const PATIENCE_MS = 10_000;

const OFFSET_OUT_OF_RANGE = 1;
const TOPIC_AUTHORIZATION_FAILED = 29;

/** Where a partition begins and ends. */
export type Offsets = (tp: TopicPartition) => Promise<{ readonly earliest: bigint; readonly end: bigint }>;

/** The requests to one broker. */
interface Loop {
  wake: () => void;
  /** When records last came, or a stream was added, ms. */
  busyAt: number;
}

export class Fetcher {
  readonly #cluster: ClusterClient;
  readonly #offsets: Offsets;
  readonly #failures: Failures;
  readonly #streams = new Set<FetchStream>();
  readonly #loops = new Map<number, Loop>();
  /** Streams that have had no leader since their last records. */
  readonly #missing = new Set<FetchStream>();
  /** Since when brokers say that a stream's topic, or its position, does not exist, ms. */
  readonly #refused = new Map<FetchStream, number>();
  readonly prefetched: Prefetched = new Prefetched();
  #relocating = false;
  #closed = false;

  constructor(cluster: ClusterClient, offsets: Offsets, failures: Failures) {
    this.#cluster = cluster;
    this.#offsets = offsets;
    this.#failures = failures;
  }

  add(stream: FetchStream): void {
    this.#streams.add(stream);
    void this.#locate(stream);
  }

  readonly remove = (stream: FetchStream): void => {
    this.#streams.delete(stream);
    this.#missing.delete(stream);
    this.#refused.delete(stream);
  };

  /** A full stream has room again. */
  readonly wake = (): void => {
    for (const loop of this.#loops.values()) loop.wake();
  };

  close(): void {
    this.#closed = true;
    for (const stream of this.#streams) stream.close();
    this.wake();
  }

  async #locate(stream: FetchStream): Promise<void> {
    try {
      await this.#cluster.connect();
      await this.#cluster.addMultipleTargetTopics([stream.topic]);
      this.#assign(stream);
    } catch {
      // Looked for again below.
    }
    if (stream.leader === undefined) this.#lose(stream);
  }

  /** Gives every stream that has lost its leader one, as long as it takes. */
  async #relocate(): Promise<void> {
    if (this.#relocating) return;
    this.#relocating = true;
    const lost = (): FetchStream[] =>
      [...this.#missing].filter(({ leader, hasFailed }) => leader === undefined && !hasFailed);
    for (let waitMs = RELOCATE_MS; !this.#closed && lost().length > 0; waitMs = Math.min(2 * waitMs, MAX_RELOCATE_MS)) {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      try {
        await this.#cluster.connect();
        await this.#cluster.addMultipleTargetTopics(lost().map(({ topic }) => topic));
        await this.#cluster.refreshMetadata();
        for (const stream of lost()) this.#assign(stream);
      } catch {
        // The cluster is not reachable; the readers wait, and readiness shows it.
        for (const stream of lost()) this.#refused.delete(stream);
      }
    }
    this.#relocating = false;
  }

  #assign(stream: FetchStream): void {
    if (!this.#streams.has(stream)) return;
    if (this.#cluster.findTopicPartitionMetadata(stream.topic).length === 0) {
      if (this.#refusedMs(stream) >= PATIENCE_MS)
        stream.fail(new LogError('FATAL', `topic ${stream.topic} does not exist any more`));
      return;
    }
    const [leader] = Object.keys(this.#cluster.findLeaderForPartitions(stream.topic, [stream.partition]));
    if (leader === undefined || Number(leader) < 0) return;
    stream.leader = Number(leader);
    const loop = this.#loops.get(stream.leader);
    if (loop === undefined) return void this.#run(stream.leader);
    loop.busyAt = Date.now();
    loop.wake();
  }

  async #run(node: number): Promise<void> {
    const loop: Loop = { wake: () => {}, busyAt: Date.now() };
    this.#loops.set(node, loop);
    let turn = 0;
    while (!this.#closed) {
      const mine = [...this.#streams].filter(({ leader }) => leader === node);
      if (mine.length === 0) break;
      const wanted = mine.filter(({ hasRoom }) => hasRoom);
      if (wanted.length === 0) {
        await new Promise<void>((resolve) => {
          loop.wake = resolve;
        });
        continue;
      }
      // Brokers fill a response in the order asked: take turns.
      turn += 1;
      const first = turn % wanted.length;
      const order = [...wanted.slice(first), ...wanted.slice(0, first)];
      const quietMs = Date.now() - loop.busyAt;
      const maxWaitMs =
        wanted.length < mine.length ? SHORT_WAIT_MS : quietMs < QUIET_AFTER_MS ? MAX_WAIT_MS : QUIET_WAIT_MS;
      const maxBytes = this.prefetched.isFull ? LEAST_BYTES : PARTITION_BYTES;
      // Of two streams of one partition each is asked for in its turn: an answer does not say whose it is.
      const asked = new Map(order.map((stream) => [`${stream.topic}/${stream.partition}`, stream]));
      try {
        const broker = await this.#cluster.findBroker({ nodeId: node });
        try {
          const raw = await broker.connectionPool.send(
            rawFetch({
              maxWaitMs,
              maxBytes: REQUEST_BYTES,
              topics: [...asked.values()].map(({ topic, partition, fetchOffset }) => ({
                topic,
                partitions: [{ partition, fetchOffset: String(fetchOffset), maxBytes }],
              })),
            }),
          );
          const { errorCode, partitions } = decodeFetchResponse(raw);
          if (errorCode !== 0) throw errorOfCode(errorCode);
          this.#failures.succeeded(`fetch ${node}`);
          for (const each of partitions) {
            if (each.records.length > 0) loop.busyAt = Date.now();
            this.#deliver(each, asked.get(`${each.topic}/${each.partition}`));
          }
        } catch (error) {
          await broker.disconnect().catch(() => {});
          throw error;
        }
      } catch (error) {
        this.#loops.delete(node);
        const failure = this.#failures.of(`fetch ${node}`, error, `fetching from node ${node}`);
        // Also those that were opened meanwhile: no other loop asks for them.
        for (const stream of this.#streams) {
          if (stream.leader !== node) continue;
          if (failure.code === 'FATAL') stream.fail(failure);
          this.#refused.delete(stream);
          this.#lose(stream);
        }
        return;
      }
    }
    this.#loops.delete(node);
  }

  #lose(stream: FetchStream): void {
    if (!this.#streams.has(stream)) return;
    stream.leader = undefined;
    this.#missing.add(stream);
    void this.#relocate();
  }

  /** How long brokers that answered have said the same without a break: a broker that is away says nothing. */
  #refusedMs(stream: FetchStream): number {
    const since = this.#refused.get(stream) ?? Date.now();
    this.#refused.set(stream, since);
    return Date.now() - since;
  }

  #deliver(fetched: FetchedPartition, stream: FetchStream | undefined): void {
    if (stream === undefined || !this.#streams.has(stream)) return;
    const where = `${fetched.topic}[${fetched.partition}]`;
    if (fetched.errorCode !== 0) return this.#refuse(fetched, stream, where);
    this.#missing.delete(stream);
    this.#refused.delete(stream);
    // Others of the same answer have taken what room there was: it is fetched again.
    if (!stream.hasRoom) return;
    try {
      const { records, nextOffset, bytes } = decodeRecords(fetched.records, stream.fetchOffset, fetched.aborted, where);
      stream.deliver(records, nextOffset, fetched.lastStableOffset, bytes);
    } catch (error) {
      stream.fail(
        error instanceof LogError ? error : new LogError('FATAL', `${where}: ${String(error)}`, { cause: error }),
      );
    }
  }

  #refuse({ errorCode }: FetchedPartition, stream: FetchStream, where: string): void {
    if (errorCode === TOPIC_AUTHORIZATION_FAILED) {
      return stream.fail(new LogError('FATAL', `${where}: not authorised to read; grant READ on the topic`));
    }
    if (errorCode === OFFSET_OUT_OF_RANGE) return void this.#outOfRange(stream, where);
    // Everything else is a leader that moved or is not ready, or a topic that the cluster does not know any more: look again.
    this.#lose(stream);
  }

  /** Gone by retention, or beyond the end: data loss is never skipped silently. */
  async #outOfRange(stream: FetchStream, where: string): Promise<void> {
    stream.leader = undefined;
    const at = stream.fetchOffset;
    const bounds = await this.#offsets(stream).catch(() => undefined);
    if (!this.#streams.has(stream)) return;
    if (bounds !== undefined && at < bounds.earliest) {
      const said = `records ${at} to ${bounds.earliest - 1n} of ${where} are gone (retention)`;
      stream.fail(new LogError('GONE', `${said}; reading on would skip them silently`));
    } else if (bounds !== undefined && at > bounds.end && this.#refusedMs(stream) >= PATIENCE_MS) {
      const said = `${where} ends before ${at}: the log has lost its tail, or the position is of another log`;
      stream.fail(new LogError('FATAL', said));
    }
    this.#lose(stream);
  }
}
