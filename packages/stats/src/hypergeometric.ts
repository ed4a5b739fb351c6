/**
 * Whether two samples have the same share of something, exactly: given how many there are in both together, the number in one of them is
 * hypergeometric. Source: Fisher (1922); Loader (2000), Fast and accurate computation of binomial probabilities.
 */

/**
 * Two-sided p-value of Fisher's exact test: twice the smaller tail, at most 1.
 * @param a of @param totalA, and @param b of @param totalB, whole numbers
 * @returns in [0, 1], relative error below 1e-9; 1 when one total is 0, or when all or none are. O(standard deviation).
 */
export function fisherExact(a: number, totalA: number, b: number, totalB: number): number {
  const total = totalA + totalB;
  const marked = a + b;
  if (totalA === 0 || totalB === 0 || marked === 0 || marked === total) return 1;
  // From b away from its mean terms only fall, so the nearer tail is the smaller one.
  const step = b * total >= marked * totalB ? 1 : -1;
  return Math.min(1, 2 * tailFrom(b, step, marked, totalB, total));
}

/** Probability of `from` and all beyond it in the direction of `step`, from a count that is not short of the mean. */
function tailFrom(from: number, step: 1 | -1, marked: number, drawn: number, total: number): number {
  const first = probability(from, marked, drawn, total);
  let term = 1;
  let sum = 1;
  for (let x = from; term > 1e-17 * sum; x += step) {
    const up = ((marked - x) * (drawn - x)) / ((x + 1) * (total - marked - drawn + x + 1));
    const down = (x * (total - marked - drawn + x)) / ((marked - x + 1) * (drawn - x + 1));
    term *= step === 1 ? up : down;
    sum += term;
  }
  return first * sum;
}

/** P(X = x) for x of the `marked` among `drawn` of `total`. */
function probability(x: number, marked: number, drawn: number, total: number): number {
  const share = drawn / total;
  const log =
    logBinomial(x, marked, share) + logBinomial(drawn - x, total - marked, share) - logBinomial(drawn, total, share);
  return Math.exp(log);
}

/** Log of the binomial probability of x in n. Loader's saddle point: no difference of large logarithms. */
function logBinomial(x: number, n: number, p: number): number {
  if (x < 0 || x > n) return Number.NEGATIVE_INFINITY;
  if (x === 0) return n * Math.log1p(-p);
  if (x === n) return n * Math.log(p);
  const rest = n - x;
  const errors = stirlingError(n) - stirlingError(x) - stirlingError(rest);
  return errors - deviance(x, n * p) - deviance(rest, n * (1 - p)) - Math.log((2 * Math.PI * x * rest) / n) / 2;
}

/** log n! less Stirling's approximation of it. */
function stirlingError(n: number): number {
  if (n > 15)
    return (1 / 12 - (1 / 360 - (1 / 1_260 - (1 / 1_680 - 1 / (1_188 * n * n)) / (n * n)) / (n * n)) / (n * n)) / n;
  let factorial = 1;
  for (let i = 2; i <= n; i += 1) factorial *= i;
  return Math.log(factorial) - (n + 0.5) * Math.log(n) + n - Math.log(2 * Math.PI) / 2;
}

/** x log(x/mean) + mean − x. Near the mean by its series in v = (x − mean)/(x + mean), where the plain form cancels. */
function deviance(x: number, mean: number): number {
  const v = (x - mean) / (x + mean);
  if (Math.abs(v) >= 0.1) return x * Math.log(x / mean) + mean - x;
  let sum = (x - mean) * v;
  let power = 2 * x * v;
  for (let j = 1; j < 50; j += 1) {
    power *= v * v;
    const next = sum + power / (2 * j + 1);
    if (next === sum) break;
    sum = next;
  }
  return sum;
}
