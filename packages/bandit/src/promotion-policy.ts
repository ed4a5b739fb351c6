/** The document under which a model's challengers are tested. Its hash is in every decision; an unknown key is an error. */
import type { EffectGrid } from './effect-grid.ts';
import type { Ladder } from './policies/ladder.ts';
import type { WeightBounds } from './weights.ts';

export const ALLOCATIONS = ['capped-thompson', 'fixed', 'ladder', 'top-two'] as const;
export const GUARDRAILS = ['harm', 'error-rate', 'latency', 'join-rate', 'sample-ratio'] as const;
/** Of other services: their names come from the alerts, nothing here is written for one of them. */
export const ALERT_KINDS = ['drift', 'anomaly', 'quality', 'fairness', 'performance', 'pipeline'] as const;
/** hold and rollback: while the alert is open. retrain: once, when it is raised. */
export const ALERT_ACTIONS = ['hold', 'rollback', 'retrain'] as const;
export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export const ACTUATORS = [
  'split-api',
  'mlflow-alias',
  'kserve',
  'gateway-api',
  'istio',
  'flagd',
  'webhook',
  'command',
  'retraining',
] as const;

export interface PromotionPolicy {
  readonly kind: 'PromotionPolicy';
  readonly model: string;
  readonly reward: {
    readonly metric: string;
    /** Age at which a prediction is scored, once. */
    readonly windowMs: number;
    /** What a prediction without an outcome counts as. */
    readonly missing: 'zero' | 'exclude' | 'censor';
    readonly accumulate: 'first' | 'sum' | 'max';
    /** Field of the prediction that an arm stays with. */
    readonly unit: string;
  };
  /** Probabilities; see alpha-spending.ts. `guard` is shared by all guardrails. */
  readonly alpha: { readonly lifetime: number; readonly perTest: number; readonly guard: number };
  /** `min`: least useful effect, `margin`: how much worse may be promoted; differences of mean rewards. */
  readonly effect: { readonly min: number; readonly margin: number; readonly grid: EffectGrid };
  readonly allocation: {
    readonly policy: (typeof ALLOCATIONS)[number];
    readonly bounds: WeightBounds;
    /** Of each challenger, under `fixed`. */
    readonly share: number;
    readonly ladder: Ladder;
  };
  readonly duration: { readonly minMs: number; readonly maxMs: number };
  /** Matured outcomes that a challenger must have. */
  readonly exposure: number;
  readonly segments: readonly string[];
  readonly guardrails: readonly { readonly kind: (typeof GUARDRAILS)[number]; readonly metric: string }[];
  /** Alerts of the kind, from this severity on: while open they hold a promotion or roll the challenger back; each may ask for training. */
  readonly alerts: readonly {
    readonly kind: (typeof ALERT_KINDS)[number];
    readonly severity: (typeof SEVERITIES)[number];
    readonly action: (typeof ALERT_ACTIONS)[number];
  }[];
  readonly approval: { readonly required: number; readonly roles: readonly string[]; readonly ttlMs: number };
  /** Traffic that the old champion keeps after a promotion. */
  readonly holdback: { readonly share: number; readonly durationMs: number };
  readonly cooldownMs: number;
  readonly actuators: readonly { readonly kind: (typeof ACTUATORS)[number]; readonly target: string }[];
}
