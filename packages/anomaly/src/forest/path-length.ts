/** Euler–Mascheroni constant. */
const EULER = 0.577_215_664_901_532_9;

/**
 * c(n): mean depth of an unsuccessful search in a binary search tree of n keys, the depth that a leaf of n rows stands for.
 * c(1) = 0, c(2) = 1, else 2(ln(n − 1) + γ) − 2(n − 1)/n. Source: Liu, Ting & Zhou (2008), Isolation Forest, equation 1.
 */
export function meanPathLength(n: number): number {
  if (n < 2) return 0;
  if (n === 2) return 1;
  return 2 * (Math.log(n - 1) + EULER) - (2 * (n - 1)) / n;
}
