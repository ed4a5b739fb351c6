/**
 * D of two samples that were counted into the same bins, in [0, 1], and the size of the first; 0 when one is empty. Values within a bin count
 * as equal. O(bins).
 */
export function distanceOfBins(
  first: Uint32Array,
  second: Uint32Array,
): { readonly distance: number; readonly size: number } {
  const size = first.reduce((sum, count) => sum + count, 0);
  const other = second.reduce((sum, count) => sum + count, 0);
  let difference = 0;
  let height = 0;
  for (let bin = 0; bin < first.length; bin += 1) {
    difference += other * (first[bin] as number) - size * (second[bin] as number);
    height = Math.max(height, Math.abs(difference));
  }
  return { distance: size === 0 || other === 0 ? 0 : height / (size * other), size };
}
