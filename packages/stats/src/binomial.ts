/**
 * Upper bound of P(X ≥ count) for X binomial in n trials of probability p: exp(−n KL(count/n ‖ p)), 1 at or below the mean.
 * Holds for every n and p, which an approximation by the normal law does not in the tails that matter to alarms.
 * @param n trials, at least 1; @param p in (0, 1); @param count in [0, n]
 * Source: Chernoff (1952), Hoeffding (1963, theorem 1). O(1).
 */
export function binomialTailBound(n: number, p: number, count: number): number {
  const share = count / n;
  if (share <= p) return 1;
  const rest = share === 1 ? 0 : (1 - share) * Math.log((1 - share) / (1 - p));
  return Math.exp(-n * (share * Math.log(share / p) + rest));
}

/** Smallest count with `binomialTailBound` at most `tail`; n + 1 when there is none. O(log n). */
export function binomialLimit(n: number, p: number, tail: number): number {
  let low = 0;
  let high = n + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (middle > n || binomialTailBound(n, p, middle) <= tail) high = middle;
    else low = middle + 1;
  }
  return low;
}
