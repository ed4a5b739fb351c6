/** Predictions and outcomes on their way into the test: what they are admitted with, and what they show when they arrive and mature. */
import { armOf, bucketOf } from '@weir/bandit/assignment';
import { fixed } from '@weir/bandit/policies/fixed';
import type { PromotionPolicy } from '@weir/bandit/promotion-policy';
import { WHOLE } from '@weir/bandit/weights';
import type { OutcomeObserved, PredictionLogged } from '@weir/events/generated/events';
import { sha256 } from '@weir/ledger/node-crypto';
import type { Rejection } from '@weir/service-kit/processor';
import type { KernelConfig, Run } from './decision-log.ts';
import { endTest } from './endings.ts';
import { hashOf, MAX_HELD_OUTCOMES, MAX_REVISIONS } from './joiner.ts';
import { judge } from './judging.ts';
import { mayOpen } from './openings.ts';
import { type Metric, outcomeValue, rewardOf } from './reward.ts';
import { observeArrivalOf, observeOutcome, type RunningTest } from './running-test.ts';
import type { ModelState } from './state.ts';

/** Set in the segment column when the split gives the unit to another arm. Segments are at most 1,024. */
const MISASSIGNED = 0x8000;
/** Set there when the unit was counted before. */
const REPEATED = 0x4000;
const SEGMENT = 0x3fff;

/** Whether predictions are joined: while there is, or will be, a test. */
function isJoining(state: ModelState): boolean {
  return state.test !== null || mayOpen(state);
}

export function admitPrediction(
  state: ModelState,
  event: PredictionLogged,
  version: number,
  watermarkMs: number,
  { maxOpen }: KernelConfig,
): Rejection | undefined {
  const { policy, joiner } = state;
  if (policy === null || !isJoining(state)) return undefined;
  if (joiner.open >= maxOpen)
    return {
      code: 'TOO_MANY_OPEN',
      message: `${maxOpen} predictions of ${state.model} wait for outcomes; shorten reward.window or raise WEIR_PROMOTION_MAX_OPEN`,
    };
  const { windowMs, accumulate } = policy.policy.reward;
  const slot = joiner.admit(event.id, event.eventTimeMs, watermarkMs, windowMs, accumulate);
  if (slot < 0) return undefined;
  const { columns } = joiner;
  const { outputs, latencyMs, routing } = event;
  columns.output[slot] = outputs[0] ?? Number.NaN;
  columns.latencyMs[slot] = latencyMs ?? Number.NaN;
  columns.propensity[slot] = routing?.propensity ?? Number.NaN;
  columns.epoch[slot] = routing?.epoch ?? 0;
  columns.version[slot] = version;
  // A unit that is the prediction itself does not come back.
  const unit = event.unit === null || event.unit === event.id ? undefined : hashOf(event.unit);
  columns.unitHigh[slot] = unit?.[0] ?? 0;
  columns.unitLow[slot] = unit?.[1] ?? 0;
  columns.segment[slot] = segmentOf(policy.policy, event) | (isAssigned(state, event) ? 0 : MISASSIGNED);
  return undefined;
}

export function admitOutcome(state: ModelState, event: OutcomeObserved, watermarkMs: number): Rejection | undefined {
  const { policy, joiner } = state;
  if (policy === null || !isJoining(state)) return undefined;
  const { metric, windowMs, accumulate } = policy.policy.reward;
  const { predictionId, eventTimeMs, revision } = event;
  if (!(revision >= 0 && revision < (accumulate === 'first' ? 2 ** 32 - 1 : MAX_REVISIONS)))
    return {
      code: 'BAD_REVISION',
      message: `revision of the outcome of ${predictionId} is ${revision}; under accumulate ${accumulate} it must be from 0 to below ${accumulate === 'first' ? '2^32 − 1' : MAX_REVISIONS}`,
    };
  const value = outcomeValue(metric as Metric, event);
  if (value === null) return undefined;
  if (typeof value !== 'number') return value;
  if (joiner.outcome(predictionId, { atMs: eventTimeMs, value, revision }, watermarkMs, windowMs, accumulate))
    return undefined;
  return {
    code: 'TOO_MANY_HELD',
    message: `${MAX_HELD_OUTCOMES} outcomes of ${state.model} wait for their predictions; send predictions before outcomes`,
  };
}

/** The oldest prediction that has not arrived does: guardrails that need no outcome look at it. */
export function takeArrival(run: Run): void {
  const { state } = run;
  const slot = state.joiner.arrive();
  const { test, policy } = state;
  const { timeMs, version, output, latencyMs, segment, unitHigh, unitLow } = state.joiner.columns;
  if (test === null || policy === null || (timeMs[slot] as number) < (test.openedMs ?? Number.NEGATIVE_INFINITY))
    return;
  const isChallenger = armIn(state, test, version[slot] as number);
  const propensity = propensityAt(state, test, policy.policy, slot);
  if (isChallenger === undefined || Number.isNaN(propensity)) return;
  if (((segment[slot] as number) & MISASSIGNED) !== 0) {
    test.misassigned += 1;
    const name = isChallenger ? test.challenger : test.champion;
    return endTest(run, 'rolled-back', [`assignment: ${name} answered a unit that the split gives to another version`]);
  }
  const [high, low] = [unitHigh[slot] as number, unitLow[slot] as number];
  if ((high !== 0 || low !== 0) && !test.units.add(high, low)) {
    segment[slot] = (segment[slot] as number) | REPEATED;
    test.repeated += 1;
    return;
  }
  const failed = !Number.isFinite(output[slot] as number);
  observeArrivalOf(test, { isChallenger, propensity, failed, latencyMs: latencyMs[slot] as number });
}

/** The oldest prediction matures: it is scored once, and the test is judged. */
export function takeMature(run: Run): void {
  const { state } = run;
  const slot = state.joiner.mature();
  const { test, policy } = state;
  if (test === null || policy === null) return;
  const { columns } = state.joiner;
  const timeMs = columns.timeMs[slot] as number;
  const isChallenger = armIn(state, test, columns.version[slot] as number);
  const isRepeated = ((columns.segment[slot] as number) & REPEATED) !== 0;
  if (isChallenger === undefined || isRepeated || timeMs < (test.openedMs ?? Number.NEGATIVE_INFINITY)) return;
  const propensity = propensityAt(state, test, policy.policy, slot);
  if (Number.isNaN(propensity)) {
    test.unrouted += 1;
    return;
  }
  test.openedMs ??= timeMs;
  test.scoredMs = timeMs;
  test.scored += 1;
  state.cursor = { n: state.cursor.n + 1, maturity: run.timeMs, hash: columns.hashOf(slot) };
  const joined = (columns.revisions[slot] as number) > 0;
  const { metric, missing } = policy.policy.reward;
  const reward = joined
    ? rewardOf(metric as Metric, columns.output[slot] as number, columns.value[slot] as number)
    : missingReward(missing, isChallenger);
  observeOutcome(test, (columns.segment[slot] as number) & SEGMENT, isChallenger, propensity, joined, reward);
  judge(run, test, policy.policy);
}

/** censor: what is not known counts as the worst for a promotion, whose error then stays below α whatever the loss depends on. */
function missingReward(missing: PromotionPolicy['reward']['missing'], isChallenger: boolean): number | undefined {
  if (missing === 'exclude') return undefined;
  return missing === 'zero' || isChallenger ? 0 : 1;
}

/** Undefined for a version that is not in the test. */
function armIn({ versions }: ModelState, { champion, challenger }: RunningTest, version: number): boolean | undefined {
  const name = versions[version]?.name;
  return name === challenger ? true : name === champion ? false : undefined;
}

/**
 * Probability of the challenger out of the two arms, in (0, 1), by the split that routed the prediction; where Weir did not, by the fixed split
 * that the policy declares. NaN when there is none: such a prediction shows nothing.
 */
function propensityAt(
  { splits, joiner, versions }: ModelState,
  test: RunningTest,
  policy: PromotionPolicy,
  slot: number,
): number {
  const { champion, challenger, firstEpoch, phase } = test;
  const own = joiner.columns.propensity[slot] as number;
  const epoch = joiner.columns.epoch[slot] as number;
  if (Number.isNaN(own)) {
    const { allocation } = policy;
    if (allocation.policy !== 'fixed' || phase === 'holdback') return Number.NaN;
    return (fixedShare(policy) as number) / WHOLE;
  }
  if (epoch < firstEpoch) return Number.NaN;
  const weights = splits.find((split) => split.epoch === epoch)?.weights;
  const [a, b] =
    weights === undefined
      ? versions[joiner.columns.version[slot] as number]?.name === challenger
        ? [own, 1 - own]
        : [1 - own, own]
      : [weights[challenger] ?? 0, weights[champion] ?? 0];
  const propensity = a / (a + b);
  return propensity > 0 && propensity < 1 ? propensity : Number.NaN;
}

const fixedShares = new WeakMap<PromotionPolicy, number>();

function fixedShare(policy: PromotionPolicy): number {
  const known = fixedShares.get(policy);
  if (known !== undefined) return known;
  const { share, bounds } = policy.allocation;
  const weight = fixed(2, share, bounds)[1] as number;
  fixedShares.set(policy, weight);
  return weight;
}

/** The first declared segment that the prediction is in; those in none share the last index. */
function segmentOf({ segments }: PromotionPolicy, { segment }: PredictionLogged): number {
  if (segments.length === 0) return 0;
  const index = segments.findIndex((name) => {
    const at = name.indexOf('=');
    return segment[name.slice(0, at)] === name.slice(at + 1);
  });
  return index < 0 ? segments.length : index;
}

/** Recomputes the assignment. True where it cannot be: without a unit, or for a split that is no longer known. */
function isAssigned({ splits }: ModelState, { routing, unit, version }: PredictionLogged): boolean {
  if (routing === null) return true;
  if (routing.arm !== version) return false;
  if (unit === null || unit === '') return true;
  const split = splits.find(({ epoch }) => epoch === routing.epoch);
  if (split === undefined) return true;
  return armOf(split.ranges, bucketOf(split.salt, unit.toWellFormed(), sha256)) === version;
}
