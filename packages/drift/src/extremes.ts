/**
 * The arithmetic of the tree behind D: highest and lowest running sums of blocks and nodes. In 32 bits without a branch: which of two sums is
 * the larger is as good as random, and a mispredicted branch costs more than everything else here (measured: 210 ns an event with
 * `Math.max`, 140 ns without). Beyond 32 bits in doubles, exact to 2⁵³.
 */
export type Ints = Int32Array | Float64Array;

export const FAN_BITS = 2;
/** Children of a node, and leaves of a block: four are compared side by side, which is faster than climbing two levels of pairs. */
export const FAN: number = 2 ** FAN_BITS;
/** A leaf has two steps: the gap before its value, and the value. */
export const BLOCK_BITS: number = FAN_BITS + 1;
/** m·W below it: H lies in ±m·W, so a running sum inside a node, being a difference of two, and the difference of two of those fit into 32 bits. */
export const INT32_LIMIT: number = 2 ** 30;

export interface Arithmetic {
  readonly max: (a: number, b: number) => number;
  readonly min: (a: number, b: number) => number;
  /** Sum, highest and lowest running sum of the four leaves of block `at`. */
  readonly block: (step: Ints, sum: Ints, hi: Ints, lo: Ints, at: number) => void;
  /** The same of node `at` from its four children, the first of which is `child`. */
  readonly node: (sum: Ints, hi: Ints, lo: Ints, at: number, child: number) => void;
}

export const INT32: Arithmetic = arithmetic(
  (a, b) => {
    const difference = (a - b) | 0;
    return (a - (difference & (difference >> 31))) | 0;
  },
  (a, b) => {
    const difference = (a - b) | 0;
    return (b + (difference & (difference >> 31))) | 0;
  },
);

export const FLOAT64: Arithmetic = arithmetic(Math.max, Math.min);

function arithmetic(max: Arithmetic['max'], min: Arithmetic['min']): Arithmetic {
  /** Four leaves, written out so that the comparisons need not wait for each other. Only values are candidates for the highest sum. */
  const block = (step: Ints, sum: Ints, hi: Ints, lo: Ints, at: number): void => {
    const leaf = at << BLOCK_BITS;
    const gap0 = step[leaf] as number;
    const point0 = gap0 + (step[leaf + 1] as number);
    const gap1 = point0 + (step[leaf + 2] as number);
    const point1 = gap1 + (step[leaf + 3] as number);
    const gap2 = point1 + (step[leaf + 4] as number);
    const point2 = gap2 + (step[leaf + 5] as number);
    const gap3 = point2 + (step[leaf + 6] as number);
    const point3 = gap3 + (step[leaf + 7] as number);
    sum[at] = point3;
    hi[at] = max(max(point0, point1), max(point2, point3));
    lo[at] = min(min(min(gap0, point0), min(gap1, point1)), min(min(gap2, point2), min(gap3, point3)));
  };

  /** Four children; padded ones repeat the end, where H is 0, which a maximum and a minimum clamped at zero do not notice. */
  const node = (sum: Ints, hi: Ints, lo: Ints, at: number, child: number): void => {
    const sum0 = sum[child] as number;
    const sum1 = sum0 + (sum[child + 1] as number);
    const sum2 = sum1 + (sum[child + 2] as number);
    sum[at] = sum2 + (sum[child + 3] as number);
    hi[at] = max(
      max(hi[child] as number, sum0 + (hi[child + 1] as number)),
      max(sum1 + (hi[child + 2] as number), sum2 + (hi[child + 3] as number)),
    );
    lo[at] = min(
      min(lo[child] as number, sum0 + (lo[child + 1] as number)),
      min(sum1 + (lo[child + 2] as number), sum2 + (lo[child + 3] as number)),
    );
  };
  return { max, min, block, node };
}
