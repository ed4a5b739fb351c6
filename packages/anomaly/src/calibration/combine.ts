/**
 * e-value of a p-value: k·p^(k − 1), whose mean is 1 for uniform p. @param p in (0, 1]; @param k in (0, 1), smaller = more for small p
 * Source: Vovk & Wang (2021), E-values: calibration, combination and applications, section 2.
 */
export function eValueOf(p: number, k: number = 0.5): number {
  return k * p ** (k - 1);
}

/**
 * One p-value from several, however dependent in the small values that matter: T = mean tan((½ − p)π), p = ½ − atan(T)/π.
 * NaN is left out; without any the result is 1. O(n).
 * Source: Liu & Xie (2020), Cauchy combination test.
 */
export function cauchyCombination(pValues: ArrayLike<number>): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < pValues.length; i += 1) {
    const p = pValues[i] as number;
    if (Number.isNaN(p)) continue;
    count += 1;
    // tan((½ − p)π) = cot(pπ), which for tiny p is 1/(pπ) and does not round off.
    sum += p < 1e-10 ? 1 / (p * Math.PI) : 1 / Math.tan(Math.min(p, 1 - 1e-10) * Math.PI);
  }
  if (count === 0) return 1;
  const statistic = sum / count;
  return statistic > 1e10 ? 1 / (statistic * Math.PI) : 0.5 - Math.atan(statistic) / Math.PI;
}
