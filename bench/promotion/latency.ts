/** P10: from the record that makes an outcome mature to the committed decision, to the split on its topic, to every client; under traffic of other models. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NewRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import type { TrafficSplitSet } from '@weir/events/generated/events';
import { CONFIG, entryIn, NOW_MS, policySet, Stage, traffic, version } from '../../services/promotion/test/scene.ts';
import { type Client, held, type LiveService } from './live-service.ts';

const START_MS = NOW_MS - 1e9;
const PAIRS = 300;
const CLIENTS = 20;
/** Events of other models, a second, in so many requests. */
const AMPLE = 1_000;
const REQUESTS = 50;

export interface Latencies {
  /** ms, ascending. */
  readonly promoted: readonly number[];
  readonly published: readonly number[];
  readonly inForce: readonly number[];
}

/** A model up to the one record that decides, which is the last. */
function upToDecision(model: string, fails: object, kind: string): NewRecord[] {
  const stage = new Stage({ ...CONFIG, allowedLatenessMs: 0 });
  const records: NewRecord[] = [];
  const all = [version(model, 'a'), version(model, 'b'), policySet(model), ...traffic(model, PAIRS, START_MS, fails)];
  for (const record of all) {
    stage.feed(record);
    records.push(record);
    if (stage.kinds.includes(kind)) return records;
  }
  throw new Error(`${model} comes to no decision ${kind}`);
}

/** @param decisions of each kind */
export async function measureLatencies(service: LiveService, decisions: number): Promise<Latencies> {
  const entries = new Map<string, number>();
  const splits = new Map<string, number>();
  const unfollow = [
    await service.follow('governance-log', ({ value }, atMs) => {
      const { model, decision } = entryIn(value as Uint8Array);
      entries.set(`${model} ${decision.action}`, atMs);
    }),
    await service.follow('traffic-splits', ({ value }, atMs) => {
      const { model, arms } = decode(value as Uint8Array).event as TrafficSplitSet;
      splits.set(`${model} ${Object.keys(arms).length}`, atMs);
    }),
  ];
  const others = ampleTraffic(service);
  const found = { promoted: [] as number[], published: [] as number[], inForce: [] as number[] };
  for (let index = 0; index < decisions; index += 1) {
    const model = `up${index}`;
    const sentMs = await decideLast(service, upToDecision(model, {}, 'promoted'));
    await held(() => entries.has(`${model} promoted`), 10_000, `${model} is promoted`);
    found.promoted.push((entries.get(`${model} promoted`) as number) - sentMs);
  }
  for (let index = 0; index < decisions; index += 1) {
    const model = `down${index}`;
    const records = upToDecision(model, { championFails: 10, challengerFails: 2 }, 'rolled-back');
    await service.send(records.slice(0, 3));
    const clients = await leased(service, model);
    splits.delete(`${model} 1`);
    const sentMs = await decideLast(service, records.slice(3));
    await held(() => splits.has(`${model} 1`), 10_000, `the split of ${model} is published`);
    found.published.push((splits.get(`${model} 1`) as number) - sentMs);
    const isOver = ({ assigner }: Client): boolean => assigner.split?.arms['b'] === undefined;
    found.inForce.push((await held(() => clients.every(isOver), 10_000, `all clients of ${model}`)) - sentMs);
    await Promise.all(clients.map((client) => client.stop()));
  }
  await others.stop();
  for (const stop of unfollow) await stop();
  const ascending = (values: number[]): number[] => values.sort((a, b) => a - b);
  return {
    promoted: ascending(found.promoted),
    published: ascending(found.published),
    inForce: ascending(found.inForce),
  };
}

/** All but the last are processed when it is sent. @returns when that was */
async function decideLast(service: LiveService, records: readonly NewRecord[]): Promise<number> {
  await service.send(records.slice(0, -1));
  await sleep(400);
  const sentMs = performance.now();
  await service.send(records.slice(-1));
  return sentMs;
}

async function leased(service: LiveService, model: string): Promise<readonly Client[]> {
  // Their polls are spread over a second, as those of processes are.
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, async (_, index) => {
      await sleep((index * 1_000) / CLIENTS);
      return service.client(model);
    }),
  );
  await held(
    () => clients.every(({ assigner }) => assigner.split?.arms['b'] !== undefined),
    10_000,
    `splits of ${model}`,
  );
  return clients;
}

/** A model that is under test all the time. */
function ampleTraffic(service: LiveService): { stop(): Promise<void> } {
  let isStopping = false;
  const run = async (): Promise<void> => {
    const duration = { min: '100d', max: '200d' };
    await service.send([version('ample', 'a'), version('ample', 'b'), policySet('ample', { duration })]);
    const even = { championFails: 10, challengerFails: 10 };
    for (let round = 0; !isStopping; round += 1) {
      const pairs = AMPLE / REQUESTS / 4;
      const prefix = `r${round}-`;
      await service.send([...traffic('ample', pairs, START_MS + round * pairs * 100, { ...even, prefix })]);
      await sleep(1_000 / REQUESTS);
    }
  };
  const running = run();
  return {
    stop: async () => {
      isStopping = true;
      await running;
    },
  };
}
