/**
 * Upper tail of the Kolmogorov distribution: P(K > x) = 2 Σ (−1)^(j−1) exp(−2 j² x²), the limit law of D √(mn/(m+n)).
 * @param x at least 0
 * @returns probability in [0, 1]. Below 1.18 the theta-transformed series is summed instead: both converge in a few terms there.
 * Source: Kolmogorov (1933); Marsaglia, Tsang, Wang (2003).
 */
export function kolmogorovTail(x: number): number {
  if (x <= 0) return 1;
  if (x < 1.18) {
    const y = Math.exp((-Math.PI * Math.PI) / (8 * x * x));
    const cdf = (Math.sqrt(2 * Math.PI) / x) * (y + y ** 9 + y ** 25 + y ** 49);
    return 1 - Math.min(1, cdf);
  }
  let sum = 0;
  for (let j = 1; j <= 20; j += 1) {
    const term = Math.exp(-2 * j * j * x * x);
    sum += j % 2 === 1 ? term : -term;
    if (term < 1e-18 * sum) break;
  }
  return Math.min(1, 2 * sum);
}

/**
 * Smallest x with P(K > x) ≤ tail.
 * @param tail in (0, 1)
 * Bisection to 1e-12.
 */
export function kolmogorovQuantile(tail: number): number {
  let low = 0;
  let high = 40;
  while (high - low > 1e-12) {
    const middle = (low + high) / 2;
    if (kolmogorovTail(middle) > tail) low = middle;
    else high = middle;
  }
  return high;
}
