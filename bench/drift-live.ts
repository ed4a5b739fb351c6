/**
 * The detector as it is deployed, on a real Kafka and Redis under a steady stream: how soon an alert can be read, what idleness costs, and
 * how long a partition stands still when processes come and go, or the broker does. Beside the alerts, a plain kafkajs consumer reads the
 * predictions.
 *   npm run bench -- drift-live [alerts] [handover] [outage] [rebalance] [idle]
 */
import { createKafkaLog } from '@weir/event-log/kafkajs/log';
import type { EventLog } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import { topicName } from '@weir/events/topics';
import { startCluster } from '@weir/kafka/cluster';
import { findRedis } from '@weir/testkit/redis';
import { LiveDetector } from './live/detector.ts';
import { longestGaps, watchJournal } from './live/journal.ts';
import { introduce, type Place, startLoad } from './live/load.ts';
import { cpuOfIdleness, recordsAsTheyCome } from './peers/raw-consumer.ts';

const PARTS = ['alerts', 'handover', 'outage', 'rebalance', 'idle'] as const;
const PARTITIONS = 2;
const PER_SECOND = 2_000;
const ALERTS_S = 40;
const IDLE_S = 30;
const ROUNDS = 3;
const REBALANCE = { members: 3, partitions: 24, perSecond: 5_000, settleMs: 10_000 };
const OUTAGE_MS = 10_000;
/** Predictions of which the plain consumer takes the time: one in so many. */
const SAMPLED = 20;

const asked = process.argv.slice(3);
const stray = asked.find((part) => !PARTS.some((known) => known === part));
if (stray !== undefined) {
  process.stderr.write(`no part ${JSON.stringify(stray)}; the parts are ${PARTS.join(', ')}\n`);
  process.exit(2);
}
const has = (part: (typeof PARTS)[number]): boolean => asked.length === 0 || asked.includes(part);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const redis = await findRedis();
if ('skip' in redis) throw new Error(`this benchmark needs a Redis: ${redis.skip}`);

if (has('alerts') || has('handover') || has('outage')) {
  await onCluster(1, async (log, cluster) => {
    const place = { log, prefix: 'live.', partitions: PARTITIONS };
    await introduce(place);
    const start = (): LiveDetector => new LiveDetector(cluster.brokers, redis.url, place.prefix, PARTITIONS);
    let detector = start();
    const load = await startLoad(place, PER_SECOND);
    const journal = await watchJournal(place);
    // The first windows are full.
    await sleep(10_000);
    if (has('alerts')) {
      await latencies(place, cluster.brokers);
      console.log(`resident: ${Math.round(detector.residentMiB)} MiB`);
    }
    if (has('handover')) {
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        const gaps: number[] = [];
        for (let round = 0; round < ROUNDS; round += 1) {
          const successor = start();
          await sleep(8_000);
          const from = Date.now();
          await detector.end(signal);
          await sleep(12_000);
          successor.check();
          gaps.push(Math.max(...longestGaps(journal.commits, from, Date.now())));
          detector = successor;
        }
        console.log(`${signal} of one of two processes: a partition stands still for ${seconds(gaps)}`);
      }
    }
    if (has('outage')) {
      const resumed: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        await cluster.kill(1);
        await sleep(OUTAGE_MS);
        await cluster.start(1);
        const serves = Date.now();
        await sleep(12_000);
        detector.check();
        for (let partition = 0; partition < PARTITIONS; partition += 1) {
          const first = journal.commits.find((commit) => commit.partition === partition && commit.atMs >= serves);
          resumed.push(first === undefined ? Number.NaN : first.atMs - serves);
        }
      }
      console.log(`broker away for ${OUTAGE_MS / 1_000} s: the next commit ${seconds(resumed)} after it serves again`);
    }
    await load.stop();
    await journal.stop();
    await detector.end('SIGTERM');
  });
}

if (has('rebalance')) {
  await onCluster(1, async (log, cluster) => {
    const { members, partitions, perSecond, settleMs } = REBALANCE;
    const place = { log, prefix: 'rebalance.', partitions };
    await introduce(place);
    const start = (): LiveDetector => new LiveDetector(cluster.brokers, redis.url, place.prefix, partitions);
    const detectors = Array.from({ length: members }, start);
    const load = await startLoad(place, perSecond);
    const journal = await watchJournal(place);
    await sleep(2 * settleMs);
    const calmFrom = Date.now();
    await sleep(settleMs);
    const gapsSince = async (fromMs: number): Promise<readonly number[]> => {
      await sleep(settleMs);
      for (const each of detectors) each.check();
      return longestGaps(journal.commits, fromMs, Date.now());
    };
    const calm = longestGaps(journal.commits, calmFrom, Date.now());
    const joins: number[] = [];
    const leaves: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const from = Date.now();
      detectors.push(start());
      joins.push(...(await gapsSince(from)));
      const leaving = detectors.shift();
      const left = Date.now();
      await leaving?.end('SIGTERM');
      leaves.push(...(await gapsSince(left)));
    }
    const shown = (gaps: readonly number[]): string => `p50 ${quantile(gaps, 0.5)} ms, p99 ${quantile(gaps, 0.99)} ms`;
    console.log(
      `${partitions} partitions, ${members} members, ${perSecond} events/s; longest pause of a partition in ${settleMs / 1_000} s: ` +
        `undisturbed ${shown(calm)}; a member joins ${shown(joins)}; one leaves ${shown(leaves)}`,
    );
    await load.stop();
    await journal.stop();
    await Promise.all(detectors.map((each) => each.end('SIGTERM')));
  });
}

if (has('idle')) {
  await onCluster(3, async (log, cluster) => {
    await introduce({ log, prefix: 'idle.', partitions: PARTITIONS });
    const detector = new LiveDetector(cluster.brokers, redis.url, 'idle.', PARTITIONS);
    await sleep(15_000);
    const before = detector.cpuSeconds;
    await sleep(IDLE_S * 1_000);
    const ours = ((detector.cpuSeconds - before) / IDLE_S) * 1_000;
    await detector.end('SIGTERM');
    const theirs = ((await cpuOfIdleness(cluster.brokers, topicName('idle.', 'predictions'), IDLE_S)) / IDLE_S) * 1_000;
    console.log(
      `idle on three brokers: ${ours.toFixed(1)} ms of CPU a second; a plain kafkajs consumer ${theirs.toFixed(1)}`,
    );
  });
}
await redis.stop();

async function onCluster(
  nodes: 1 | 3,
  run: (log: EventLog, cluster: Awaited<ReturnType<typeof startCluster>>) => Promise<void>,
): Promise<void> {
  const cluster = await startCluster({ nodes });
  const log = createKafkaLog({ brokers: cluster.brokers, clientId: 'bench' });
  try {
    await run(log, cluster);
  } finally {
    await log.close();
    await cluster.stop();
  }
}

/** From the event that caused it to the alert in the hands of a reader of committed records; and of any event to a plain consumer. */
async function latencies({ log, prefix, partitions }: Place, brokers: readonly string[]): Promise<void> {
  const plain = recordsAsTheyCome(brokers, topicName(prefix, 'predictions'), ALERTS_S, SAMPLED);
  const alerts: number[] = [];
  const reader = await log.reader();
  const until = Date.now() + ALERTS_S * 1_000;
  const follow = async (partition: number): Promise<void> => {
    const stream = await reader.open({ topic: topicName(prefix, 'alerts'), partition }, 'latest');
    while (Date.now() < until) {
      const batch = await stream.next(100);
      const now = Date.now();
      for (const { value } of batch?.records ?? []) {
        const { name, event } = decode(value as Uint8Array);
        if (name === 'AlertRaised' || name === 'AlertResolved') alerts.push(now - event.eventTimeMs);
      }
    }
  };
  await Promise.all(Array.from({ length: partitions }, (_, partition) => follow(partition)));
  await reader.close();
  const raw = (await plain).flatMap(({ atMs, value }) => {
    const { name, event } = decode(Buffer.from(value, 'base64'));
    return name === 'PredictionLogged' ? [atMs - event.eventTimeMs] : [];
  });
  const shown = (values: readonly number[]): string =>
    `p50 ${quantile(values, 0.5)} ms, p99 ${quantile(values, 0.99)} ms (${values.length.toLocaleString('en')})`;
  console.log(`event sent to alert read: ${shown(alerts)}; event to a plain kafkajs consumer: ${shown(raw)}`);
}

function quantile(values: readonly number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(q * (values.length - 1))] ?? Number.NaN;
}

function seconds(ms: readonly number[]): string {
  const shown = (value: number): string => (value / 1_000).toFixed(1);
  return `${shown(quantile(ms, 0.5))} s (${shown(Math.min(...ms))} to ${shown(Math.max(...ms))}, ${ms.length} times)`;
}
