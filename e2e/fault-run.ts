/**
 * Two members of one group on one broker, fed without pause, to which everything happens that a plan names: members are killed, also while
 * they restore, and stopped beyond their session; the broker is killed at any moment, and in the moment in which it is told how a transaction
 * ends, with a member killed at its first writing after that.
 */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { predictions } from './scenario.ts';
import { type Detector, type Stage, seeded, sleep } from './stage.ts';

const PRODUCE = 0;
const END_TXN = 26;
const SESSION_MS = 1_500;
const MEMBERS = 2;

/** How often of each. */
export interface FaultPlan {
  /** SIGKILL of a member. */
  readonly kills: number;
  /** SIGKILL of a member, and of its successor while that restores: two kills each. */
  readonly restoreKills: number;
  /** SIGSTOP beyond the session. */
  readonly pauses: number;
  /** SIGKILL of the broker at any moment. */
  readonly outages: number;
  /** SIGKILL of the broker at EndTxn, then of a member at the next Produce. */
  readonly aimed: number;
}

type Kind = keyof FaultPlan;

export interface Tally {
  memberKills: number;
  pauses: number;
  brokerKills: number;
  brokerKillsAtEndTxn: number;
  /** Members that ended though no fault of the plan ended them. */
  endedByThemselves: string[];
  /** Predictions given to the producer, and sends that it refused and that were repeated. */
  fed: number;
  repeatedSends: number;
}

/** Tells of requests that pass a proxy before the broker. */
export class Requests {
  readonly #awaited = new Map<number, () => void>();

  passed(apiKey: number): void {
    const told = this.#awaited.get(apiKey);
    this.#awaited.delete(apiKey);
    told?.();
  }

  /** Resolves with the next request of the kind, or after `timeoutMs`; says which. */
  next(apiKey: number, timeoutMs: number): Promise<boolean> {
    return Promise.race([
      new Promise<boolean>((resolve) => this.#awaited.set(apiKey, () => resolve(true))),
      sleep(timeoutMs).then(() => false),
    ]);
  }
}

export class FaultRun {
  readonly tally: Tally = {
    memberKills: 0,
    pauses: 0,
    brokerKills: 0,
    brokerKillsAtEndTxn: 0,
    endedByThemselves: [],
    fed: 0,
    repeatedSends: 0,
  };
  readonly #stage: Stage;
  readonly #requests: Requests;
  readonly #prefix: string;
  readonly #rng = seeded();
  readonly #members: Detector[];
  /** Of members that were killed. */
  #committedBefore = 0;
  readonly #end = new AbortController();

  constructor(stage: Stage, requests: Requests, prefix: string) {
    this.#stage = stage;
    this.#requests = requests;
    this.#prefix = prefix;
    this.#members = Array.from({ length: MEMBERS }, () => stage.detector(prefix));
  }

  /** Records that members have said they committed: a little less than it was, since they are killed before they can say it. */
  get committed(): number {
    return this.#members.reduce((sum, { committed }) => sum + committed, this.#committedBefore);
  }

  /** Every fault of the plan, in an order that the seed gives, one in each of as many equal parts of the time. */
  async run(plan: FaultPlan, minutes: number, ratePerSecond: number, say: (line: string) => void): Promise<void> {
    const feeding = this.#feed(ratePerSecond);
    const kinds = this.#shuffled(plan);
    const partMs = (minutes * 60_000) / kinds.length;
    const startedMs = performance.now();
    for (const [index, kind] of kinds.entries()) {
      const atMs = startedMs + index * partMs + uniformInt(this.#rng, 0, Math.floor(partMs / 2));
      await sleep(Math.max(0, atMs - performance.now()));
      await this.#replaceEnded();
      await this.#faults[kind]();
      say(`${index + 1} of ${kinds.length}: ${kind}; ${this.tally.fed} fed, ${this.committed} committed`);
    }
    await sleep(Math.max(0, startedMs + minutes * 60_000 - performance.now()));
    this.#end.abort();
    await feeding;
  }

  /** Until the journals have every prediction of the topic. @throws when they do not within `timeoutMs` */
  async finish(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    const expected = await this.#stage.sent(this.#prefix);
    for (;;) {
      await this.#replaceEnded();
      const taken = await this.#stage.taken(this.#prefix);
      if (taken === expected) break;
      if (taken > expected) throw new Error(`the journals have ${taken} predictions, and ${expected} were sent`);
      if (performance.now() > deadline)
        throw new Error(`the journals have ${taken} of ${expected} predictions ${timeoutMs} ms after the last`);
      await sleep(2_000);
    }
    await Promise.all(this.#members.map((member) => member.end('SIGTERM')));
  }

  /** Whatever became of it. */
  async end(): Promise<void> {
    this.#end.abort();
    await Promise.all(this.#members.map((member) => member.end('SIGKILL')));
  }

  readonly #faults: Readonly<Record<Kind, () => Promise<void>>> = {
    kills: async () => {
      const place = this.#anyPlace();
      await this.#kill(place);
      await sleep(uniformInt(this.#rng, 0, 1) * uniformInt(this.#rng, 0, 3_000));
      this.#start(place);
    },
    restoreKills: async () => {
      const place = this.#anyPlace();
      await this.#kill(place);
      this.#start(place);
      await sleep(uniformInt(this.#rng, 500, 2_500));
      await this.#kill(place);
      this.#start(place);
    },
    pauses: async () => {
      const member = this.#members[this.#anyPlace()] as Detector;
      member.signal('SIGSTOP');
      await sleep(SESSION_MS + uniformInt(this.#rng, 500, 4_000));
      member.signal('SIGCONT');
      this.tally.pauses += 1;
    },
    outages: async () => {
      await this.#stage.cluster.kill(1);
      this.tally.brokerKills += 1;
      // One in five outlasts sessions and requests that are not answered.
      await sleep(uniformInt(this.#rng, 0, 4) === 0 ? 12_000 : uniformInt(this.#rng, 0, 2_000));
      await this.#stage.cluster.start(1);
    },
    aimed: async () => {
      if (await this.#requests.next(END_TXN, 30_000)) this.tally.brokerKillsAtEndTxn += 1;
      await sleep(uniformInt(this.#rng, 0, 2));
      await this.#stage.cluster.kill(1);
      this.tally.brokerKills += 1;
      const writes = this.#requests.next(PRODUCE, 10_000);
      await this.#stage.cluster.start(1);
      await writes;
      const place = this.#anyPlace();
      await this.#kill(place);
      this.#start(place);
    },
  };

  #anyPlace(): number {
    return uniformInt(this.#rng, 0, MEMBERS - 1);
  }

  async #kill(place: number): Promise<void> {
    const member = this.#members[place] as Detector;
    await member.end('SIGKILL');
    this.tally.memberKills += 1;
    this.#committedBefore += member.committed;
    member.committed = 0;
  }

  #start(place: number): void {
    this.#members[place] = this.#stage.detector(this.#prefix);
  }

  async #replaceEnded(): Promise<void> {
    for (const [place, member] of this.#members.entries()) {
      if (!member.exited) continue;
      this.tally.endedByThemselves.push(member.errors.slice(-5).join(''));
      this.#committedBefore += member.committed;
      this.#start(place);
    }
  }

  #shuffled(plan: FaultPlan): readonly Kind[] {
    const kinds = Object.entries(plan).flatMap(([kind, count]) => Array.from({ length: count }, () => kind as Kind));
    for (let at = kinds.length - 1; at > 0; at -= 1) {
      const other = uniformInt(this.#rng, 0, at);
      [kinds[at], kinds[other]] = [kinds[other] as Kind, kinds[at] as Kind];
    }
    return kinds;
  }

  /** In portions of uneven size. One whose send fails is sent again: its records may then be in the topic twice, and are twice for every reader. */
  async #feed(ratePerSecond: number): Promise<void> {
    const rng = seeded();
    const startedMs = performance.now();
    let producer = await this.#stage.log.producer();
    for (let index = 0; !this.#end.signal.aborted; ) {
      const due = Math.floor(((performance.now() - startedMs) / 1_000) * ratePerSecond) - index;
      const count = Math.min(due, uniformInt(rng, 1, 2_000));
      if (count > 0) {
        try {
          await producer.send(predictions(this.#prefix, index, index + count));
          index += count;
          this.tally.fed = index;
        } catch {
          this.tally.repeatedSends += 1;
          await producer.close().catch(() => {});
          await sleep(500);
          producer = await this.#producerAgain();
        }
      }
      await sleep(uniformInt(rng, 20, 200));
    }
    await producer.close();
  }

  async #producerAgain(): ReturnType<Stage['log']['producer']> {
    for (;;) {
      try {
        return await this.#stage.log.producer();
      } catch {
        await sleep(500);
      }
    }
  }
}
