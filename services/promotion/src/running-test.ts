/** The test of one challenger against the champion: evidence, guardrails, and what `decide` reads of them. */
import {
  type Comparison,
  type ComparisonSettings,
  createComparison,
  observe,
  runningMean,
} from '@weir/bandit/comparison';
import {
  createEffectEstimate,
  type EffectEstimate,
  estimateEffect,
  type Interval,
  intervalOf,
} from '@weir/bandit/confidence-sequence';
import { HARM_GRID } from '@weir/bandit/default-grids';
import { createLatencyGuard, type LatencyGuard, observeLatency, peakOfLatency } from '@weir/bandit/latency-guard';
import { guardAlphaOf } from '@weir/bandit/policy-rules';
import type { PromotionPolicy } from '@weir/bandit/promotion-policy';
import type { Evidence, GuardrailReading, PromotionBars, SegmentReading } from '@weir/bandit/promotion-rule';
import { createRateGuard, observeRate, peakOfRate, type RateGuard } from '@weir/bandit/rate-guard';
import { createSampleRatio, observeArrival, type SampleRatio } from '@weir/bandit/sample-ratio';
import { harmWasDetectable } from '@weir/bandit/samples-needed';
import { UnitSet } from './unit-set.ts';

/** canary: under test. awaiting-approval: people decide. holdback: live, beside the old champion. */
export type Phase = 'canary' | 'awaiting-approval' | 'holdback';

export interface Approval {
  readonly principal: string;
  readonly role: string;
}

export interface Guards {
  readonly errorRate: RateGuard | null;
  readonly latency: LatencyGuard | null;
  readonly joinRate: RateGuard | null;
  readonly sampleRatio: SampleRatio | null;
}

/** Everything about a test that is plain data. */
export interface TestRecord {
  /** Number of the test among the model's, from 1. */
  readonly number: number;
  readonly id: string;
  /** Of the split: units are drawn anew in each test. */
  readonly salt: string;
  readonly champion: string;
  readonly challenger: string;
  readonly alpha: number;
  /** Epoch of its first split: predictions of earlier ones do not count. */
  readonly firstEpoch: number;
  /** Event time of the first prediction that counts, ms; null before it. */
  openedMs: number | null;
  /** Event time of the newest prediction that was scored, ms. */
  scoredMs: number;
  phase: Phase;
  approvals: Approval[];
  /** The decision that approvals are over, and when it lapses (event time, ms). */
  eligible: { readonly decisionId: string; readonly lapsesMs: number; readonly digest: string | null } | null;
  /** Matured outcomes at which it may become eligible again, and at which the weights are looked at. */
  eligibleFrom: number;
  nextLook: number;
  /** Of mature predictions of the two arms. */
  scored: number;
  missing: number;
  /** Answered by another version than the split gives their unit to. */
  misassigned: number;
  /** Of units that were counted before. */
  repeated: number;
  /** Without a propensity that lies inside (0, 1): nothing can be learnt from them. */
  unrouted: number;
  /** The promotion is held by an open alert, and that was told. */
  isHeld: boolean;
  /** End of the holdback, event time in ms. */
  holdbackEndsMs: number;
}

export interface RunningTest extends TestRecord {
  readonly units: UnitSet;
  readonly comparison: Comparison;
  readonly estimate: EffectEstimate;
  readonly guards: Guards;
}

/** The level of the interval that rule 2 and futility ask, and the outcomes at which it is tightest. */
const INTERVAL_ALPHA = 0.05;
const TIGHTEST_AT = 5_000;
/** A harm that must not be hidden in a segment, as a difference of mean rewards. */
const HIDDEN_HARM = 0.04;

export function comparisonSettings({ effect, segments }: PromotionPolicy): ComparisonSettings {
  return {
    promote: effect.grid,
    harm: HARM_GRID,
    segments: segments.length === 0 ? 1 : segments.length + 1,
    margin: effect.margin,
    tolerance: 0,
  };
}

export function createGuards({ guardrails }: PromotionPolicy): Guards {
  const has = (kind: string): boolean => guardrails.some((guardrail) => guardrail.kind === kind);
  return {
    errorRate: has('error-rate') ? createRateGuard({ grid: HARM_GRID, against: 'higher' }) : null,
    latency: has('latency') ? createLatencyGuard(HARM_GRID) : null,
    joinRate: has('join-rate') ? createRateGuard({ grid: HARM_GRID, against: 'different' }) : null,
    sampleRatio: has('sample-ratio') ? createSampleRatio(2) : null,
  };
}

export function createTest(record: TestRecord, policy: PromotionPolicy): RunningTest {
  return {
    ...record,
    units: new UnitSet(),
    comparison: createComparison(comparisonSettings(policy)),
    estimate: createEffectEstimate(),
    guards: createGuards(policy),
  };
}

/** What one prediction of the two arms shows at its arrival: guardrails that need no outcome. */
export interface Arrival {
  readonly isChallenger: boolean;
  /** Of the challenger out of the two arms, in (0, 1). */
  readonly propensity: number;
  readonly failed: boolean;
  /** NaN = not measured. */
  readonly latencyMs: number;
}

const pair = new Float64Array(2);

export function observeArrivalOf(
  { guards }: RunningTest,
  { isChallenger, propensity, failed, latencyMs }: Arrival,
): void {
  if (guards.errorRate !== null) observeRate(guards.errorRate, isChallenger, failed ? 1 : 0, propensity);
  if (guards.latency !== null && latencyMs > 0 && Number.isFinite(latencyMs))
    observeLatency(guards.latency, isChallenger, latencyMs, propensity);
  if (guards.sampleRatio === null) return;
  pair[0] = 1 - propensity;
  pair[1] = propensity;
  observeArrival(guards.sampleRatio, isChallenger ? 1 : 0, pair);
}

/** @param reward undefined when no outcome came and none is assumed */
export function observeOutcome(
  test: RunningTest,
  segment: number,
  isChallenger: boolean,
  propensity: number,
  joined: boolean,
  reward: number | undefined,
): void {
  const { guards, comparison, estimate } = test;
  if (guards.joinRate !== null) observeRate(guards.joinRate, isChallenger, joined ? 1 : 0, propensity);
  if (!joined) test.missing += 1;
  if (reward === undefined) return;
  observe(comparison, segment, isChallenger, reward, propensity);
  estimateEffect(estimate, isChallenger, reward, propensity);
}

export function barsOf(policy: PromotionPolicy, { alpha }: TestRecord): PromotionBars {
  const { effect, duration, exposure } = policy;
  return {
    alpha,
    guardAlpha: guardAlphaOf(policy),
    margin: effect.margin,
    leastUseful: effect.margin > 0 ? -effect.margin : effect.min,
    leastMs: duration.minMs,
    mostMs: duration.maxMs,
    leastExposure: exposure,
  };
}

export function guardrailsOf({ comparison, guards }: RunningTest): GuardrailReading[] {
  const { errorRate, latency, joinRate, sampleRatio } = guards;
  return [
    { name: 'harm', peak: comparison.harm.peak },
    ...(errorRate === null ? [] : [{ name: 'error-rate', peak: peakOfRate(errorRate) }]),
    ...(latency === null ? [] : [{ name: 'latency', peak: peakOfLatency(latency) }]),
    ...(joinRate === null ? [] : [{ name: 'join-rate', peak: peakOfRate(joinRate) }]),
    ...(sampleRatio === null ? [] : [{ name: 'sample-ratio', peak: sampleRatio.peak }]),
  ];
}

function segmentsOf({ comparison }: RunningTest, { segments }: PromotionPolicy, guardAlpha: number): SegmentReading[] {
  return segments.map((name, index): SegmentReading => {
    const segment = comparison.segments[index] as Comparison['segments'][number];
    const harmDetectable = harmWasDetectable(segment.design, runningMean(segment), HIDDEN_HARM, guardAlpha);
    return { name, peak: segment.harm?.peak, harmDetectable };
  });
}

export function intervalNow({ estimate }: RunningTest): Interval {
  return intervalOf(estimate, INTERVAL_ALPHA, TIGHTEST_AT);
}

export function elapsedMs({ openedMs, scoredMs }: TestRecord): number {
  return openedMs === null ? 0 : scoredMs - openedMs;
}

export function evidenceOf(test: RunningTest, policy: PromotionPolicy, halt: Evidence['halt']): Evidence {
  return {
    peak: test.comparison.promote.peak,
    effect: intervalNow(test),
    elapsedMs: elapsedMs(test),
    exposure: test.estimate.challengerOutcomes,
    guardrails: guardrailsOf(test),
    segments: segmentsOf(test, policy, guardAlphaOf(policy)),
    halt,
  };
}
