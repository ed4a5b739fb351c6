/** Whether the values of a sequence depend on those before them, which voids every promise about false alarms of independent events. */

export interface Dependence {
  /** Correlation of neighbours, in [−1, 1]; 0 when all are equal. */
  readonly lagOne: number;
  /** Neighbours depend on each other: beyond what one in a thousand independent windows shows. */
  readonly isDependent: boolean;
}

/** Two-sided 0.1 % point of the standard normal distribution; of independent values `lagOne`·√n is nearly standard normal. */
const NORMAL_POINT = 3.290_526_731_491_926;

/**
 * Lag-1 rank autocorrelation. The window is split where its level most probably changed and each part is taken against its own mean: one
 * change, which is what alerts tell of, is no dependence.
 * @param bins ranks in order of arrival, those that the bins of a reference give or others. O(n), asked of alerts and views alone: the hot
 * path pays nothing.
 * Source: Wald and Wolfowitz (1943), An exact test for randomness in the non-parametric case based on serial correlation.
 */
export function dependenceOf(bins: Uint32Array): Dependence {
  const n = bins.length;
  const change = changeOf(bins);
  let products = 0;
  let squares = 0;
  for (const [from, to] of [
    [0, change],
    [change, n],
  ] as const) {
    const mean = meanOf(bins, from, to);
    for (let at = from; at < to; at += 1) {
      const score = (bins[at] as number) - mean;
      squares += score * score;
      if (at + 1 < to) products += score * ((bins[at + 1] as number) - mean);
    }
  }
  const lagOne = squares === 0 ? 0 : products / squares;
  return { lagOne, isDependent: Math.abs(lagOne) * Math.sqrt(n) > NORMAL_POINT };
}

/** Index at which the mean most probably changed: the split with the largest squares between its parts; n when there is none. */
function changeOf(bins: Uint32Array): number {
  if (bins.length < 2) return bins.length;
  const mean = meanOf(bins, 0, bins.length);
  let best = 0;
  let change = bins.length;
  let sum = 0;
  for (let at = bins.length - 1; at > 0; at -= 1) {
    sum += (bins[at] as number) - mean;
    const between = (sum * sum) / ((bins.length - at) * at);
    if (between > best) {
      best = between;
      change = at;
    }
  }
  return change;
}

function meanOf(bins: Uint32Array, from: number, to: number): number {
  let sum = 0;
  for (let at = from; at < to; at += 1) sum += bins[at] as number;
  return to === from ? 0 : sum / (to - from);
}
