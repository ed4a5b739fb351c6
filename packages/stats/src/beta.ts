import { logGamma } from './log-gamma.ts';

/** Relative size of what the continued fraction leaves out. */
const NEGLIGIBLE = 1e-15;
/** Far more terms than a and b up to 10⁹ need: O(√max(a, b)). */
const MOST_TERMS = 100_000;
const BISECTIONS = 200;

/**
 * P(X ≤ x) of the beta law, the regularised incomplete beta function I_x(a, b). Relative error below 1e-10 for a, b up to 10⁷.
 * @param x in [0, 1]; @param a above 0; @param b above 0. O(√max(a, b)).
 * Source: DLMF 8.17.22 (continued fraction) and 8.17.4, by Lentz's method.
 */
export function betaCdf(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast below the mean; above it, the other tail is taken.
  return x > (a + 1) / (a + b + 2) ? 1 - lowerTail(1 - x, b, a) : lowerTail(x, a, b);
}

/** The x at which `betaCdf` is `share`, by bisection of ln x. @param share in (0, 1) */
export function betaQuantile(share: number, a: number, b: number): number {
  let low = Math.log(Number.MIN_VALUE);
  let high = 0;
  for (let i = 0; i < BISECTIONS && low < high; i += 1) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (betaCdf(Math.exp(middle), a, b) < share) low = middle;
    else high = middle;
  }
  return Math.exp(high);
}

function lowerTail(x: number, a: number, b: number): number {
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  return front * continuedFraction(x, a, b);
}

function continuedFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1));
  let product = d;
  for (let m = 1; m < MOST_TERMS; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d);
    c = 1 + even / c;
    product *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    product *= d * c;
    if (Math.abs(d * c - 1) < NEGLIGIBLE) break;
  }
  return product;
}
