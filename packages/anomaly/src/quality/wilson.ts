/** z of a one-sided 99 % bound. */
export const Z_99 = 2.326_347_874_040_841;

/**
 * Lower end of Wilson's score interval of a binomial share: (r + z²/2n − z·√(r(1−r)/n + z²/4n²)) / (1 + z²/n).
 * @param n trials, at least 1; @param successes in [0, n]; @param z standard normal quantile of the wanted confidence
 * Source: Wilson (1927), Probable inference, the law of succession, and statistical inference. O(1).
 */
export function wilsonLower(n: number, successes: number, z: number = Z_99): number {
  const share = successes / n;
  const spread = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  return Math.max(0, (share + (z * z) / (2 * n) - spread) / (1 + (z * z) / n));
}
