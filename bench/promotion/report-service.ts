/** Tables of the bars that the service itself meets: time to a decision, rates, leases, the kill drill. */
import { rmSync } from 'node:fs';
import { type Cluster, startCluster } from '@weir/kafka/cluster';
import { policySet, version } from '../../services/promotion/test/scene.ts';
import { folderOnDisk } from '../governance-log/clock.ts';
import { killDrill } from './kill-drill.ts';
import { measureLatencies } from './latency.ts';
import { simulateLeases } from './leases.ts';
import { LEASE_MS, LiveService } from './live-service.ts';
import { assignmentsPerSecond, joinedBeside, outcomesPerSecond } from './rates.ts';
import { loadSplit } from './split-load.ts';

type Print = (line: string) => void;

const count = (value: number): string => Math.round(value).toLocaleString('en');
const bar = (text: string, isMet: boolean): string => `(bar ${text}: ${isMet ? 'met' : 'MISSED'})`;
const at = (ascending: readonly number[], share: number): number =>
  ascending[Math.min(ascending.length - 1, Math.floor(share * ascending.length))] as number;
const LOAD_SECONDS = 5;

/** Runs on a service of its own, on an embedded log or a Kafka of its own. */
async function onService(
  isKafka: boolean,
  run: (service: LiveService, cluster: Cluster | undefined) => Promise<void>,
): Promise<void> {
  const folder = folderOnDisk();
  const cluster = isKafka ? await startCluster({ nodes: 1 }) : undefined;
  try {
    const service = await LiveService.start(folder, cluster?.brokers);
    try {
      await run(service, cluster);
    } finally {
      await service.stop();
    }
  } finally {
    await cluster?.stop();
    rmSync(folder, { recursive: true });
  }
}

export async function reportLatencies(decisions: number, isKafka: boolean, print: Print): Promise<void> {
  const bars = isKafka ? { p50: Number.POSITIVE_INFINITY, p99: 250 } : { p50: 20, p99: 100 };
  print(
    `\nP10 ${isKafka ? 'Kafka' : 'embedded log'}, ${decisions} decisions of each kind under 1,000 other events a second`,
  );
  await onService(isKafka, async (service) => {
    const { promoted, published, inForce } = await measureLatencies(service, decisions);
    const shown = (values: readonly number[]): string =>
      `p50 ${at(values, 0.5).toFixed(1)} ms, p99 ${at(values, 0.99).toFixed(1)} ms`;
    const isMet = at(promoted, 0.5) <= bars.p50 && at(promoted, 0.99) <= bars.p99;
    const text = isKafka ? 'p99 250 ms' : 'p50 20 ms, p99 100 ms';
    print(`  the record that makes it mature sent → promotion committed: ${shown(promoted)} ${bar(text, isMet)}`);
    print(`  breach sent → weight 0 published: ${shown(published)} ${bar('p99 500 ms', at(published, 0.99) <= 500)}`);
    print(`  breach sent → in force in 20 clients: ${shown(inForce)} ${bar('p99 2 s', at(inForce, 0.99) <= 2_000)}`);
  });
}

export function reportRates(open: number, print: Print): void {
  print('\nP11 rates, each of a CPU-second');
  const outcomes = outcomesPerSecond();
  print(`  outcomes into both e-values: ${count(outcomes)} ${bar('3,000,000', outcomes >= 3e6)}`);
  const joined = joinedBeside(open);
  print(
    `  events joined beside ${count(joined.open)} open predictions: ${count(joined.eventsPerSecond)} ${bar('150,000', joined.eventsPerSecond >= 150_000)}, ${joined.bytesPerOpen.toFixed(0)} bytes an open prediction ${bar('150', joined.bytesPerOpen <= 150)}`,
  );
  print(`  their checkpoint: ${count(joined.savedBytes / 2 ** 20)} MiB in ${(joined.saveSeconds * 1e3).toFixed(0)} ms`);
  const took = 1e6 / assignmentsPerSecond();
  print(`  an assignment of the client: ${took.toFixed(2)} µs ${bar('2 µs', took <= 2)}`);
}

/** The part of P11 that needs a running service. */
export async function reportSplitLoad(print: Print): Promise<void> {
  await onService(false, async (service) => {
    await service.send([version('m', 'a'), version('m', 'b'), policySet('m')]);
    const url = `${service.url}/v1/models/m/split`;
    const etag = await etagOf(url);
    const load = await loadSplit(url, etag, LOAD_SECONDS);
    print(
      `  renewals of a split over REST, 32 clients in a process of their own: ${count(load.perSecond)} a second ${bar('20,000', load.perSecond >= 20_000)}, ${count(load.perCpuSecond)} for each CPU-second of the server, p50 ${load.p50.toFixed(2)} ms, p99 ${load.p99.toFixed(2)} ms ${bar('2 ms', load.p99 <= 2)}`,
    );
  });
}

async function etagOf(url: string): Promise<string> {
  for (let left = 100; left > 0; left -= 1) {
    const answer = await fetch(url);
    await answer.arrayBuffer();
    const etag = answer.headers.get('etag');
    if (answer.ok && etag !== null) return etag;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} answers no split`);
}

/** @returns whether no version answered after its end */
export async function reportLeases(requests: number, seed: number, print: Print): Promise<boolean> {
  print('\nP14 clients on a network that delays, loses and cuts off, while versions come, go live and are rolled back');
  const found = await simulateLeases(requests, { seed, perStep: 100 });
  const { late, twice } = found;
  print(
    `  ${count(found.requests)} requests, ${count(found.withoutLease)} without a lease, ${found.ended} versions rolled back or killed: ${late} requests answered by one more than a lease later ${bar('0', late === 0)}`,
  );
  print(`  ${found.epochs} epochs, ${twice} with two live versions ${bar('0', twice === 0)}`);
  const broken = await simulateLeases(1_000, { seed, perStep: 10, isBroken: true });
  print(`  control: clients whose clock stands still: ${broken.late} of ${count(broken.requests)} requests`);
  return late === 0 && twice === 0 && broken.late > 0;
}

export async function reportDrill(isKafka: boolean, print: Print): Promise<void> {
  print(`\nG3 kill drill, ${isKafka ? 'Kafka' : 'embedded log'}, 20 clients with leases of ${LEASE_MS} ms`);
  await onService(isKafka, async (service, cluster) => {
    const { online, offline, verified } = await killDrill(service, cluster);
    print(
      `  kill command → every client serves the champion alone: ${count(online)} ms ${bar('2 s', online <= 2_000)}`,
    );
    if (offline !== undefined)
      print(
        `  the broker is down, kill switch → every client: ${count(offline)} ms ${bar('a lease', offline <= LEASE_MS)}`,
      );
    print(`  the log of ${verified.entries} entries, kill and drill among them, is sound`);
  });
}
