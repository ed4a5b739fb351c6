/** What one outcome shows of the prediction that it judges. */

export type Metric = 'calibration' | 'log-loss' | 'error-rate';
export const METRICS: readonly Metric[] = ['calibration', 'log-loss', 'error-rate'];

/** Probabilities are clipped to this and one less this for the log loss, so that one confident mistake stays finite. */
export const CLIP = 1e-3;
/** Largest log loss of a prediction, nats. */
export const MAX_LOSS: number = -Math.log(CLIP);

/** Of a probability p in [0, 1] and a label y in {0, 1}; in the order of METRICS. */
export type Scores = readonly [
  /** y − p, in [−1, 1]: its mean is calibration in the large. */
  residual: number,
  /** −ln of the probability given to what happened, clipped; nats, in [0, MAX_LOSS]. */
  logLoss: number,
  /** 1 when p lies on the other side of ½ than y, else 0; ½ predicts 1. */
  error: number,
];

/** Largest less smallest value that a score can have. */
export const RANGES: readonly number[] = [2, MAX_LOSS, 1];

export function scoresOf(p: number, y: number): Scores {
  const given = Math.min(1 - CLIP, Math.max(CLIP, y === 1 ? p : 1 - p));
  return [y - p, -Math.log(given), p >= 0.5 === (y === 1) ? 0 : 1];
}

export function isProbability(value: number): boolean {
  return value >= 0 && value <= 1;
}
