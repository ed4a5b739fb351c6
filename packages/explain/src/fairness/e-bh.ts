/**
 * Which of K cells to report when each carries an e-value: the k with the largest, k = max{k : e_(k) ≥ K/(α k)}. The false discovery rate is
 * at most α, however the cells depend on each other. @param logE natural logarithms. @returns indices, ascending. O(K log K).
 * Source: Wang and Ramdas (2022), False discovery rate control with e-values.
 */
export function eBenjaminiHochberg(logE: readonly number[], alpha: number): number[] {
  const order = [...logE.keys()].sort((a, b) => logE[b]! - logE[a]!);
  let count = 0;
  for (const [at, cell] of order.entries()) {
    if (logE[cell]! >= Math.log(logE.length / (alpha * (at + 1)))) count = at + 1;
  }
  return order.slice(0, count).sort((a, b) => a - b);
}
