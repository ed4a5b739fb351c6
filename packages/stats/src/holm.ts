/**
 * Adjusted p-values of several tests: those at most α are rejections, with a chance of at most α that any of them is false, whatever the
 * dependence between the tests.
 * @param pValues in [0, 1]; @returns in the same order, in [0, 1]. O(n log n).
 * Source: Holm (1979), A simple sequentially rejective multiple test procedure.
 */
export function holm(pValues: readonly number[]): readonly number[] {
  const order = pValues.map((_, index) => index).sort((a, b) => (pValues[a] as number) - (pValues[b] as number));
  const adjusted = Array.from({ length: pValues.length }, () => 1);
  let highest = 0;
  for (const [rank, index] of order.entries()) {
    highest = Math.max(highest, Math.min(1, (pValues.length - rank) * (pValues[index] as number)));
    adjusted[index] = highest;
  }
  return adjusted;
}
