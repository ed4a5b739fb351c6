/** Tables of the promotion benchmark: one function for each bar, each line with its verdict. */

import type { RateBounds } from './clopper-pearson.ts';
import { joinedTests, LATE_AND_LOST, LOSS_BY_ARM, NAIVE } from './joining.ts';
import { HOLDBACK_OUTCOMES, holdbackReversals, noveltyPromotions } from './novelty.ts';
import { endsOf } from './rollback.ts';
import { eProcess, fixedHorizon, ruleNamed, rulesFor } from './rules.ts';
import { EFFECTS, oracleOf, samplesNeeded } from './samples.ts';
import { segmentTests } from './segments.ts';
import { NULL_WORLDS, type World } from './worlds.ts';
import { startWorkers, wrongPromotions, wrongPromotionsOn } from './wrong-promotions.ts';

export interface Scale {
  readonly runs: number;
  readonly outcomes: number;
  readonly seed: number;
  readonly alpha: number;
}

type Print = (line: string) => void;

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const bounds = ({ rate, lower, upper }: RateBounds): string =>
  `${percent(rate)} [${percent(lower)}, ${percent(upper)}]`;
/** A level of .001 is told apart by the fourth digit. */
const fineBounds = ({ rate, lower, upper }: RateBounds): string => {
  const fine = (share: number): string => `${(100 * share).toFixed(4)} %`;
  return `${fine(rate)} [${fine(lower)}, ${fine(upper)}]`;
};
const count = (value: number): string => Math.round(value).toLocaleString('en');
const verdict = (met: boolean): string => (met ? 'met' : 'MISSED');

/** Upper bound at most α. While runs are few, a bound above α with a rate below it says nothing yet. */
function judged({ rate, upper }: RateBounds, alpha: number): string {
  if (upper <= alpha) return 'met';
  return rate > alpha ? 'MISSED' : 'open: more runs';
}

/** @param workers threads that share the runs. @returns whether no world broke the bar */
export async function reportWrongPromotions(
  scale: Scale,
  worlds: readonly World[],
  workers: number,
  print: Print,
): Promise<boolean> {
  print(
    `\nP1 wrong promotions, α = ${scale.alpha}, a decision after every one of ${count(scale.outcomes)} outcomes, ${count(scale.runs)} runs`,
  );
  const threads = startWorkers(workers);
  let broken = 0;
  try {
    for (const world of worlds) {
      const found = await wrongPromotionsOn(threads, world, eProcess, scale.alpha, scale);
      if (found.rate > scale.alpha) broken += 1;
      print(`  ${world.name.padEnd(18)} ${fineBounds(found).padEnd(34)} ${judged(found, scale.alpha)}`);
    }
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
  const control = { ...scale, runs: Math.min(scale.runs, 1_000) };
  const peeking = wrongPromotions(NULL_WORLDS[0] as World, ruleNamed('peeking-z-test'), scale.alpha, control);
  print(
    `  control: z-test with a look every 100 outcomes, stationary, ${count(control.runs)} runs: ${bounds(peeking)}`,
  );
  return broken === 0;
}

export function reportSamples(scale: Scale, print: Print): void {
  print(
    `\nP2 outcomes to a promotion, α = ${scale.alpha}, even split, ${count(scale.runs)} runs; undecided runs count whole`,
  );
  for (const effect of EFFECTS) {
    const oracle = oracleOf(effect, scale.alpha);
    print(
      `  ${effect.champion} → ${effect.challenger}: oracle ${count(oracle)}, fixed horizon ${count(fixedHorizon(effect.champion, effect.planned, scale.alpha))}`,
    );
    const rows = samplesNeeded(effect, rulesFor(effect.champion, effect.planned), scale.alpha, scale);
    for (const { rule, mean, halfWidth, power3, power5 } of rows) {
      const ratio = mean / oracle;
      const ours = rule === eProcess;
      const bar = ours
        ? `bar ${effect.bar}, .95, .99: ${verdict(ratio <= effect.bar && power3 >= 0.95 && power5 >= 0.99)}`
        : `emulated: ${rule.emulates}`;
      print(
        `    ${rule.name.padEnd(16)} ${count(mean).padStart(8)} ± ${count(halfWidth).padEnd(6)} ${ratio.toFixed(3)} × oracle, by 3× ${power3.toFixed(3)}, by 5× ${power5.toFixed(3)}  ${bar}`,
      );
    }
    const meanOf = (name: string): number => rows.find(({ rule }) => rule.name === name)?.mean ?? Number.NaN;
    print(
      `    e-process against two intervals: ${(meanOf('e-process') / meanOf('two-intervals')).toFixed(2)} (bar .50)`,
    );
  }
}

export function reportRollbacks({ runs, seed }: Scale, print: Print): void {
  print(`\nP5 capped Thompson, promote α = .01, harm α = .05, ${count(runs)} runs`);
  const scale = { runs, outcomes: 100_000, seed };
  const policy = 'capped-thompson';
  const even = endsOf(0.7, 0.73, () => 0.5, scale);
  const adaptive = endsOf(0.7, 0.73, policy, scale);
  const ratio = adaptive.outcomes / even.outcomes;
  print(
    `  +3 pp: ${count(adaptive.outcomes)} outcomes, even split ${count(even.outcomes)}, ratio ${ratio.toFixed(3)} (bar 1.05: ${verdict(ratio <= 1.05)})`,
  );
  for (const [name, champion, challenger, bar] of [
    ['−10 pp', 0.7, 0.6, 260],
    ['−3 pp', 0.7, 0.67, 2_200],
    ['errors ×4', 0.995, 0.98, 450],
  ] as const) {
    const { exposure, outcomes, rolledBack } = endsOf(champion, challenger, policy, scale);
    print(
      `  ${name}: challenger outcomes ${count(exposure)} (bar ${bar}: ${verdict(exposure <= bar)}), outcomes ${count(outcomes)}, rolled back ${percent(rolledBack)}`,
    );
  }
  const equal = endsOf(0.7, 0.7, policy, { ...scale, outcomes: 50_000 });
  print(
    `  equal: rolled back ${percent(equal.rolledBack)} (bar 5 %: ${verdict(equal.rolledBack <= 0.05)}), promoted ${percent(equal.promoted)}`,
  );
}

export function reportNovelty(scale: Scale, print: Print): void {
  print(`\nP6 novelty and holdback, every rule of promotion, ${count(scale.runs)} runs`);
  const cycle = noveltyPromotions(14_000, scale);
  print(
    `  +5 pp for 5,000 outcomes, then −2 pp, a cycle of 14,000: promoted ${bounds(cycle)} (bar 1 %: ${verdict(cycle.rate <= 0.01)})`,
  );
  print(`  control: without a cycle promoted ${bounds(noveltyPromotions(0, scale))}`);
  const { rate, outcomes } = holdbackReversals(scale);
  print(
    `  live at −2 pp beside a holdback of 10 %: reverted within ${count(HOLDBACK_OUTCOMES)} outcomes ${bounds(rate)} (bar 90 %: ${verdict(rate.rate >= 0.9)}), after ${count(outcomes)}`,
  );
}

export function reportJoining({ runs, seed }: Scale, print: Print): void {
  print(`\nP7 late and missing outcomes, every rule of promotion, cycle of 14,000 outcomes, ${count(runs)} runs`);
  const scale = { runs, outcomes: 50_000, seed };
  const late = joinedTests(LATE_AND_LOST, scale);
  print(
    `  ${LATE_AND_LOST.name}: promoted ${bounds(late.promoted)} ${judged(late.promoted, 0.01)}, stopped by the join rate ${bounds(late.stoppedByJoin)}`,
  );
  const loss = joinedTests(LOSS_BY_ARM, scale);
  print(
    `  ${LOSS_BY_ARM.name}: stopped by the join rate ${bounds(loss.stoppedByJoin)} (bar 99 %: ${verdict(loss.stoppedByJoin.rate >= 0.99)}), promoted ${bounds(loss.promoted)}`,
  );
  const naive = wrongPromotions(NAIVE, eProcess, 0.01, { ...scale, runs: Math.min(runs, 300) });
  print(`  control: ${NAIVE.name}: promoted ${bounds(naive)}`);
}

export function reportSegments({ runs, seed }: Scale, print: Print): void {
  print(`\nP8 two segments, every rule of promotion, ${count(runs)} runs`);
  const scale = { runs, outcomes: 120_000, seed };
  const mixed = segmentTests([0.08, -0.04], false, scale);
  print(
    `  +8/−4 pp: harm found before promotion ${bounds(mixed.rolledBack)} (bar 95 %: ${verdict(mixed.rolledBack.rate >= 0.95)}) after ${count(mixed.outcomesToRollback)} outcomes, promoted ${bounds(mixed.promoted)}`,
  );
  const blind = segmentTests([0.08, -0.04], true, scale);
  print(`  control: without the rules on segments promoted ${bounds(blind.promoted)}`);
  const worse = segmentTests([0.06, -0.08], false, scale);
  print(`  +6/−8 pp: promoted ${bounds(worse.promoted)} (bar 0: ${verdict(worse.promoted.rate === 0)})`);
  const gain = segmentTests([0.03, 0.03], false, scale);
  const without = segmentTests([0.03, 0.03], true, scale);
  print(
    `  +3/+3 pp: promoted after ${count(gain.outcomesToPromote)} outcomes, without the rules on segments after ${count(without.outcomesToPromote)}: an added wait of ${count(gain.outcomesToPromote - without.outcomesToPromote)}`,
  );
}
