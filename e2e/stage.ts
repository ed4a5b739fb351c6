/** A Kafka of its own, detectors that are processes on it, and what they were fed and gave. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import { createKafkaLog } from '@weir/event-log/kafkajs/log';
import type { EventLog } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import { type Cluster, startCluster } from '@weir/kafka/cluster';
import { startTcpProxy } from '@weir/testkit/tcp-proxy';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { createTopics, introduction, outputsOf, PARTITIONS, predictions } from './scenario.ts';

export const EVENTS = 150_000;
const SEED = 20_260_101;
export const TOPICS = ['alerts', 'drift-detector.dlq'] as const;

/** Text of every output, per topic and partition. */
export type Outputs = Readonly<Record<string, readonly string[]>>;

export class Stage {
  readonly cluster: Cluster;
  readonly log: EventLog;
  readonly folder: string = mkdtempSync(join(tmpdir(), 'weir-e2e-'));
  /** Where detectors connect. */
  readonly #addresses: readonly string[];

  constructor(cluster: Cluster, addresses: readonly string[] = cluster.brokers) {
    this.cluster = cluster;
    this.#addresses = addresses;
    this.log = createKafkaLog({
      brokers: cluster.brokers,
      clientId: 'e2e',
      replicationFactor: cluster.brokers.length,
    });
  }

  static async start(nodes: 1 | 3): Promise<Stage> {
    return new Stage(await startCluster({ nodes, logTransactions: true }));
  }

  /** One node, with a proxy between it and its detectors that tells of their requests by API key. */
  static async behindProxy(onRequest: (apiKey: number) => void): Promise<Stage> {
    const addresses: string[] = [];
    const cluster = await startCluster({
      nodes: 1,
      logTransactions: true,
      advertise: async (address) => {
        const proxy = await startTcpProxy(address, onRequest);
        addresses.push(proxy.address);
        return proxy.address;
      },
    });
    return new Stage(cluster, addresses);
  }

  async stop(): Promise<void> {
    await this.log.close();
    await this.cluster.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What an undisturbed detector gives. */
  async calm(): Promise<Outputs> {
    await this.feed('calm.');
    const detector = this.detector('calm.');
    await detector.finishes();
    await detector.end('SIGTERM');
    return await this.outputs('calm.');
  }

  detector(prefix: string, mode: 'whole' | 'broken' = 'whole'): Detector {
    return new Detector(this, this.#addresses, prefix, mode);
  }

  async feed(prefix: string, to: EventLog = this.log): Promise<void> {
    await this.introduce(prefix, to);
    await this.feedPart(prefix, 0, EVENTS, to);
  }

  async introduce(prefix: string, to: EventLog = this.log): Promise<void> {
    await createTopics(to, prefix);
    const producer = await to.producer();
    await producer.send(introduction(prefix));
    await producer.close();
  }

  async feedPart(prefix: string, from: number, end: number, to: EventLog = this.log): Promise<void> {
    const producer = await to.producer();
    for (let at = from; at < end; at += 5_000) await producer.send(predictions(prefix, at, Math.min(at + 5_000, end)));
    await producer.close();
  }

  async outputs(prefix: string, from: EventLog = this.log): Promise<Outputs> {
    const found: Record<string, readonly string[]> = {};
    for (const topic of TOPICS)
      for (let partition = 0; partition < PARTITIONS; partition += 1)
        found[`${topic}/${partition}`] = await outputsOf(from, `${prefix}${topic}`, partition);
    return found;
  }

  /** How the outputs of a run differ from a calm one's; undefined when they do not. Then what brokers and snapshots hold is kept, to find the cause in. */
  async difference(prefix: string, calm: Outputs): Promise<string | undefined> {
    const found = await this.outputs(prefix);
    if (isDeepStrictEqual(found, calm)) return undefined;
    const kept = mkdtempSync(join(tmpdir(), 'weir-e2e-kept-'));
    cpSync(this.cluster.folder, join(kept, 'kafka'), { recursive: true });
    cpSync(this.folder, join(kept, 'snapshots'), { recursive: true });
    const differences = Object.entries(calm).flatMap(([place, expected]) => {
      const there = found[place] ?? [];
      const missing = expected.filter((each) => !there.includes(each)).length;
      const strange = there.filter((each) => !expected.includes(each)).length;
      const isOther = there.length !== expected.length || there.some((each, index) => each !== expected[index]);
      return isOther ? [`${place}: ${there.length} of ${expected.length}, ${missing} missing, ${strange} strange`] : [];
    });
    return `${differences.join('; ')}; kept in ${kept}`;
  }

  /** Records in the topic of predictions: no transaction writes there, so offsets are counts. */
  async sent(prefix: string): Promise<number> {
    const admin = await this.log.admin();
    let count = 0;
    for (let partition = 0; partition < PARTITIONS; partition += 1)
      count += Number((await admin.offsets({ topic: `${prefix}predictions`, partition })).end);
    await admin.close();
    return count;
  }

  /** Predictions that the journals of a run have committed. */
  async taken(prefix: string): Promise<number> {
    let count = 0;
    const reader = await this.log.reader();
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      const stream = await reader.open({ topic: `${prefix}drift-detector.journal`, partition }, 'earliest');
      for (
        let batch = await stream.next(500);
        batch !== undefined || stream.lag !== 0n;
        batch = await stream.next(300)
      ) {
        for (const { value } of batch?.records ?? []) {
          const { name, event } = decode(value as Uint8Array);
          if (name !== 'JournalEntry') continue;
          for (const { topic, count: records } of event.steps) if (topic === 'predictions') count += records;
        }
      }
    }
    await reader.close();
    return count;
  }
}

/** Detectors must not outlive the program that started them. */
const living = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** A detector process; its progress is what it says it has committed. */
export class Detector {
  readonly #stage: Stage;
  readonly #child: ChildProcess;
  committed = 0;
  #exited = false;
  readonly errors: string[] = [];
  readonly prefix: string;

  constructor(stage: Stage, addresses: readonly string[], prefix: string, mode: 'whole' | 'broken') {
    this.#stage = stage;
    this.prefix = prefix;
    const main = join(import.meta.dirname, 'detector.ts');
    const file = join(stage.folder, `${prefix}snapshots.db`);
    this.#child = spawn(process.execPath, [main, addresses.join(','), prefix, file, mode], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    living.add(this.#child);
    this.#child.once('exit', () => {
      living.delete(this.#child);
      this.#exited = true;
    });
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      if (/^\d+$/.test(line)) this.committed = Number(line);
    });
    this.#child.stderr?.on('data', (text: Buffer) => this.errors.push(String(text)));
  }

  get exited(): boolean {
    return this.#exited;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#exited) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill(signal);
    await exit;
  }

  /** Whatever happens around it, it has no reason to stop. @throws with what it said, when it has */
  lives(): void {
    if (this.#exited) throw new Error(`the detector ended by itself: ${this.errors.join('')}`);
  }

  /** Until this process has committed more than `records`, or has ended. */
  async commits(records: number, timeoutMs = 60_000): Promise<void> {
    await until(
      async () => this.committed > records || this.#exited,
      timeoutMs,
      () => this.errors.join(''),
    );
  }

  /** Until the journals say that everything was taken, or the process has ended by itself. */
  async finishes(): Promise<void> {
    await until(
      async () => this.#exited || (await this.#stage.taken(this.prefix)) >= EVENTS,
      180_000,
      () => this.errors.join(''),
    );
    this.lives();
  }
}

export function seeded(): ReturnType<typeof xoroshiro128plus> {
  const rng = xoroshiro128plus(SEED);
  for (let i = 0; i < 64; i += 1) uniformInt(rng, 0, 1);
  return rng;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export async function until(condition: () => Promise<boolean>, timeoutMs: number, said: () => string): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`still not so after ${timeoutMs} ms: ${said()}`);
    await sleep(20);
  }
}
