/** What a prediction earns, in [0, 1], larger is better. */
import type { OutcomeObserved } from '@weir/events/generated/events';
import type { Rejection } from '@weir/service-kit/processor';

/**
 * reward: the outcome's own value. label: its label. accuracy: 1 when the first output, a probability, lies on the side of ½ on which the label
 * is. brier: 1 − (output − label)², of Brier (1950): plus, minus and times only, so that every machine gives the same bits.
 */
export const METRICS = ['reward', 'label', 'accuracy', 'brier'] as const;
export type Metric = (typeof METRICS)[number];

export function isMetric(name: string): name is Metric {
  return METRICS.some((metric) => metric === name);
}

/** What an outcome says about the metric; null when it says nothing; a refusal when it cannot be. */
export function outcomeValue(
  metric: Metric,
  { label, reward, predictionId }: OutcomeObserved,
): number | null | Rejection {
  const field = metric === 'reward' ? 'reward' : 'label';
  const value = field === 'reward' ? reward : label;
  if (value === null || (value >= 0 && value <= 1)) return value;
  return {
    code: 'REWARD_OUT_OF_RANGE',
    message: `${field} of the outcome of ${predictionId} is ${value}; metric ${metric} needs a number from 0 to 1; scale it by its known bounds`,
  };
}

/**
 * @param output first output of the prediction; NaN = none
 * @param value what its outcomes add up to
 */
export function rewardOf(metric: Metric, output: number, value: number): number {
  if (metric === 'reward' || metric === 'label') return Math.min(1, Math.max(0, value));
  // A prediction without a usable output could not have been worse.
  if (!(output >= 0 && output <= 1)) return 0;
  if (metric === 'accuracy') return output >= 0.5 === value >= 0.5 ? 1 : 0;
  return 1 - (output - value) * (output - value);
}
