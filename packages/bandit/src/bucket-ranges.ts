/**
 * Ranges for new weights that move as few buckets as can be: growing arms take only what shrinking arms give up, exactly Σ max(0, Δw). A shrinking
 * arm gives its smallest ranges first and cuts the last one where it meets a growing arm, so that ranges stay few and a ramp of one challenger
 * stays one range each.
 */
import type { BucketRange } from './assignment.ts';
import { BanditError } from './errors.ts';
import { WHOLE } from './weights.ts';

/** Arms by name, in millionths; an arm that is left out has 0. */
export type WeightOfArm = ReadonlyMap<string, number>;

/**
 * @param before ranges of the split so far; empty at the start of a test
 * @returns ascending, without gaps from 0 to 10^6
 * @throws {BanditError} BAD_WEIGHTS unless weights are whole, at least 0, and sum to 10^6. O(ranges · log).
 */
export function rangesFor(before: readonly BucketRange[], weights: WeightOfArm): BucketRange[] {
  checkWeights(weights);
  const missing = new Map(weights);
  for (const { arm, start, end } of before) missing.set(arm, (missing.get(arm) ?? 0) - (end - start));
  const growing = new Set([...missing].filter(([, need]) => need > 0).map(([arm]) => arm));
  const kept: BucketRange[] = before.filter(({ arm }) => (missing.get(arm) as number) >= 0);
  const freed: BucketRange[] = before.length === 0 ? [{ arm: '', start: 0, end: WHOLE }] : [];
  for (const [arm, need] of missing) if (need < 0) giveUp(before, arm, -need, growing, kept, freed);
  freed.sort(byStart);
  for (const arm of growing) takeUp(arm, missing.get(arm) as number, freed, kept);
  return merged(kept.sort(byStart));
}

function checkWeights(weights: WeightOfArm): void {
  let sum = 0;
  for (const [arm, weight] of weights) {
    if (!Number.isInteger(weight) || weight < 0)
      throw new BanditError(
        'BAD_WEIGHTS',
        `weight of ${arm} is ${weight}; it must be a whole number of millionths, at least 0`,
      );
    sum += weight;
  }
  if (sum !== WHOLE)
    throw new BanditError(
      'BAD_WEIGHTS',
      `weights sum to ${sum}; they must sum to ${WHOLE}; take them from an allocation policy`,
    );
}

function giveUp(
  before: readonly BucketRange[],
  arm: string,
  surplus: number,
  growing: ReadonlySet<string>,
  kept: BucketRange[],
  freed: BucketRange[],
): void {
  const own = before
    .map((range, index) => ({ range, index }))
    .filter(({ range }) => range.arm === arm)
    .sort((a, b) => a.range.end - a.range.start - (b.range.end - b.range.start) || b.index - a.index);
  let left = surplus;
  for (const { range, index } of own) {
    const { start, end } = range;
    const given = Math.min(left, end - start);
    left -= given;
    const meetsBefore = growing.has(before[index - 1]?.arm ?? '');
    const cut = meetsBefore ? start + given : end - given;
    const [low, high] = [
      { arm, start, end: cut },
      { arm, start: cut, end },
    ];
    (meetsBefore ? freed : kept).push(low);
    (meetsBefore ? kept : freed).push(high);
  }
}

/** Takes the freed buckets from the lowest up. */
function takeUp(arm: string, need: number, freed: BucketRange[], kept: BucketRange[]): void {
  let left = need;
  while (left > 0) {
    const { start, end } = freed.shift() as BucketRange;
    const cut = Math.min(end, start + left);
    kept.push({ arm, start, end: cut });
    left -= cut - start;
    if (cut < end) freed.unshift({ arm: '', start: cut, end });
  }
}

function merged(ranges: readonly BucketRange[]): BucketRange[] {
  const out: BucketRange[] = [];
  for (const range of ranges) {
    if (range.start === range.end) continue;
    const last = out.at(-1);
    if (last !== undefined && last.arm === range.arm) out[out.length - 1] = { ...last, end: range.end };
    else out.push(range);
  }
  return out;
}

function byStart(a: BucketRange, b: BucketRange): number {
  return a.start - b.start || a.end - b.end;
}
