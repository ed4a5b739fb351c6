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

/**
 * A node takes four places: its sum, its highest and lowest running sum, and one that lies idle, so that four nodes are a cache line. The hot
 * functions below have these numbers as literals: V8 does not fold constants of a module into them (measured: 20 ns an event).
 */
export const NODE_BITS = 2;
export const SUM = 0;
export const HI = 1;
export const LO = 2;

export interface Arithmetic {
  /** Node `at` from the four leaves below it. */
  readonly block: (step: Ints, nodes: Ints, at: number) => void;
  /** Node `at` from its four children, the first of which is `child`. */
  readonly node: (nodes: Ints, at: number, child: number) => void;
  /** The nodes above two changed blocks, up to the root; `levels` has the first node of each level. */
  readonly climb: (step: Ints, nodes: Ints, levels: Int32Array, left: number, right: number) => void;
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

type Choice = (a: number, b: number) => number;

function arithmetic(max: Choice, min: Choice): Arithmetic {
  /**
   * Written out so that the comparisons need not wait for each other. Only values are candidates for the highest sum, and only gaps for the
   * lowest: a gap never rises, so what follows a value is at most as high as it, and behind the last gap H is 0.
   */
  const block = (step: Ints, nodes: Ints, at: number): void => {
    const leaf = at << BLOCK_BITS;
    const gap0 = step[leaf] as number;
    const point0 = gap0 + (step[leaf + 1] as number);
    const gap1 = point0 + (step[leaf + 2] as number);
    const point1 = gap1 + (step[leaf + 3] as number);
    const gap2 = point1 + (step[leaf + 4] as number);
    const point2 = gap2 + (step[leaf + 5] as number);
    const gap3 = point2 + (step[leaf + 6] as number);
    const point3 = gap3 + (step[leaf + 7] as number);
    const to = at << 2;
    nodes[to] = point3;
    nodes[to + 1] = max(max(point0, point1), max(point2, point3));
    nodes[to + 2] = min(min(gap0, gap1), min(gap2, gap3));
  };

  /** Padded children repeat the end, where H is 0, which a maximum and a minimum clamped at zero do not notice. */
  const node = (nodes: Ints, at: number, child: number): void => {
    const from = child << 2;
    const sum0 = nodes[from] as number;
    const sum1 = sum0 + (nodes[from + 4] as number);
    const sum2 = sum1 + (nodes[from + 8] as number);
    const hi = max(
      max(nodes[from + 1] as number, sum0 + (nodes[from + 5] as number)),
      max(sum1 + (nodes[from + 9] as number), sum2 + (nodes[from + 13] as number)),
    );
    const lo = min(
      min(nodes[from + 2] as number, sum0 + (nodes[from + 6] as number)),
      min(sum1 + (nodes[from + 10] as number), sum2 + (nodes[from + 14] as number)),
    );
    const to = at << 2;
    nodes[to] = sum2 + (nodes[from + 12] as number);
    nodes[to + 1] = hi;
    nodes[to + 2] = lo;
  };

  // One call site for each of the two: V8 inlines them here, and nowhere in a loop over lists.
  const climb = (step: Ints, nodes: Ints, levels: Int32Array, left: number, right: number): void => {
    for (let place = left; ; place = right) {
      block(step, nodes, place);
      if (place === right) break;
    }
    let a = left;
    let b = right;
    let below = 0;
    for (let level = 1; level < levels.length; level += 1) {
      const first = levels[level] as number;
      a >>>= FAN_BITS;
      b >>>= FAN_BITS;
      for (let place = a; ; place = b) {
        node(nodes, first + place, below + (place << FAN_BITS));
        if (place === b) break;
      }
      below = first;
    }
  };
  return { block, node, climb };
}
