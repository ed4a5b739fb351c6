/** A scenario through the whole runner on a simulated log: one process without faults, or as many as die on the way. */
import type { LogRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import { Life, type LifeOptions, SimulatedLog } from '@weir/testkit/simulated-log';
import { createMemoryCheckpoints } from '../checkpoints/memory.ts';
import type { CheckpointStore } from '../checkpoints/store.ts';
import { headerText } from '../journal/recorded.ts';
import { replayPartition } from '../journal/replay.ts';
import { type StateMemory, UNBOUNDED } from '../processing/state-memory.ts';
import { RUNNER_DEFAULTS, type Runner, startRunner } from '../runner.ts';
import { createMemoryViews } from '../views/memory.ts';
import { all } from './all.ts';
import type { Scenario } from './scenario.ts';

const PREFIX = 'weir.';
const PROCESS_CALLS = 220;
/** On a log without transactions a run may never get to its end. */
const MAX_PROCESSES = 500;
/** A process that is taken for dead goes on for so long before another takes over, and beside it. */
const ZOMBIE_TURNS = 300;

export class SimulatedRun {
  readonly log: SimulatedLog;
  readonly #scenario: Scenario;
  readonly #checkpoints = createMemoryCheckpoints();
  readonly #memory: StateMemory;
  processes = 0;
  failures = 0;

  /** @param memory absent: no bound */
  constructor(scenario: Scenario, seed: number, memory: StateMemory = UNBOUNDED) {
    this.#scenario = scenario;
    this.#memory = memory;
    this.log = new SimulatedLog(seed);
    for (const record of scenario.control()) this.log.write({ ...record, topic: PREFIX + record.topic });
  }

  /** One process from the first event to the last. */
  async reference(): Promise<readonly string[]> {
    return await this.#run(() => ({}));
  }

  /** As many processes as it takes. @param isAtomic false: a log without transactions, which must be noticed */
  async faults(isAtomic = true): Promise<readonly string[]> {
    return await this.#run(() => ({
      diesAt: this.log.random(1, PROCESS_CALLS),
      failsOneIn: 40,
      losesGroupWithin: 400,
      isAtomic,
    }));
  }

  /** The journal again, by a process that only reads. Undefined when every output is there byte for byte. */
  async replayed(): Promise<unknown> {
    const { processor } = this.#scenario;
    const log = new Life(this.log);
    const report = await replayPartition({ log, topicPrefix: PREFIX, partition: 0, processor });
    return report.difference ?? report.otherState;
  }

  async #run(lot: () => LifeOptions): Promise<readonly string[]> {
    const {
      events,
      processor,
      outputs = processor.outputs,
      promised = (_, record) => recordText(record),
    } = this.#scenario;
    const zombies: (() => Promise<unknown>)[] = [];
    for (let fed = 0; this.processes < MAX_PROCESSES && !(await this.#isDone()); ) {
      const options = lot();
      const isMortal = options.diesAt !== undefined;
      // Each process finds something new.
      const end = isMortal ? Math.min(events, fed + this.log.random(0, 300)) : events;
      for (; fed < end; fed += 1) {
        const record = this.#scenario.event(fed);
        this.log.write({ ...record, topic: PREFIX + record.topic });
      }
      this.processes += 1;
      const life = new Life(this.log, options);
      const started = this.#start(life);
      // It may die on its way out, too.
      const leave = (): Promise<unknown> => Promise.race([life.died, started.then((runner) => runner.stop())]);
      const isZombie = isMortal && this.log.random(0, 4) === 0;
      await Promise.race([life.died, this.#waitFor(life, fed), ...(isZombie ? [this.log.turns(ZOMBIE_TURNS)] : [])]);
      if (isZombie) zombies.push(leave);
      else await leave();
    }
    for (const leave of zombies) await leave();
    await this.log.settled();
    const found = [...outputs, `${processor.service}.dlq`].flatMap((topic) =>
      this.log.committed(PREFIX + topic).flatMap((record) => {
        const text = promised(topic, record);
        return text === undefined ? [] : [{ place: `${topic} ${placeOf(record)}`, text }];
      }),
    );
    // Data inputs are merged by arrival, which differs from run to run: what is promised then is the order within a key.
    const isMerged = processor.inputs.filter(({ role }) => role === 'data').length > 1;
    if (isMerged) found.sort((a, b) => (a.place < b.place ? -1 : a.place > b.place ? 1 : 0));
    return found.map(({ place, text }) => `${place} ${text}`);
  }

  #start(life: Life): Promise<Runner> {
    const { processor, config, nowMs, effects } = this.#scenario;
    const stored = this.#checkpoints;
    const checkpoints: CheckpointStore = {
      generations: (task) => life.call(() => this.#checkpoints.generations(task)),
      keys: async function* (task, generation) {
        yield* await life.call(() => all(stored.keys(task, generation)));
      },
      save: (task, head, changed) => life.call(() => this.#checkpoints.save(task, head, changed)),
      prune: (task, keep) => life.call(() => this.#checkpoints.prune(task, keep)),
      wholeSnapshot: async () => undefined,
    };
    let turn = 0;
    return startRunner(
      processor,
      { log: life, checkpoints, views: createMemoryViews(), outputViews: () => [] },
      {
        ...RUNNER_DEFAULTS,
        topicPrefix: PREFIX,
        partitions: 1,
        config,
        sliceRecords: 16,
        batchRecords: 48,
        checkpointEveryRecords: 150,
        retryMs: 1,
        fencedRetryMs: 1,
        stateDigestEveryMs: 5,
        stateMemory: this.#memory,
        // Every look at the clock finds it moved, so that ticks fall anywhere.
        now: () => nowMs + (turn += 37),
        monotonic: () => performance.now(),
        ...(effects === undefined ? {} : { effects: effects() }),
      },
      { committed: () => {}, restored: () => {}, failed: () => void (this.failures += 1) },
    );
  }

  async #waitFor(life: Life, events: number): Promise<void> {
    while (!life.isDead && this.#taken() < events) await this.log.changed;
    // What is asked of the world at the end is answered, too.
    while (!life.isDead && (await this.#isAsking())) await Promise.race([this.log.changed, this.log.turns(50)]);
  }

  async #isDone(): Promise<boolean> {
    return this.#taken() >= this.#scenario.events && !(await this.#isAsking());
  }

  /** Answers that are written and not taken, or effects that wait for one; the scenario's effects say which. */
  async #isAsking(): Promise<boolean> {
    return (await this.#scenario.isAsking?.(this.log)) ?? false;
  }

  #taken(): number {
    const data = this.#scenario.processor.inputs.filter(({ role }) => role === 'data').map(({ topic }) => topic);
    return this.log
      .committed(`${PREFIX}${this.#scenario.processor.service}.journal`)
      .flatMap(({ value }) => {
        const { name, event } = decode(value as Uint8Array);
        return name === 'JournalEntry' ? event.steps : [];
      })
      .reduce((sum, { topic, count }) => sum + (topic !== null && data.includes(topic) ? count : 0), 0);
  }
}

/** Whose order counts: the key's, and for dead letters that of the topic they came from. */
function placeOf(record: LogRecord): string {
  return headerText(record, '__streams.errors.topic') ?? Buffer.from(record.key ?? []).toString();
}

/** All of a record that is the same in every run. */
export function recordText({ key, value, headers }: LogRecord): string {
  // Messages name the clock, which is another in each run.
  const told = headers
    .filter(([name]) => name !== '__streams.errors.message')
    .map(([name, content]) => `${name}=${Buffer.from(content).toString('base64')}`);
  return [key, value]
    .map((bytes) => Buffer.from(bytes ?? []).toString('base64'))
    .concat(told)
    .join(' ');
}
