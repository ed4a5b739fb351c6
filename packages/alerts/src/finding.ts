/** What a rule found: all that an alert says, without ids, urgency and bookkeeping. */
import type {
  AlertWindow,
  AnomalyDetail,
  DriftDetail,
  FairnessDetail,
  FalseAlarmRate,
  PerformanceDetail,
  PromotionDetail,
  QualityDetail,
} from '@weir/events/generated/events';
import type { Subject } from './identity.ts';

/** The kind with the detail that belongs to it. */
export type Detail =
  | { readonly kind: 'drift'; readonly drift: DriftDetail }
  | { readonly kind: 'anomaly'; readonly anomaly: AnomalyDetail }
  | { readonly kind: 'quality'; readonly quality: QualityDetail }
  | { readonly kind: 'fairness'; readonly fairness: FairnessDetail }
  | { readonly kind: 'performance'; readonly performance: PerformanceDetail }
  | { readonly kind: 'promotion'; readonly promotion: PromotionDetail }
  | { readonly kind: 'pipeline' };

export interface Finding {
  readonly subject: Subject;
  /** Names the test and its window, e.g. ks-1000: part of the fingerprint. */
  readonly rule: string;
  readonly detail: Detail;
  /** The rule's statistic, in `unit`. */
  readonly value: number;
  /** Level that the value had to reach, in `unit`. */
  readonly threshold: number;
  /** Null = none. */
  readonly unit: string | null;
  /** Size of the effect in the measure of the rule's severity levels; its sign does not matter. */
  readonly effect: number;
  /** One sentence that names the model and the subject. */
  readonly summary: string;
  /** What to look at next, and what the alert does not say. */
  readonly advice: string;
  /** Event time at which it most probably began, ms. May cost a walk over the window, so it is asked when an alert is raised, once. */
  readonly onsetMs: () => number;
  readonly window: AlertWindow | null;
  /** Null when the rule promises nothing. */
  readonly rate: FalseAlarmRate | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** The event that completed the window, or what stands for it. */
export interface Cause {
  /** Logical input topic; empty for a timer. */
  readonly topic: string;
  readonly partition: number;
  readonly eventId: string;
  /** ms. */
  readonly eventTimeMs: number;
}

/** A finding of a whole model, or of what `part` names of it. */
export function subjectOf(model: string, part: Partial<Subject> = {}): Subject {
  return { version: null, column: null, segment: null, ...part, model };
}

/** @param place where the event was read: a kernel's context */
export function causeOf(
  { topic, partition }: Pick<Cause, 'topic' | 'partition'>,
  eventId: string,
  eventTimeMs: number,
): Cause {
  return { topic, partition, eventId, eventTimeMs };
}
