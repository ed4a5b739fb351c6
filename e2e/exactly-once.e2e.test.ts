/**
 * On a real Kafka: however often the service is killed and the broker restarted, the alerts are those of an undisturbed run, and those
 * that the embedded log gives. A build that writes its journal outside the transaction must fail the same comparison.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createDriftProcessor } from '@weir/drift-detector/processor';
import { createEmbeddedLog } from '@weir/event-log/embedded/log';
import { createKafkaLog } from '@weir/event-log/kafkajs/log';
import type { EventLog } from '@weir/event-log/port';
import { type Cluster, startCluster } from '@weir/kafka/cluster';
import { javaVersion } from '@weir/kafka/jars';
import { createMemoryViews } from '@weir/service-kit/read-views';
import { RUNNER_DEFAULTS, startRunner } from '@weir/service-kit/runner';
import { createSqliteSnapshots } from '@weir/service-kit/snapshot-store';
import { Kafka, logLevel } from 'kafkajs';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONFIG, createTopics, introduction, outputsOf, PARTITIONS, predictions } from './scenario.ts';

const EVENTS = 150_000;
const KILLS = 20;
const BROKER_RESTARTS = 3;
/** How long the broker is away; the longest outlasts sessions, and requests that nobody answers. */
const OUTAGES_MS = [0, 300, 1_000, 12_000, 100];
const SEED = 20_260_101;
const TOPICS = ['alerts', 'drift-detector.dlq'] as const;
/** The three below need nodes that can be killed, so an address or a container will not do. */
const hasJava = (await javaVersion()) !== undefined;
if (!hasJava && process.env['REQUIRE_SERVICES'] === '1')
  throw new Error('these tests need Java 17 and Maven to run a Kafka that they may kill');

describe.skipIf(!hasJava)('exactly once on Kafka (needs Java 17 and Maven)', () => {
  let cluster: Cluster;
  let log: EventLog;
  let folder: string;
  let calm: Readonly<Record<string, readonly string[]>>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'weir-e2e-'));
    cluster = await startCluster();
    log = createKafkaLog({ brokers: cluster.brokers, clientId: 'e2e', replicationFactor: 1 });
    await feed('calm.');
    const detector = new Detector('calm.');
    await detector.finishes();
    await detector.end('SIGTERM');
    calm = await outputs(log, 'calm.');
  });
  afterAll(async () => {
    await log?.close();
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const feed = async (prefix: string, to: EventLog = log): Promise<void> => {
    await introduce(prefix, to);
    await feedPart(prefix, 0, EVENTS, to);
  };
  const introduce = async (prefix: string, to: EventLog): Promise<void> => {
    await createTopics(to, prefix);
    const producer = await to.producer();
    await producer.send(introduction(prefix));
    await producer.close();
  };
  const feedPart = async (prefix: string, from: number, end: number, to: EventLog): Promise<void> => {
    const producer = await to.producer();
    for (let at = from; at < end; at += 5_000) await producer.send(predictions(prefix, at, Math.min(at + 5_000, end)));
    await producer.close();
  };
  const outputs = async (from: EventLog, prefix: string): Promise<Readonly<Record<string, readonly string[]>>> => {
    const found: Record<string, readonly string[]> = {};
    for (const topic of TOPICS)
      for (let partition = 0; partition < PARTITIONS; partition += 1)
        found[`${topic}/${partition}`] = await outputsOf(from, `${prefix}${topic}`, partition);
    return found;
  };

  /** A detector process; its progress is what it says it has committed. */
  class Detector {
    readonly #child: ChildProcess;
    committed = 0;
    #exited = false;
    readonly errors: string[] = [];
    readonly prefix: string;

    constructor(prefix: string, mode: 'whole' | 'broken' = 'whole') {
      this.prefix = prefix;
      const main = join(import.meta.dirname, 'detector.ts');
      const file = join(folder, `${prefix}snapshots.db`);
      this.#child = spawn(process.execPath, [main, cluster.brokers.join(','), prefix, file, mode], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      this.#child.once('exit', () => {
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
        async () => this.#exited || (await taken(this.prefix)) >= EVENTS,
        180_000,
        () => this.errors.join(''),
      );
      if (this.#exited) throw new Error(`the detector ended by itself: ${this.errors.join('')}`);
    }
  }

  /** Predictions that the journals of a run have committed. */
  const taken = async (prefix: string): Promise<number> => {
    const { decode } = await import('@weir/events/codec');
    let count = 0;
    const reader = await log.reader();
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
  };

  /** Kills at seeded points: after so many commits, or so long after the start, so that restores are hit as well as commits. */
  async function storm(prefix: string, kills: number, mode: 'whole' | 'broken'): Promise<readonly string[]> {
    const rng = seeded();
    const restarts = new Set(
      Array.from({ length: BROKER_RESTARTS }, (_, index) => Math.floor(((index + 1) * kills) / (BROKER_RESTARTS + 1))),
    );
    const errors: string[] = [];
    // Each life has fresh input to be killed in.
    const part = EVENTS / (kills + 1);
    const endOf = (life: number): number => Math.round((life + 1) * part);
    for (let kill = 0; kill < kills; kill += 1) {
      await feedPart(prefix, kill === 0 ? 0 : endOf(kill - 1), endOf(kill), log);
      const detector = new Detector(prefix, mode);
      const goal = uniformInt(rng, 400, Math.floor(part / 2));
      const delayMs = uniformInt(rng, 0, 25);
      const inRestore = kill % 5 === 4;
      if (mode === 'whole' && restarts.has(kill)) {
        await detector.commits(0);
        await cluster.kill(1);
        await cluster.start(1);
      }
      if (inRestore) await new Promise((resolve) => setTimeout(resolve, 700 + uniformInt(rng, 0, 2_000)));
      else await detector.commits(goal - 1, 90_000);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      // A broker that is away for a moment is no reason to stop.
      if (detector.exited) throw new Error(`life ${kill} ended by itself: ${detector.errors.join('')}`);
      await detector.end('SIGKILL');
      errors.push(...detector.errors);
      if (kill === 7 && mode === 'whole') await dropGroupOffsets(`${prefix}drift-detector`);
    }
    await feedPart(prefix, endOf(kills - 1), EVENTS, log);
    const last = new Detector(prefix, mode);
    if (mode === 'whole') await last.finishes();
    else
      await until(
        async () => last.exited || (await taken(prefix)) >= EVENTS,
        180_000,
        () => last.errors.join(''),
      );
    await last.end('SIGTERM');
    return [...errors, ...last.errors];
  }

  async function dropGroupOffsets(groupId: string): Promise<void> {
    const kafka = new Kafka({ brokers: [...cluster.brokers], clientId: 'e2e-admin', logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    // The dead member leaves the group with its session.
    await until(
      async () => {
        try {
          await admin.deleteGroups([groupId]);
          return true;
        } catch {
          return false;
        }
      },
      20_000,
      () => `group ${groupId} was not deleted`,
    );
    await admin.disconnect();
  }

  test('the undisturbed run has something to get wrong, and the embedded log gives the same', async () => {
    const alerts = [...(calm['alerts/0'] ?? []), ...(calm['alerts/1'] ?? [])];
    expect(alerts.length).toBeGreaterThan(100);
    expect(calm['drift-detector.dlq/0']?.length).toBeGreaterThan(0);
    const embedded = createEmbeddedLog({ file: join(folder, 'embedded.db') });
    await feed('weir.', embedded);
    let folded = 0;
    const runner = await startRunner(
      createDriftProcessor(CONFIG),
      { log: embedded, snapshots: createSqliteSnapshots(embedded.database), views: createMemoryViews() },
      { ...RUNNER_DEFAULTS, topicPrefix: 'weir.', seed: 'e2e', partitions: PARTITIONS },
      { committed: ({ records }) => void (folded += records), restored: () => {}, failed: () => {} },
    );
    await until(
      async () => folded >= EVENTS,
      60_000,
      () => `${folded} folded`,
    );
    await runner.stop();
    expect(await outputs(embedded, 'weir.')).toEqual(calm);
    await embedded.close();
  });

  test(`${KILLS} SIGKILLs of the service, ${BROKER_RESTARTS} of the broker and deleted group offsets change nothing`, async () => {
    await introduce('storm.', log);
    await storm('storm.', KILLS, 'whole');
    expect(await outputs(log, 'storm.')).toEqual(calm);
  });

  test(`a service outlives its broker: ${OUTAGES_MS.map((ms) => ms / 1_000).join(', ')} s away, at any moment, and nothing changes`, async () => {
    await introduce('outage.', log);
    const rng = seeded();
    const detector = new Detector('outage.');
    for (const [round, downMs] of OUTAGES_MS.entries()) {
      const share = EVENTS / OUTAGES_MS.length;
      await feedPart('outage.', round * share, (round + 1) * share, log);
      await detector.commits(round * share);
      await new Promise((resolve) => setTimeout(resolve, uniformInt(rng, 0, 400)));
      await cluster.kill(1);
      await new Promise((resolve) => setTimeout(resolve, downMs));
      await cluster.start(1);
    }
    await detector.finishes();
    await detector.end('SIGTERM');
    expect(await outputs(log, 'outage.')).toEqual(calm);
  });

  test('a zombie that wakes after its session cannot add to what its successor does', async () => {
    await feed('zombie.');
    const zombie = new Detector('zombie.');
    await zombie.commits(5_000);
    zombie.signal('SIGSTOP');
    const successor = new Detector('zombie.');
    await successor.commits(5_000);
    zombie.signal('SIGCONT');
    await successor.finishes();
    await Promise.all([zombie.end('SIGTERM'), successor.end('SIGTERM')]);
    expect(await outputs(log, 'zombie.')).toEqual(calm);
  });

  test('a build that writes its journal outside the transaction is caught', async () => {
    await introduce('broken.', log);
    await storm('broken.', KILLS, 'broken');
    const found = await outputs(log, 'broken.');
    expect(found).not.toEqual(calm);
    const ids = TOPICS.flatMap((topic) => [...(found[`${topic}/0`] ?? []), ...(found[`${topic}/1`] ?? [])]);
    // Some output came twice.
    expect(new Set(ids).size).toBeLessThan(ids.length);
  });
});

function seeded(): ReturnType<typeof xoroshiro128plus> {
  const rng = xoroshiro128plus(SEED);
  for (let i = 0; i < 64; i += 1) uniformInt(rng, 0, 1);
  return rng;
}

async function until(condition: () => Promise<boolean>, timeoutMs: number, said: () => string): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`still not so after ${timeoutMs} ms: ${said()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
