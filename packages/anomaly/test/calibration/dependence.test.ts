import { expect, test } from 'vitest';
import { BudgetCalibration } from '../../src/calibration/budget.ts';
import { drawsOf } from '../streams.ts';

/** Of scores of which each keeps so large a part of the one before. */
function dependenceAt(part: number, events: number, seed: number) {
  const draws = drawsOf(seed);
  const budget = new BudgetCalibration(0.01);
  let score = 0;
  for (let i = 0; i < events; i += 1) {
    score = part * score + (1 - part) * draws.uniform();
    budget.add(score);
  }
  return budget.dependence;
}

test('independent scores are seldom called dependent, those that keep a half of the one before always, once the ring has come round too', () => {
  let wrong = 0;
  for (let seed = 0; seed < 200; seed += 1) if (dependenceAt(0, 1_500, seed).isDependent) wrong += 1;
  expect(wrong).toBeLessThanOrEqual(4);
  for (let seed = 0; seed < 20; seed += 1) {
    const { lagOne, isDependent } = dependenceAt(0.5, 1_500, seed);
    expect(isDependent).toBe(true);
    expect(Math.abs(lagOne - 0.5)).toBeLessThan(0.15);
  }
});
