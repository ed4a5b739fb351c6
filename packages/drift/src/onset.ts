/** When a change began, from the scores of the values that speak for it. */

/**
 * Start of the stretch at the end of a sequence that speaks most for a change of its mean from 0: the suffix with a positive sum S over a
 * weight w whose S²/w, twice the log of its likelihood ratio in units of the variance, is largest; the shortest of several. The sum alone
 * would reach too far back: before the change it is a walk without drift.
 * @returns an index in [0, length); length − 1 when no suffix has a positive sum
 * Source: Hinkley (1970), Inference about the change-point in a sequence of random variables. O(length).
 */
export function onsetOf(
  length: number,
  scoreAt: (index: number) => number,
  weightAt: (index: number) => number = () => 1,
): number {
  let sum = 0;
  let weight = 0;
  let best = 0;
  let onset = length - 1;
  for (let index = length - 1; index >= 0; index -= 1) {
    sum += scoreAt(index);
    weight += weightAt(index);
    const evidence = sum > 0 ? (sum * sum) / weight : 0;
    if (evidence > best) {
      best = evidence;
      onset = index;
    }
  }
  return onset;
}
