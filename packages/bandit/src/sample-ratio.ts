/**
 * Guardrail on the split itself: are arms seen as often as they were drawn? Each arrival multiplies the wealth with q(a)/π(a), where
 * q(a) ∝ π(a)·(n_a + κ)/(e_a + κ) leans towards arms that came more often than expected so far. Σ_a π(a)·q(a)/π(a) = 1, so under a faithful
 * split the wealth is a martingale, with any number of arms and however their weights move.
 * Source: Lindon and Malek, Sequential test of multinomial hypotheses (2011.03567), with a plug-in prediction instead of a Dirichlet.
 */
import { BanditError } from './errors.ts';
import { loadNumbers, saveNumbers, type Visit } from './saved-numbers.ts';

/** κ: arrivals of an arm that weigh as much as the belief in the split. Small finds a gross mismatch sooner, large a slight one. */
const PRIOR_ARRIVALS = 100;

/** As in e-process.ts: too small to matter, large enough never to underflow. */
const FLOOR = 2 ** -100;
const CEILING = 2 ** 900;

export const SAMPLE_RATIO_VERSION = 1;

export interface SampleRatio {
  /** n_a and e_a = Σ π(a), one for each arm. */
  readonly arrivals: Float64Array;
  readonly expected: Float64Array;
  wealth: number;
  peak: number;
}

/** @param arms at least 2 */
export function createSampleRatio(arms: number): SampleRatio {
  return { arrivals: new Float64Array(arms), expected: new Float64Array(arms), wealth: 1, peak: 1 };
}

/**
 * @param arm index of the arm that answered; @param propensities of all arms as logged, each in (0, 1), of sum 1
 * @throws {BanditError} BAD_OBSERVATION; the state is unchanged then. O(arms), allocates nothing.
 */
export function observeArrival(state: SampleRatio, arm: number, propensities: ArrayLike<number>): void {
  const { arrivals, expected } = state;
  if (propensities.length !== arrivals.length || !(arm in arrivals))
    throw new BanditError(
      'BAD_OBSERVATION',
      `arm is ${arm} of ${propensities.length} propensities; the test has ${arrivals.length} arms; open a test for other arms`,
    );
  let sum = 0;
  let mass = 0;
  for (let a = 0; a < arrivals.length; a += 1) {
    const propensity = propensities[a] as number;
    if (!(propensity > 0 && propensity < 1)) refuse(`propensities[${a}] is ${propensity}; it must be in (0, 1)`);
    sum += propensity;
    mass += propensity * leanOf(state, a);
  }
  if (!(Math.abs(sum - 1) < 1e-9)) refuse(`propensities sum to ${sum}; they must sum to 1`);
  const wealth = state.wealth * (leanOf(state, arm) / mass);
  state.wealth = Math.min(CEILING, Math.max(FLOOR, wealth));
  if (state.wealth > state.peak) state.peak = state.wealth;
  arrivals[arm] = (arrivals[arm] as number) + 1;
  for (let a = 0; a < arrivals.length; a += 1) expected[a] = (expected[a] as number) + (propensities[a] as number);
}

function leanOf({ arrivals, expected }: SampleRatio, arm: number): number {
  return ((arrivals[arm] as number) + PRIOR_ARRIVALS) / ((expected[arm] as number) + PRIOR_ARRIVALS);
}

function refuse(said: string): never {
  throw new BanditError('BAD_OBSERVATION', `${said}; log those that the assignment was drawn with`);
}

export function saveSampleRatio(state: SampleRatio): Uint8Array {
  return saveNumbers(SAMPLE_RATIO_VERSION, [state.arrivals.length], visitOf(state));
}

/** @throws {BanditError} BAD_STATE */
export function loadSampleRatio(bytes: Uint8Array, arms: number): SampleRatio {
  const state = createSampleRatio(arms);
  loadNumbers(bytes, SAMPLE_RATIO_VERSION, [arms], visitOf(state));
  return state;
}

function visitOf(state: SampleRatio): Visit {
  return (pass) => {
    for (const counts of [state.arrivals, state.expected])
      for (let a = 0; a < counts.length; a += 1) counts[a] = pass(counts[a] as number);
    state.wealth = pass(state.wealth);
    state.peak = pass(state.peak);
  };
}
