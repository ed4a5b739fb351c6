/**
 * Exact two-sided confidence interval of a binomial rate.
 * Source: Clopper and Pearson (1934).
 */
export interface RateBounds {
  readonly rate: number;
  readonly lower: number;
  readonly upper: number;
}

/** @param hits in [0, runs]; @param confidence in (0, 1), both sides together */
export function clopperPearson(hits: number, runs: number, confidence = 0.99): RateBounds {
  const tail = (1 - confidence) / 2;
  const solve = (excess: (p: number) => boolean): number => {
    let low = 0;
    let high = 1;
    for (let step = 0; step < 60; step += 1) {
      const middle = (low + high) / 2;
      if (excess(middle)) high = middle;
      else low = middle;
    }
    return high;
  };
  return {
    rate: hits / runs,
    lower: hits === 0 ? 0 : solve((p) => atMost(runs - hits, runs, 1 - p) > tail),
    upper: hits === runs ? 1 : solve((p) => atMost(hits, runs, p) < tail),
  };
}

/** P(X ≤ hits), X binomial. O(hits). */
function atMost(hits: number, runs: number, p: number): number {
  if (p <= 0) return 1;
  if (p >= 1) return hits >= runs ? 1 : 0;
  const odds = Math.log(p) - Math.log1p(-p);
  let term = runs * Math.log1p(-p);
  let largest = term;
  const terms = [term];
  for (let k = 1; k <= hits; k += 1) {
    term += Math.log((runs - k + 1) / k) + odds;
    largest = Math.max(largest, term);
    terms.push(term);
  }
  return Math.exp(largest) * terms.reduce((sum, each) => sum + Math.exp(each - largest), 0);
}
