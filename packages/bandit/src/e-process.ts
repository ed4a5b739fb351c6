/**
 * Wealth of a mixture of bets against the hypothesis that the challenger's mean reward is not above the champion's.
 *
 * For an observation (a, x) with logged propensity π of the challenger, running mean m before it and v = m(1−m), a bet on an effect of size s is
 *
 *   f = 1 + s·y,   y = ((a − π)(x − m) + π(1 − π)·margin) / v,   a = 1 for the challenger, 0 for the champion
 *
 * which with margin 0 is the likelihood ratio q(x|a) / Σ_b π_b q(x|b) of q(1|challenger) = m + s(1−π), q(1|champion) = m − sπ, and is linear
 * in x, so that rewards in [0, 1] need no other formula. E[f | past] = 1 + s·π(1−π)(θ_challenger − θ_champion + margin)/v: exactly 1 at the
 * edge of the null, at most 1 inside it, whatever the rates are and however they and π move. The mixture E = mean_g Π f_g is therefore an
 * e-process: P(E ever ≥ 1/α) ≤ α (Ville). It needs the π that the arm was really drawn with, and m, s fixed before x is known.
 *
 * Only + − × ÷ and √ touch the state, all of them exactly rounded by IEEE 754: the same outcomes give the same bytes on every machine.
 *
 * Source: the two-sample e-process of Turner, Ly, Grünwald (2106.02693) with logged propensities, as a bet in the sense of Waudby-Smith and
 * Ramdas (2010.09686).
 */
import type { EffectGrid } from './effect-grid.ts';

/**
 * Share of the largest admissible bet. The largest would lose everything at one outcome that m, still a rough guess of a rare event's rate,
 * thinks impossible; at three quarters a bet keeps a quarter of its wealth.
 */
const BOLDEST = 0.75;

/**
 * Wealth below which a bet is not let fall, so that no product underflows and a world that changes is noticed again. Each outcome adds at most
 * this much: 10^15 of them raise α by a relative 10^-14.
 */
const FLOOR = 2 ** -100;
const CEILING = 2 ** 900;

export interface EProcess {
  /** Π f_g / G for each size. Their sum is the e-value. */
  readonly wealth: Float64Array;
  /** Largest e-value so far: what crossed 1/α once has crossed it for the whole test. */
  peak: number;
}

export function createEProcess(grid: EffectGrid): EProcess {
  return { wealth: new Float64Array(grid.sizes.length).fill(1 / grid.sizes.length), peak: 1 };
}

/**
 * Bets on one outcome that the challenger's rewards are higher. "Lower" is the same bet on 1 − x with 1 − m and the negative margin.
 * @param unit what sizes are multiples of
 * @param mean m, in (0, 1); like `unit` a function of the past alone
 * @param challenger a; @param reward x in [0, 1]; @param propensity π in (0, 1)
 * @param margin above 0 to reject "worse by more than this", below 0 to reject "better by at most this", as a difference of means
 * Arguments are not checked here. O(G), allocates nothing.
 */
export function betOnHigher(
  process: EProcess,
  grid: EffectGrid,
  unit: number,
  mean: number,
  challenger: boolean,
  reward: number,
  propensity: number,
  margin: number,
): void {
  const variance = mean * (1 - mean);
  const shift = propensity * (1 - propensity) * margin;
  const product = (challenger ? 1 - propensity : -propensity) * (reward - mean);
  // A challenger that fails or a champion that succeeds: the most that the bet can lose at this outcome.
  const loss = Math.max((1 - propensity) * mean, propensity * (1 - mean)) - shift;
  const most = loss > 0 ? (BOLDEST * variance) / loss : Number.POSITIVE_INFINITY;
  const payoff = (product + shift) / variance;
  const { wealth } = process;
  const { sizes } = grid;
  let sum = 0;
  for (let g = 0; g < wealth.length; g += 1) {
    const size = (sizes[g] as number) * unit;
    let value = (wealth[g] as number) * (1 + (size < most ? size : most) * payoff);
    if (value < FLOOR) value = FLOOR;
    else if (value > CEILING) value = CEILING;
    wealth[g] = value;
    sum += value;
  }
  if (sum > process.peak) process.peak = sum;
}

/** E, at least G·2^-100. */
export function eValueOf({ wealth }: EProcess): number {
  let sum = 0;
  for (let g = 0; g < wealth.length; g += 1) sum += wealth[g] as number;
  return sum;
}

/** ln E. The wealth is clamped, so no term of the sum can be lost and no log-sum-exp is needed. */
export function logEValueOf(process: EProcess): number {
  return Math.log(eValueOf(process));
}

/** For saved-numbers.ts. */
export function visitProcess(process: EProcess, pass: (value: number) => number): void {
  const { wealth } = process;
  for (let g = 0; g < wealth.length; g += 1) wealth[g] = pass(wealth[g] as number);
  process.peak = pass(process.peak);
}
