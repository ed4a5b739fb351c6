/** The short form of P1, which no release goes without: `npm run bench -- promotion p1 --runs 20000` is the long one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { clopperPearson } from './clopper-pearson.ts';
import { decideFile, writeMatrix } from './matrix-file.ts';
import { eProcess, type Rule, ruleNamed } from './rules.ts';
import { EFFECTS, oracleOf, samplesNeeded } from './samples.ts';
import { segmentTests } from './segments.ts';
import { effectWorld, NULL_WORLDS, type World } from './worlds.ts';
import { startWorkers, wrongPromotions, wrongPromotionsOn } from './wrong-promotions.ts';

const ALPHA = 0.01;
const SCALE = { runs: 300, outcomes: 5_000, seed: 7 };

/** Worlds whose rate is above α beyond chance, and the rate over all worlds. With few runs only the lower 99 % bound can convict a world. */
function judge(rule: Rule): { readonly convicted: readonly string[]; readonly rate: number } {
  const found = NULL_WORLDS.map((world) => ({ world, bounds: wrongPromotions(world, rule, ALPHA, SCALE) }));
  return {
    convicted: found.filter(({ bounds }) => bounds.lower > ALPHA).map(({ world }) => world.name),
    rate: found.reduce((sum, { bounds }) => sum + bounds.rate, 0) / found.length,
  };
}

test('P1: no world promotes wrongly more often than α, deciding after every outcome', () => {
  const { convicted, rate } = judge(eProcess);
  expect(convicted).toEqual([]);
  expect(rate).toBeLessThan(ALPHA);
  expect(rate).toBeGreaterThan(0);
});

test('threads count what one thread counts', async () => {
  const world = NULL_WORLDS[1] as World;
  const scale = { runs: 2_500, outcomes: 1_000, seed: 7 };
  const workers = startWorkers(2);
  try {
    const found = await wrongPromotionsOn(workers, world, eProcess, ALPHA, scale);
    expect(found).toEqual(wrongPromotions(world, eProcess, ALPHA, scale));
    expect(found.rate).toBeGreaterThan(0);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
});

test('the same judgement convicts a z-test that peeks', () => {
  const { convicted, rate } = judge(ruleNamed('peeking-z-test'));
  expect(convicted).toContain('stationary');
  expect(convicted.length).toBeGreaterThan(5);
  expect(rate).toBeGreaterThan(3 * ALPHA);
});

test('+5 pp is promoted within 1.3 times the samples of a test that knows it', () => {
  const effect = EFFECTS[2] as (typeof EFFECTS)[number];
  const [row] = samplesNeeded(effect, [eProcess], ALPHA, { runs: 300, seed: 8 });
  expect((row?.mean ?? 0) / oracleOf(effect, ALPHA)).toBeLessThan(1.3);
  expect(row?.power5).toBeGreaterThan(0.97);
});

test('+8/−4 pp in two segments: the harm is found before a promotion', () => {
  const { rolledBack } = segmentTests([0.08, -0.04], false, { runs: 60, outcomes: 60_000, seed: 9 });
  expect(rolledBack.rate).toBeGreaterThan(0.9);
});

test('a matrix written to a file gives the decision of the run it was drawn from', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-matrix-'));
  try {
    const file = join(folder, 'matrix.csv');
    writeMatrix(file, effectWorld(0.7, 0.75), 20_000, 3, 0);
    const decided = await decideFile(file, eProcess, ALPHA);
    expect(decided).toMatchObject({ rule: 'e-process', decision: 'promote', outcomes: 20_000 });
    expect(decided.sample).toBeGreaterThan(500);
    expect(decided.eValue).toBeGreaterThan(100);
    expect(() => writeMatrix(file, { ...(NULL_WORLDS[4] as World) }, 10, 1, 0)).toThrow(/depend on outcomes/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('Clopper–Pearson bounds are the published ones', () => {
  // Two-sided 95 %: 10 of 100 in [.0490, .1762]; none of 30 below .1157.
  const { lower, upper } = clopperPearson(10, 100, 0.95);
  expect(lower).toBeCloseTo(0.049, 4);
  expect(upper).toBeCloseTo(0.17622, 4);
  expect(clopperPearson(0, 30, 0.95)).toMatchObject({ lower: 0, rate: 0 });
  expect(clopperPearson(0, 30, 0.95).upper).toBeCloseTo(0.1157, 3);
  expect(clopperPearson(30, 30, 0.95).upper).toBe(1);
});
