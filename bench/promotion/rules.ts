/**
 * Rules that promote: Weir's, and those of peers as their documentation gives them, marked emulated. Each sees the same outcomes one by one and
 * answers whether it promotes now.
 */
import { type Comparison, createComparison, observe } from '../../packages/bandit/src/comparison.ts';
import { HARM_GRID, PROMOTE_GRID } from '../../packages/bandit/src/default-grids.ts';
import { eValueOf } from '../../packages/bandit/src/e-process.ts';
import { rejects } from '../../packages/bandit/src/promotion-rule.ts';
import { loadComparison, saveComparison } from '../../packages/bandit/src/saved-comparison.ts';
import { normalQuantile } from './normal.ts';

export interface RunningRule {
  /** One matured outcome; true when the rule promotes. */
  observe(segment: number, challenger: boolean, reward: number, propensity: number): boolean;
  /** E now; NaN for rules without one. */
  eValue(): number;
  restart?(): void;
}

export interface Rule {
  readonly name: string;
  /** What the row stands for, when it is not Weir's own code. */
  readonly emulates?: string;
  start(alpha: number, segments: number): RunningRule;
}

export const eProcess: Rule = {
  name: 'e-process',
  start(alpha, segments) {
    const settings = { promote: PROMOTE_GRID, harm: HARM_GRID, segments, margin: 0, tolerance: 0 };
    let comparison: Comparison = createComparison(settings);
    return {
      observe(segment, challenger, reward, propensity) {
        observe(comparison, segment, challenger, reward, propensity);
        return rejects(comparison.promote.peak, alpha);
      },
      eValue: () => eValueOf(comparison.promote),
      restart() {
        comparison = loadComparison(saveComparison(comparison), settings);
      },
    };
  },
};

/**
 * Counts of both arms, which is all that the rules below know: none of them uses propensities. Two-sided sequences promote by one of their sides
 * only, so they are given 2α: every row of a table may promote wrongly with probability α.
 */
interface Counts {
  n0: number;
  s0: number;
  n1: number;
  s1: number;
}

function onCounts(name: string, emulates: string, promotes: (counts: Counts, alpha: number) => boolean): Rule {
  return {
    name,
    emulates,
    start(alpha) {
      const counts: Counts = { n0: 0, s0: 0, n1: 0, s1: 0 };
      return {
        observe(_, challenger, reward) {
          if (challenger) {
            counts.n1 += 1;
            counts.s1 += reward;
          } else {
            counts.n0 += 1;
            counts.s0 += reward;
          }
          return counts.n0 >= WARM_UP && counts.n1 >= WARM_UP && promotes(counts, alpha);
        },
        eValue: () => Number.NaN,
      };
    },
  };
}

/** GrowthBook asks for 100 users of each arm; the others get the same start. */
const WARM_UP = 100;
/** GrowthBook's default: outcomes at which the sequence is tightest. */
const TIGHTEST_AT = 5_000;
const variance = (successes: number, n: number): number => {
  const rate = (successes + 0.5) / (n + 1);
  return rate * (1 - rate);
};

/** Half width of an asymptotic confidence sequence of a mean of variance 1 after n, both sides together α (2103.06476). */
function halfWidth(n: number, alpha: number): number {
  const rate = (-2 * Math.log(alpha) + Math.log(1 - 2 * Math.log(alpha))) / TIGHTEST_AT;
  const scaled = n * rate + 1;
  return Math.sqrt(((2 * scaled) / (n * n * rate)) * Math.log(Math.sqrt(scaled) / alpha));
}

const zOf = ({ n0, s0, n1, s1 }: Counts): number => {
  const pooled = variance(s0 + s1, n0 + n1);
  return (s1 / n1 - s0 / n0) / Math.sqrt(pooled * (1 / n0 + 1 / n1));
};

const twoIntervals = onCounts('two-intervals', 'VW --epsilon_decay: lower bound above the upper bound', (c, alpha) => {
  const low = c.s1 / c.n1 - Math.sqrt(variance(c.s1, c.n1)) * halfWidth(c.n1, alpha);
  const high = c.s0 / c.n0 + Math.sqrt(variance(c.s0, c.n0)) * halfWidth(c.n0, alpha);
  return low > high;
});

const asymptotic = onCounts('asymptotic-cs', 'GrowthBook sequential, N* = 5,000', (c, alpha) => {
  const n = c.n0 + c.n1;
  const spread = Math.sqrt(n * (variance(c.s0, c.n0) / c.n0 + variance(c.s1, c.n1) / c.n1));
  return c.s1 / c.n1 - c.s0 / c.n0 > spread * halfWidth(n, 2 * alpha);
});

const mixtureSprt = (planned: number): Rule =>
  onCounts('msprt', 'Optimizely form, normal mixture at the planned effect', (c, alpha) => {
    const effect = c.s1 / c.n1 - c.s0 / c.n0;
    if (effect <= 0) return false;
    const v = variance(c.s0 + c.s1, c.n0 + c.n1) * (1 / c.n0 + 1 / c.n1);
    const scaled = v / (v + planned * planned);
    return Math.log(scaled) / 2 + ((1 - scaled) * effect * effect) / (2 * v) >= Math.log(1 / (2 * alpha));
  });

const peeking = onCounts('peeking-z-test', 'a one-sided z-test at every look of 100 outcomes', (c, alpha) => {
  if ((c.n0 + c.n1) % 100 !== 0) return false;
  return zOf(c) > normalQuantile(1 - alpha);
});

/** Outcomes that a single look needs for power .9 at a difference of `effect` on a base rate, even split. */
export function fixedHorizon(base: number, effect: number, alpha: number): number {
  const middle = base + effect / 2;
  const z = normalQuantile(1 - alpha) + normalQuantile(0.9);
  return Math.round((4 * middle * (1 - middle) * z * z) / (effect * effect));
}

/** One look after a number of outcomes that was fixed before. */
export function singleLook(outcomes: number): Rule {
  const emulates = `one z-test after ${outcomes} outcomes, planned for power .9`;
  return onCounts('fixed-horizon', emulates, (c, alpha) => {
    return c.n0 + c.n1 === outcomes && zOf(c) > normalQuantile(1 - alpha);
  });
}

/** Weir's rule first. Peers that must be planned are planned for a least effect on a base rate, at α = .01. */
export function rulesFor(base: number, planned: number): readonly Rule[] {
  const horizon = singleLook(fixedHorizon(base, planned, 0.01));
  return [eProcess, asymptotic, mixtureSprt(planned), twoIntervals, horizon, peeking];
}

export function ruleNamed(name: string): Rule {
  const rules = rulesFor(0.7, 0.02);
  const rule = rules.find((each) => each.name === name);
  if (rule === undefined)
    throw new Error(`rule is "${name}"; it must be one of ${rules.map((each) => each.name).join(', ')}`);
  return rule;
}
