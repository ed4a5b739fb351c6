/** Promote, hold, roll back or retire: a function of the evidence alone, evaluated after every matured outcome. */
import type { Interval } from './confidence-sequence.ts';

/** What a test must show. From the policy and the number of the test, fixed before its first outcome. */
export interface PromotionBars {
  /** α of this test, see alpha-spending.ts. */
  readonly alpha: number;
  /** Level of each guardrail: the policy's, divided by how many there are. */
  readonly guardAlpha: number;
  /** How much worse a challenger may be: the lower bound of the effect must be above −margin. A difference of mean rewards, at least 0. */
  readonly margin: number;
  /** Effect below which a promotion is not worth it, a difference of mean rewards; the negative margin in a test of non-inferiority. */
  readonly leastUseful: number;
  readonly leastMs: number;
  readonly mostMs: number;
  /** Matured outcomes of the challenger. */
  readonly leastExposure: number;
}

export interface GuardrailReading {
  readonly name: string;
  /** Its largest e-value in this test. */
  readonly peak: number;
}

export interface SegmentReading {
  readonly name: string;
  /** Largest e-value of harm in the segment; undefined when the whole is its only segment. */
  readonly peak: number | undefined;
  /** See `harmWasDetectable`. */
  readonly harmDetectable: boolean;
}

export interface Evidence {
  /** Largest e-value of "better" in this test: what crossed 1/α once stays crossed. */
  readonly peak: number;
  /** Of challenger minus champion, valid at every time. */
  readonly effect: Interval;
  readonly elapsedMs: number;
  readonly exposure: number;
  readonly guardrails: readonly GuardrailReading[];
  readonly segments: readonly SegmentReading[];
  /** A freeze holds promotions; a kill takes the challenger's traffic away. Neither lifts a guardrail. */
  readonly halt: 'none' | 'frozen' | 'killed';
}

export type Verdict = 'promote' | 'hold' | 'rollback' | 'retire';

export type Rule =
  | 'evidence'
  | 'effect'
  | 'duration'
  | 'exposure'
  | 'guardrail'
  | 'segment-harm'
  | 'segment-power'
  | 'futility'
  | 'deadline'
  | 'halt';

/** One rule, whether it is satisfied, and the numbers it compared. */
export interface Reason {
  readonly rule: Rule;
  readonly holds: boolean;
  readonly said: string;
}

export interface Decision {
  readonly verdict: Verdict;
  /** Every rule, in the order in which they are asked: those that do not hold are why it is not `promote`. */
  readonly reasons: readonly Reason[];
}

/** Whether an e-value rejects at level alpha. Both sides are exactly rounded, so every machine decides alike. */
export function rejects(eValue: number, alpha: number): boolean {
  return eValue >= 1 / alpha;
}

/**
 * One breached guardrail, a segment's harm or a kill rolls back and asks for nothing else; a hopeless or overdue test retires; `promote` needs
 * every rule. Model signature, model card and approvals are asked at the step to live, where they can be void again.
 * O(guardrails + segments), allocates nothing: for every matured outcome. `evidence` may be one lasting object whose fields are getters.
 */
export function verdictOf(evidence: Evidence, bars: PromotionBars): Verdict {
  const { halt, guardrails, segments } = evidence;
  if (halt === 'killed') return 'rollback';
  for (const { peak } of guardrails) if (rejects(peak, bars.guardAlpha)) return 'rollback';
  for (const { peak } of segments) if (peak !== undefined && rejects(peak, bars.guardAlpha)) return 'rollback';
  if (halt === 'frozen') return 'hold';
  const { effect } = evidence;
  if (above(bars.leastUseful, effect.upper)) return 'retire';
  const ready =
    rejects(evidence.peak, bars.alpha) &&
    above(effect.lower, -bars.margin) &&
    evidence.elapsedMs >= bars.leastMs &&
    evidence.exposure >= bars.leastExposure &&
    segments.every(({ harmDetectable }) => harmDetectable);
  // A test that has everything by its last day still promotes.
  if (ready) return 'promote';
  return evidence.elapsedMs < bars.mostMs ? 'hold' : 'retire';
}

/** The verdict with each rule and its numbers: what a decision records, and what a person asks of a test that holds. */
export function decide(evidence: Evidence, bars: PromotionBars): Decision {
  const { halt } = evidence;
  const reasons = [
    ...guardrailReasons(evidence, bars),
    ...segmentReasons(evidence, bars),
    ...testReasons(evidence, bars),
    reason('halt', halt === 'none', `the model is ${halt === 'none' ? 'neither frozen nor killed' : halt}`),
  ];
  return { verdict: verdictOf(evidence, bars), reasons };
}

function guardrailReasons({ guardrails }: Evidence, { guardAlpha }: PromotionBars): Reason[] {
  return guardrails.map(({ name, peak }) =>
    reason(
      'guardrail',
      !rejects(peak, guardAlpha),
      `${name}: e-value ${shown(peak)}, breached from ${shown(1 / guardAlpha)}`,
    ),
  );
}

function segmentReasons({ segments }: Evidence, { guardAlpha }: PromotionBars): Reason[] {
  return segments.flatMap(({ name, peak, harmDetectable }) => {
    const power = reason(
      'segment-power',
      harmDetectable,
      `segment ${name}: a harm of 4 pp ${harmDetectable ? 'would have been seen' : 'could still be hidden'}`,
    );
    if (peak === undefined) return [power];
    const said = `segment ${name}: e-value of harm ${shown(peak)}, breached from ${shown(1 / guardAlpha)}`;
    return [reason('segment-harm', !rejects(peak, guardAlpha), said), power];
  });
}

function testReasons({ peak, effect, elapsedMs, exposure }: Evidence, bars: PromotionBars): Reason[] {
  const { alpha, margin, leastUseful, leastMs, mostMs, leastExposure } = bars;
  return [
    reason('evidence', rejects(peak, alpha), `largest e-value ${shown(peak)}, needed ${shown(1 / alpha)}`),
    reason('effect', above(effect.lower, -margin), `lower bound ${effect.lower.toFixed(4)}, needed above ${-margin}`),
    reason(
      'futility',
      !above(leastUseful, effect.upper),
      `upper bound ${effect.upper.toFixed(4)}, needed ${leastUseful}`,
    ),
    reason('exposure', exposure >= leastExposure, `${exposure} outcomes of the challenger, needed ${leastExposure}`),
    reason('duration', elapsedMs >= leastMs, `${elapsedMs} ms, needed ${leastMs}`),
    reason('deadline', elapsedMs < mostMs, `${elapsedMs} ms, at most ${mostMs}`),
  ];
}

/** In whole billionths: bounds go through a logarithm, whose last bit machines may round differently. */
function above(value: number, bar: number): boolean {
  return Math.round(value * 1e9) > Math.round(bar * 1e9);
}

function reason(rule: Rule, holds: boolean, said: string): Reason {
  return { rule, holds, said };
}

function shown(eValue: number): string {
  return String(Number(eValue.toPrecision(4)));
}
