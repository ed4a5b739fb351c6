/** The promise of the e-detector, by simulation: the mean run to a false alarm is at least A, whatever the scores depend on. */
import { expect, test } from 'vitest';
import { MeanAbove } from '../../src/performance/mean-above.ts';
import { scoresOf } from '../../src/performance/scores.ts';
import { stream } from './stream.ts';

const A = 300;
const RUNS = 6_000;
const LONGEST = 20 * A;

/** Mean run length, cut at LONGEST, and its standard error. */
function runLengths(next: (run: number) => () => number, floor: number, level: number) {
  let [sum, squares] = [0, 0];
  for (let run = 0; run < RUNS; run += 1) {
    const score = next(run);
    const detector = new MeanAbove(floor, level);
    let t = 0;
    while (detector.statistic < A && t < LONGEST) {
      detector.add(score(), t);
      t += 1;
    }
    sum += t;
    squares += t * t;
  }
  const mean = sum / RUNS;
  return { mean, error: Math.sqrt((squares / RUNS - mean * mean) / RUNS) };
}

/** Mean 0 given the past, and strongly dependent all the same: the spread follows the last score. */
function dependent(run: number): () => number {
  const draw = stream(1_000 + run);
  let last = 1;
  return () => {
    const size = Math.abs(last) > 0.5 ? 0.2 : 1;
    last = draw(0).p < 0.25 ? size : -size;
    return last;
  };
}

const CASES = [
  { name: 'residuals', score: 0, floor: -1, level: 0 },
  { name: 'log loss', score: 1, floor: 0, level: undefined },
  { name: 'errors', score: 2, floor: 0, level: 0.25 },
] as const;

test.each(CASES)('$name of a calibrated model: no alarm before A on average, 99.9 %', ({ score, floor, level }) => {
  const scoreOf = (run: number) => {
    const draw = stream(run + 1);
    return () => {
      const { p, y } = draw(0);
      return scoresOf(p, y)[score];
    };
  };
  const draw = scoreOf(999_999);
  const mean = Array.from({ length: 400_000 }, draw).reduce((a, b) => a + b, 0) / 400_000;
  const { mean: length, error } = runLengths(scoreOf, floor, level ?? mean);
  expect(length - 3.1 * error).toBeGreaterThan(A);
});

test('scores that depend on each other keep it, as long as their mean given the past does', () => {
  const { mean, error } = runLengths(dependent, -1, 0);
  expect(mean - 3.1 * error).toBeGreaterThan(A);
});

test('the detector is no dead one: without its level it alarms at once', () => {
  const { mean } = runLengths((run) => () => stream(run + 1)(0.9).y, -1, 0.1);
  expect(mean).toBeLessThan(A / 5);
});
