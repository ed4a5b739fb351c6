/** P8: a challenger that is better on the whole and worse for some. */
import { clopperPearson, type RateBounds } from './clopper-pearson.ts';
import { createMatrix, drawMatrix } from './matrix.ts';
import { runWholeTest, type TestEnd } from './whole-test.ts';
import { segmentWorld } from './worlds.ts';

export interface SegmentResult {
  readonly promoted: RateBounds;
  readonly rolledBack: RateBounds;
  /** Mean over the runs that promoted, and over those that rolled back; NaN without any. */
  readonly outcomesToPromote: number;
  readonly outcomesToRollback: number;
}

/** @param effects of two segments of equal size, as differences of mean rewards */
export function segmentTests(
  effects: readonly [number, number],
  ignoreSegments: boolean,
  { runs, outcomes, seed }: { readonly runs: number; readonly outcomes: number; readonly seed: number },
): SegmentResult {
  const world = segmentWorld(effects);
  const matrix = createMatrix(outcomes);
  const ends: TestEnd[] = [];
  for (let run = 0; run < runs; run += 1) {
    drawMatrix(matrix, world, seed, run);
    const options = {
      alpha: 0.01,
      guard: 0.05,
      leastOutcomes: 0,
      missing: 'zero',
      margin: 0.005,
      ignoreSegments,
    } as const;
    ends.push(runWholeTest(matrix, world, options));
  }
  const promoted = ends.filter(({ verdict }) => verdict === 'promote');
  const rolledBack = ends.filter(({ verdict }) => verdict === 'rollback');
  return {
    promoted: clopperPearson(promoted.length, runs),
    rolledBack: clopperPearson(rolledBack.length, runs),
    outcomesToPromote: meanOf(promoted),
    outcomesToRollback: meanOf(rolledBack),
  };
}

function meanOf(ends: readonly TestEnd[]): number {
  return ends.reduce((sum, { outcomes }) => sum + outcomes, 0) / ends.length;
}
