/**
 * P14: clients on a bad network while versions come and go. None serves a version longer than a lease after it was rolled back or killed, and no
 * epoch has two versions that are live.
 */
import { createHash, hash } from 'node:crypto';
import type { NewRecord } from '@weir/event-log/port';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { Assigner } from '../../packages/client/src/assigner.ts';
import { keepLease } from '../../packages/client/src/poller.ts';
import { type SplitPlace, splitDocument } from '../../services/promotion/src/decision-log.ts';
import type { Split } from '../../services/promotion/src/state.ts';
import {
  command,
  NOW_MS,
  outcome,
  policySet,
  prediction,
  Stage,
  version,
} from '../../services/promotion/test/scene.ts';
import { VirtualTime } from './virtual-time.ts';

const CLIENTS = 40;
const LEASE_MS = 5_000;
/** Between two steps of the world; clients answer requests at each. */
const STEP_MS = 500;
/** Versions of one model; then the next model begins. */
const VERSIONS = 40;
const POLICY = {
  allocation: { policy: 'fixed', share: 0.5 },
  holdback: { share: 0.1, duration: '1h' },
  cooldown: '1s',
  approval: { required: 0 },
};
const OPERATOR = { id: 'ops', roles: ['*'] };
const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer');

export interface LeaseReport {
  readonly requests: number;
  readonly withoutLease: number;
  readonly ended: number;
  /** Requests that a version answered more than a lease after it had ended. */
  readonly late: number;
  readonly epochs: number;
  /** Epochs in which two versions were live. */
  readonly twice: number;
}

export interface LeaseOptions {
  readonly seed: number;
  /** Requests of each client at a step of the world. */
  readonly perStep: number;
  /** Clients whose clock stands still keep a split for ever: the simulation must see what they do wrong. */
  readonly isBroken?: boolean;
}

/** @param requests at least so many. Deterministic in the seed. */
export async function simulateLeases(requests: number, options: LeaseOptions): Promise<LeaseReport> {
  const report = { requests: 0, withoutLease: 0, ended: 0, late: 0, epochs: 0, twice: 0 };
  for (let model = 0; report.requests < requests; model += 1) {
    const world = new World(`m${model}`, { ...options, seed: options.seed + model });
    const found = await world.run();
    for (const key of Object.keys(report) as (keyof LeaseReport)[]) report[key] += found[key];
  }
  return report;
}

class CutOff extends Error {}

class World {
  readonly #model: string;
  readonly #options: LeaseOptions;
  readonly #random: ReturnType<typeof xoroshiro128plus>;
  readonly #time = new VirtualTime();
  readonly #stage = new Stage();
  readonly #assigners: Assigner[] = [];
  /** When a version lost its traffic, ms of virtual time. */
  readonly #endedMs = new Map<string, number>();
  readonly #live = new Map<number, string>();
  readonly #report = { requests: 0, withoutLease: 0, ended: 0, late: 0, epochs: 0, twice: 0 };
  /** Clients that no answer reaches until then, ms. */
  readonly #cutOffMs: number[] = Array.from({ length: CLIENTS }, () => 0);
  #commands = 0;

  constructor(model: string, options: LeaseOptions) {
    this.#model = model;
    this.#options = options;
    this.#random = xoroshiro128plus(options.seed);
  }

  async run(): Promise<LeaseReport> {
    for (let name = 0; name < VERSIONS; name += 1) this.#feed(version(this.#model, `v${name}`));
    this.#feed(policySet(this.#model, POLICY));
    const stop = new AbortController();
    const clients = Array.from({ length: CLIENTS }, (_, client) => this.#client(client, stop.signal));
    while (this.#stage.state(this.#model).versions.some(({ stage }) => stage === 'shadow')) {
      this.#happen();
      await this.#time.run(this.#time.nowMs + STEP_MS);
      for (const assigner of this.#assigners) this.#request(assigner);
    }
    stop.abort();
    await this.#time.run(this.#time.nowMs + 60_000);
    await Promise.all(clients);
    return this.#report;
  }

  /** Event time goes with virtual time; now and then a test ends, one way or another. */
  #happen(): void {
    const eventTimeMs = NOW_MS - 1e8 + this.#time.nowMs;
    const { champion, test } = this.#stage.state(this.#model);
    const id = `p${eventTimeMs}`;
    this.#feed(prediction(this.#model, { id, version: champion ?? '', eventTimeMs }));
    this.#feed(outcome(this.#model, { predictionId: id, eventTimeMs }));
    if (uniformInt(this.#random, 0, 19) === 0)
      this.#cutOffMs[uniformInt(this.#random, 0, CLIENTS - 1)] = this.#time.nowMs + uniformInt(this.#random, 0, 60_000);
    if (test === null || uniformInt(this.#random, 0, 24) > 0) return this.#note();
    if (test.phase === 'canary' && uniformInt(this.#random, 0, 1) === 0)
      this.#command('break-glass', { version: test.challenger });
    else if (uniformInt(this.#random, 0, 2) === 0) {
      this.#command('kill');
      this.#note();
      this.#command('unfreeze');
      this.#command('unfreeze', {}, 'ops2');
    } else this.#command('rollback');
    this.#note();
  }

  /** What the state says now, as of this moment of virtual time. */
  #note(): void {
    const { versions, splits } = this.#stage.state(this.#model);
    for (const { name, stage } of versions)
      if ((stage === 'rolled-back' || stage === 'killed') && !this.#endedMs.has(name)) {
        this.#endedMs.set(name, this.#time.nowMs);
        this.#report.ended += 1;
      }
    const live = versions.filter(({ stage }) => stage === 'live').map(({ name }) => name);
    const epoch = splits.at(-1)?.epoch ?? 0;
    const known = this.#live.get(epoch);
    if (known === undefined) this.#report.epochs += 1;
    if (live.length !== 1 || (known !== undefined && known !== live[0])) this.#report.twice += 1;
    this.#live.set(epoch, live[0] ?? '');
  }

  #request(assigner: Assigner): void {
    for (let left = this.#options.perStep; left > 0; left -= 1) {
      const { version: answered, routing } = assigner.assign(`u${this.#random.next()}`);
      this.#report.requests += 1;
      if (routing === null) this.#report.withoutLease += 1;
      const endedMs = this.#endedMs.get(answered);
      if (endedMs !== undefined && this.#time.nowMs > endedMs + LEASE_MS) this.#report.late += 1;
    }
  }

  #feed(record: NewRecord): void {
    this.#stage.feed(record);
  }

  #command(action: string, subject: Readonly<Record<string, string>> = {}, id = OPERATOR.id): void {
    this.#commands += 1;
    const principal = { ...OPERATOR, id };
    this.#feed(command(this.#model, { id: `c${this.#commands}`, action, subject, principal, reason: 'drill' }));
  }

  /** The client as it is shipped; its clock began at a time of its own. */
  #client(client: number, signal: AbortSignal): Promise<void> {
    const skewMs = uniformInt(this.#random, 0, 7_200_000) - 3_600_000;
    const { isBroken = false } = this.#options;
    const monotonic = (): number => (isBroken ? 0 : this.#time.nowMs + skewMs);
    const assigner = new Assigner({ model: this.#model, champion: 'v0', sha256, monotonic });
    this.#assigners.push(assigner);
    const get = async (_: unknown, init?: RequestInit): Promise<Response> => this.#answer(client, init);
    const sleep = async (ms: number): Promise<void> => this.#time.wait(ms);
    const options = {
      url: '',
      model: this.#model,
      assigner,
      monotonic,
      sleep,
      fetch: get as typeof fetch,
      failed: (error: unknown) => {
        if (!(error instanceof CutOff)) throw error;
      },
    };
    return keepLease(options, signal);
  }

  /** An answer is made at a moment between the question and its receipt; either way may take seconds. */
  async #answer(client: number, init?: RequestInit): Promise<Response> {
    await this.#time.wait(this.#delayMs());
    const { place, split } = this.#stage.view('split', this.#model) as unknown as { place: SplitPlace; split: Split };
    const etag = createHash('sha256').update(JSON.stringify({ place, split })).digest('hex');
    const known = new Headers(init?.headers).get('if-none-match');
    await this.#time.wait(this.#delayMs());
    if ((this.#cutOffMs[client] as number) > this.#time.nowMs) throw new CutOff();
    if (known === etag) return new Response(null, { status: 304 });
    const document = splitDocument(place, split, { leaseMs: LEASE_MS }, Math.ceil(this.#time.nowMs) + LEASE_MS);
    return new Response(JSON.stringify(document), { headers: { etag } });
  }

  #delayMs(): number {
    const slow = uniformInt(this.#random, 0, 49) === 0 ? 20_000 : 100;
    return slow * uniformFloat64(this.#random);
  }
}
