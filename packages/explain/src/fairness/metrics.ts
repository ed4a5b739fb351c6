/** What is measured of each group, in the order in which bets are kept. */
import type { RateMetric } from './counts.ts';
import type { Harm } from './tolerance-bet.ts';

export type Metric = RateMetric | 'over-estimation' | 'under-estimation';
export const RATES: readonly RateMetric[] = [
  'selection-rate',
  'true-positive-rate',
  'false-positive-rate',
  'positive-predictive-value',
];
/** In the order of bets within a group. A high false positive rate is harm, a low one of the others. */
export const METRICS: readonly Metric[] = [...RATES, 'over-estimation', 'under-estimation'];
export const OVER: number = 4;
export const UNDER: number = 5;

export function harmOf(metric: number): Harm {
  return metric === 2 ? 'high' : 'low';
}
