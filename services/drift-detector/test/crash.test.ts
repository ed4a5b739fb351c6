/**
 * The service dies at any of its calls, calls fail before or after they took effect, partitions are lost and come back: on a simulated log,
 * thousands of times from seeds, its outputs are those of a life without all that. What only a real broker does is tested in e2e.
 */
import type { LogRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import { createMemoryViews } from '@weir/service-kit/read-views';
import { RUNNER_DEFAULTS, type Runner, startRunner } from '@weir/service-kit/runner';
import { createMemorySnapshots, type SnapshotStore } from '@weir/service-kit/snapshot-store';
import { predictionOf, referenceSetOf, registrationOf } from '@weir/testkit/events';
import { Life, type LifeOptions, SimulatedLog } from '@weir/testkit/simulated-log';
import { expect, test } from 'vitest';
import { DRIFT_DEFAULTS, type DriftConfig } from '../src/config.ts';
import { createDriftProcessor } from '../src/processor.ts';
import { NOW, record } from './scene.ts';

const MODELS = ['churn', 'fraud', 'price'];
const EVENTS = 2_000;
/** Of a model, from one drift to the next. */
const CYCLE = 100;
const CONFIG: DriftConfig = { ...DRIFT_DEFAULTS, countWindows: [15, 30], readingsPerFalseAlarm: 1e4 };
const WORLDS = 12;
const LIFE_CALLS = 200;
/** A process that is taken for dead goes on for so long before another takes over, and beside it. */
const ZOMBIE_TURNS = 300;

class World {
  readonly log: SimulatedLog;
  readonly #snapshots = createMemorySnapshots();
  lives = 0;
  failures = 0;

  constructor(seed: number) {
    this.log = new SimulatedLog(seed);
    for (const each of introduction()) this.log.write(each);
  }

  /** One life from the first event to the last. */
  async calm(): Promise<readonly string[]> {
    return await this.#run(() => ({}));
  }

  /** As many lives as it takes. */
  async storm(isAtomic = true): Promise<readonly string[]> {
    return await this.#run(() => ({
      diesAt: this.log.random(1, LIFE_CALLS),
      failsOneIn: 40,
      losesGroupWithin: 400,
      isAtomic,
    }));
  }

  async #run(lot: () => LifeOptions): Promise<readonly string[]> {
    const zombies: (() => Promise<unknown>)[] = [];
    for (let fed = 0; this.#taken() < EVENTS; ) {
      const options = lot();
      const isMortal = options.diesAt !== undefined;
      // Each life finds something new.
      const end = isMortal ? Math.min(EVENTS, fed + this.log.random(0, 300)) : EVENTS;
      for (; fed < end; fed += 1) this.log.write(prediction(fed));
      this.lives += 1;
      const life = new Life(this.log, options);
      const started = this.#start(life);
      // It may die on its way out, too.
      const leave = (): Promise<unknown> => Promise.race([life.died, started.then((runner) => runner.stop())]);
      const isZombie = isMortal && this.log.random(0, 4) === 0;
      await Promise.race([life.died, this.#isDone(life, fed), ...(isZombie ? [this.log.turns(ZOMBIE_TURNS)] : [])]);
      if (isZombie) zombies.push(leave);
      else await leave();
    }
    for (const leave of zombies) await leave();
    await this.log.settled();
    return ['alerts', 'drift-detector.dlq'].flatMap((topic) => this.log.committed(`weir.${topic}`).map(shown));
  }

  #start(life: Life): Promise<Runner> {
    const snapshots: SnapshotStore = {
      load: (task) => life.call(() => this.#snapshots.load(task)),
      save: (task, snapshot) => life.call(() => this.#snapshots.save(task, snapshot)),
    };
    const options = { sliceRecords: 16, batchRecords: 48, snapshotEveryRecords: 150, retryMs: 1, fencedRetryMs: 1 };
    let turn = 0;
    return startRunner(
      createDriftProcessor(CONFIG),
      { log: life, snapshots, views: createMemoryViews() },
      // Every look at the clock finds it moved, so that ticks fall anywhere.
      { ...RUNNER_DEFAULTS, ...options, topicPrefix: 'weir.', seed: 's', partitions: 1, now: () => NOW + (turn += 37) },
      { committed: () => {}, restored: () => {}, failed: () => void (this.failures += 1) },
    );
  }

  async #isDone(life: Life, events: number): Promise<void> {
    while (!life.isDead && this.#taken() < events) await this.log.changed;
  }

  #taken(): number {
    return this.log
      .committed('weir.drift-detector.journal')
      .flatMap(({ value }) => {
        const { name, event } = decode(value as Uint8Array);
        return name === 'JournalEntry' ? event.steps : [];
      })
      .reduce((sum, { topic, count }) => sum + (topic === 'predictions' ? count : 0), 0);
  }
}

function introduction() {
  const values = Array.from({ length: 500 }, (_, index) => index / 500);
  const counts = values.map(() => 1);
  return MODELS.flatMap((model) => [
    record('models', registrationOf(['x'], { model, eventTimeMs: NOW - 1e9 })),
    record('references', referenceSetOf({ model, column: 'x', values, counts, eventTimeMs: NOW - 1e9 })),
  ]);
}

/** Three models that drift and return together; now and then one that cannot be read, or whose model nobody knows. */
function prediction(index: number) {
  if (index % 31 === 5) return record('predictions', Buffer.from(`torn ${index}`));
  const turn = Math.floor(index / MODELS.length);
  const x = (turn * 0.618034) % 1;
  const numeric = [turn % CYCLE > CYCLE / 2 ? 0.7 + 0.3 * x : x];
  const model = index % 457 === 7 ? 'stranger' : (MODELS[index % MODELS.length] as string);
  return record('predictions', predictionOf({ model, eventTimeMs: NOW - 1e6 + index, numeric, id: `p${index}` }));
}

function shown({ key, value, headers }: LogRecord): string {
  const told = headers.map(([name, content]) => `${name}=${Buffer.from(content).toString('base64')}`);
  return [key, value]
    .map((bytes) => Buffer.from(bytes ?? []).toString('base64'))
    .concat(told)
    .join(' ');
}

test.each(Array.from({ length: WORLDS }, (_, index) => index + 1))('world %i', async (seed) => {
  const calm = await new World(seed).calm();
  expect(calm.length).toBeGreaterThan(50);
  const world = new World(seed);
  expect(await world.storm()).toEqual(calm);
  expect(world.lives + world.failures).toBeGreaterThan(8);
});

test('what is no transaction is caught', async () => {
  const calm = await new World(1).calm();
  expect(await new World(1).storm(false)).not.toEqual(calm);
});
