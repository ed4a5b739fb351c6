import type { Columns, QualityEvent } from '../../src/quality/event.ts';
import { type Draws, drawsOf } from '../streams.ts';

export const COLUMNS: Columns = {
  numeric: ['normal', 'lognormal', 'exponential', 'count', 'share', 'zeros', 'sometimes', 'constant', 'loss', 'cauchy'],
  categorical: ['carrier', 'device', 'date', 'maybe'],
  outputs: ['no', 'yes', 'label'],
};
const CARRIERS = ['AA', 'UA', 'DL', 'WN', 'US', 'NW'];

/** An event of a model whose columns cover the laws that rules meet: light and heavy tails, counts, shares, constants, missing values. */
export function cleanEvent(draws: Draws): QualityEvent {
  const exponential = (): number => -Math.log(1 - draws.uniform());
  const yes = draws.uniform();
  return {
    numeric: Float64Array.of(
      50 + 10 * draws.normal(),
      Math.exp(draws.normal()),
      3 * exponential(),
      Math.floor(20 * exponential()),
      draws.uniform(),
      draws.uniform() < 0.95 ? 0 : exponential(),
      draws.uniform() < 0.02 ? Number.NaN : draws.normal(),
      7,
      -exponential(),
      draws.normal() / Math.max(0.3, Math.abs(draws.normal())),
    ),
    categorical: [
      CARRIERS[draws.below(CARRIERS.length)] as string,
      draws
        .below(2 ** 31)
        .toString(16)
        .padStart(8, '0'),
      `2026-0${1 + draws.below(9)}-${10 + draws.below(20)}`,
      draws.uniform() < 0.1 ? null : 'x',
    ],
    outputs: [1 - yes, yes, yes > 0.5 ? 1 : 0],
    version: draws.uniform() < 0.5 ? '1' : '2',
    eventTimeMs: 1_000_000,
  };
}

export function cleanEvents(seed: number, count: number): QualityEvent[] {
  const draws = drawsOf(seed);
  return Array.from({ length: count }, () => cleanEvent(draws));
}
