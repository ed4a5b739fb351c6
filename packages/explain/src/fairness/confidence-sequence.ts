/** Two-sided confidence sequences: intervals that hold at all times at once, from counts alone. */
import { logGamma } from '@weir/stats/log-gamma';

/**
 * For the rate of 0/1 events: all p with ∫ likelihood dBeta(½, ½) < likelihood(p)/α. Valid at any stopping time.
 * @param positives in [0, count]. @param alpha in (0, 1). @returns [0, 1] while count is 0. Bisection to 1e-10.
 * Source: Robbins (1970), mixture martingales; Howard et al. (2021) for the beta-binomial mixture.
 */
export function rateSequence(positives: number, count: number, alpha: number): readonly [low: number, high: number] {
  if (count === 0) return [0, 1];
  const logBeta = (a: number, b: number): number => logGamma(a) + logGamma(b) - logGamma(a + b);
  const mixture = logBeta(positives + 0.5, count - positives + 0.5) - logBeta(0.5, 0.5);
  const excluded = (p: number): boolean => {
    const likelihood =
      (positives === 0 ? 0 : positives * Math.log(p)) +
      (count === positives ? 0 : (count - positives) * Math.log1p(-p));
    return mixture - likelihood >= -Math.log(alpha);
  };
  const mean = positives / count;
  return [positives === 0 ? 0 : edge(0, mean, excluded), positives === count ? 1 : edge(1, mean, excluded)];
}

/**
 * For the mean of values in [−1, 1]: normal mixture of the sub-Gaussian bound, tightest near 1,000 values.
 * Source: Howard et al. (2021), Time-uniform, nonparametric, nonasymptotic confidence sequences, equation 14.
 */
export function meanSequence(sum: number, count: number, alpha: number): readonly [low: number, high: number] {
  if (count === 0) return [-1, 1];
  const prior = 1000 / 8;
  const radius = Math.sqrt((count + prior) * Math.log((count + prior) / (prior * alpha * alpha))) / count;
  return [Math.max(-1, sum / count - radius), Math.min(1, sum / count + radius)];
}

/** The point between an excluded outside and an included mean where exclusion ends. */
function edge(outside: number, mean: number, excluded: (p: number) => boolean): number {
  let out = outside;
  let inside = mean;
  while (Math.abs(out - inside) > 1e-10) {
    const middle = (out + inside) / 2;
    if (excluded(middle)) out = middle;
    else inside = middle;
  }
  return out;
}
