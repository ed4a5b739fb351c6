/**
 * The promises of the kit, tested on one processor: any cut of the run, any restore, any read in between and any crash give the bytes of
 * an undisturbed run, and the journal gives them again.
 */
import { isDeepStrictEqual } from 'node:util';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, test } from 'vitest';
import type { AnyFold } from '../journal/replayer.ts';
import { StateMemory } from '../processing/state-memory.ts';
import { foldRun, newFold, restoredFold } from './fold-run.ts';
import type { GoldenState, Scenario } from './scenario.ts';
import { SimulatedRun } from './simulated-run.ts';

const SEEDS = [1, 2, 3];
const SLICE = 97;
const DEFAULT_FAULT_RUNS = 24;
const NEGATIVE_RUNS = 8;

/** At every eighth look there is none: all states go to disk. */
class ScarceMemory extends StateMemory {
  #looks = 0;

  constructor() {
    super(0);
  }

  override get share(): number {
    this.#looks += 1;
    return this.#looks % 8 === 0 ? 0 : Number.POSITIVE_INFINITY;
  }
}

export function describeProcessor(name: string, scenario: Scenario): void {
  describe(`${name} as a processor`, () => {
    const whole = foldRun(scenario, { cut: () => scenario.events });
    describeFold(scenario, whole);
    describeRunner(scenario);
    test.each(scenario.golden ?? [])('goes on from a state of $name', (state) => {
      expect(outputsAfter(scenario, state)).toEqual(state.outputIds);
    });
  });
}

function describeFold(scenario: Scenario, whole: ReturnType<typeof foldRun>): void {
  test('the scenario has outputs and refusals', () => {
    expect(whole.outputs.length).toBeGreaterThanOrEqual(scenario.minOutputs);
    expect(new Set(whole.rejections.map((each) => each.split(' ')[1])).size).toBeGreaterThan(1);
  });

  test('one event at a time gives the same', () => {
    expect(foldRun(scenario, { cut: () => 1 })).toEqual(whole);
  });

  test.each(SEEDS)('any cut gives the same (seed %i)', (seed) => {
    expect(foldRun(scenario, { cut: cutsOf(seed) })).toEqual(whole);
  });

  test.each(SEEDS)('restored from its bytes at any place it goes on the same (seed %i)', (seed) => {
    const between = (fold: AnyFold): AnyFold => restoredFold(fold, scenario);
    expect(foldRun(scenario, { cut: cutsOf(seed), between })).toEqual(whole);
  });

  test.each([0, 0.5])('with memory for %d of its states it goes on the same', (share) => {
    const most = { spilled: 0, memoryBytes: 0 };
    const between = (fold: AnyFold): AnyFold => {
      most.spilled = Math.max(most.spilled, fold.keys.spilled);
      most.memoryBytes = Math.max(most.memoryBytes, fold.keys.memoryBytes);
      return fold;
    };
    foldRun(scenario, { cut: () => SLICE, between, memory: new StateMemory(Number.MAX_SAFE_INTEGER) });
    expect(most.spilled).toBe(0);
    const memory = new StateMemory(share * most.memoryBytes);
    expect(foldRun(scenario, { cut: () => SLICE, between, memory })).toEqual(whole);
    expect(most.spilled).toBeGreaterThan(0);
  });

  test.each(SEEDS)('reading it at any place changes nothing (seed %i)', (seed) => {
    const random = xoroshiro128plus(seed);
    const between = (fold: AnyFold): AnyFold => {
      const reads = [
        () => fold.keys.takeUnpublished(),
        () => [...fold.keys.allViews()],
        () => [...fold.keys.records()],
        () => fold.keys.digest(fold.clockMs),
        () => fold.keys.takeUnasked(),
        () => [...fold.keys.summaries()],
      ];
      for (let left = uniformInt(random, 0, 3); left > 0; left -= 1) reads[uniformInt(random, 0, reads.length - 1)]?.();
      return fold;
    };
    expect(foldRun(scenario, { cut: cutsOf(seed), between })).toEqual(whole);
  });

  test('a refused event leaves nothing behind', () => {
    const refused = new Set(whole.rejections.map((each) => Number(each.split(' ')[0])));
    const without = foldRun(scenario, { cut: () => scenario.events, skip: refused });
    expect(without.rejections).toEqual([]);
    expect(without.outputs).toEqual(whole.outputs);
    expect(without.digest).toBe(whole.digest);
  });
}

function describeRunner(scenario: Scenario): void {
  const runs = Array.from({ length: scenario.faultRuns ?? DEFAULT_FAULT_RUNS }, (_, index) => index + 1);

  test.each(runs)('dying at any call of the log changes no output, and the journal replays (run %i)', async (seed) => {
    const reference = await new SimulatedRun(scenario, seed).reference();
    expect(reference.length).toBeGreaterThanOrEqual(scenario.minOutputs);
    const run = new SimulatedRun(scenario, seed, seed === 2 ? new ScarceMemory() : undefined);
    expect(await run.faults()).toEqual(reference);
    expect(run.processes + run.failures).toBeGreaterThan(4);
    expect(await run.replayed()).toBeUndefined();
  });

  test('a log without transactions is noticed', async () => {
    expect(await isNoticed(scenario)).toBe(true);
  });
}

/** One of a few runs at least differs: what a death leaves half written may by chance be what comes again. */
async function isNoticed(scenario: Scenario): Promise<boolean> {
  for (let seed = 1; seed <= NEGATIVE_RUNS; seed += 1) {
    const reference = await new SimulatedRun(scenario, seed).reference();
    const found = await new SimulatedRun(scenario, seed).faults(false);
    if (!isDeepStrictEqual(found, reference)) return true;
  }
  return false;
}

function outputsAfter(scenario: Scenario, { key, stateVersion, bytes, next }: GoldenState): readonly string[] {
  const fold = newFold(scenario);
  fold.load({ key, stateVersion, bytes });
  const ids: string[] = [];
  const sink = { output: ({ id }: { readonly id: string }) => void ids.push(id), reject: () => {} };
  for (const [index, { topic, key: recordKey, value, headers = [] }] of next.entries())
    fold.records(topic, [{ offset: BigInt(index), key: recordKey, value, headers, timestampMs: 0 }], sink);
  return ids;
}

function cutsOf(seed: number): () => number {
  const random = xoroshiro128plus(seed);
  return () => uniformInt(random, 1, 40);
}
