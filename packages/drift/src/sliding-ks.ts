/**
 * Exact two-sample Kolmogorov–Smirnov distance between a fixed reference and the last W values, updated in O(1) and read in O(log k).
 *
 * With H(x) = n·#{reference ≤ x} − m·#{window ≤ x}, an integer, D = max|H| / (mn). Inside a gap between reference values H only falls,
 * so its extremes lie at the 2k + 1 places "at a reference value" and "just before one": counts per gap and per value suffice, ties
 * included, and D is the very quotient that SciPy's exact mode divides.
 *
 *   leaf i    falls by m·gap_i, then moves by n·r_i − m·point_i (the last leaf, after the last value, only falls)
 *   block     four leaves: its sum, and the highest and lowest running sum inside it
 *   node      four children: sum = Σ sums, hi = max(sums before a child + its hi), lo likewise
 *
 * A value only marks the two blocks that it changes; they and what lies above them are computed when D is asked for.
 *
 * Source: derived from dos Reis et al., Fast unsupervised online drift detection using incremental Kolmogorov–Smirnov (KDD 2016).
 */

import { type Extreme, extremeOf } from './extreme.ts';
import { onsetOf } from './onset.ts';
import { binOf, type Reference } from './reference.ts';
import {
  type Arithmetic,
  BLOCK_BITS,
  FAN,
  FAN_BITS,
  FLOAT64,
  HI,
  INT32,
  INT32_LIMIT,
  type Ints,
  LO,
  NODE_BITS,
  SUM,
} from './tree-arithmetic.ts';

export interface KsReading {
  /** D in [0, 1], bit for bit SciPy's `ks_2samp(reference, window, method='exact').statistic`. */
  readonly statistic: number;
  /** Reference value at (or just below) which the distribution functions are furthest apart. */
  readonly at: number;
  /** +1: the window lies above the reference, −1: below. */
  readonly direction: 1 | -1;
  /** Values in the window now. */
  readonly windowSize: number;
}

export class SlidingKs {
  readonly reference: Reference;
  /** W, the values a full window holds. */
  readonly capacity: number;
  readonly #ring: Uint16Array | Uint32Array;
  /** How H moves at each bin: −m·count in a gap, n·r_i − m·count at a value (without n·r_i until the window is full). Zeros up to whole blocks. */
  readonly #step: Ints;
  readonly #arithmetic: Arithmetic;
  /** gcd(m, W), and m/gcd·W: D of a full window needs them at every event. */
  readonly #fullGcd: number;
  readonly #fullDivisor: number;
  /** Blocks of leaves first, then level by level up to the root. */
  readonly #nodes: Ints;
  /** First node of each level; levels are padded with zeros to whole families. */
  readonly #levels: Int32Array;
  /** Nodes to compute again, level by level; a node is listed once. */
  readonly #stale: readonly Uint32Array[];
  readonly #staleCount: Uint32Array;
  readonly #isStale: Uint8Array;
  /** Highest and lowest H, at least 0 and at most 0. */
  #up = 0;
  #down = 0;
  /** Nothing has changed since they were computed. */
  #isFresh = false;
  /** The blocks of a single change since then, which needs no lists; −1 when there is none or more. */
  #left = -1;
  #right = -1;
  #size = 0;
  #next = 0;

  /** @throws {RangeError} when `capacity` is not a whole number ≥ 1, or m·W passes 2⁵³. */
  constructor(reference: Reference, capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1)
      throw new RangeError(`window capacity is ${capacity}; it must be a whole number of at least 1`);
    const product = reference.m * capacity;
    if (product > Number.MAX_SAFE_INTEGER)
      throw new RangeError(
        `reference size ${reference.m} × window ${capacity} passes 2^53; shorten the window or sample the reference down`,
      );
    this.reference = reference;
    this.capacity = capacity;
    this.#fullGcd = gcd(reference.m, capacity);
    this.#fullDivisor = (reference.m / this.#fullGcd) * capacity;
    const k = reference.values.length;
    this.#ring = 2 * k < 65_536 ? new Uint16Array(capacity) : new Uint32Array(capacity);
    this.#arithmetic = product < INT32_LIMIT ? INT32 : FLOAT64;
    const Ints = product < INT32_LIMIT ? Int32Array : Float64Array;
    const sizes = [Math.ceil((k + 1) / FAN)];
    while ((sizes.at(-1) as number) > 1) sizes.push(Math.ceil((sizes.at(-1) as number) / FAN));
    const levels = [0];
    for (const size of sizes) levels.push((levels.at(-1) as number) + Math.ceil(size / FAN) * FAN);
    const nodes = levels.at(-1) as number;
    this.#step = new Ints(2 * FAN * (sizes[0] as number));
    this.#levels = Int32Array.from(levels.slice(0, -1));
    this.#nodes = new Ints(nodes << NODE_BITS);
    this.#stale = sizes.map((size) => new Uint32Array(size));
    this.#staleCount = new Uint32Array(sizes.length);
    this.#isStale = new Uint8Array(nodes);
  }

  get windowSize(): number {
    return this.#size;
  }

  get full(): boolean {
    return this.#size === this.capacity;
  }

  /** Add a finite value; the oldest leaves when the window is full. O(1): D is computed when it is asked for. */
  push(x: number): void {
    this.pushBin(binOf(this.reference, x));
  }

  /** Add a value by its bin id (`binOf`), so that one search serves several windows. */
  pushBin(bin: number): void {
    const step = this.#step;
    const m = this.reference.m;
    const at = this.#next;
    this.#next = at + 1 === this.capacity ? 0 : at + 1;
    if (this.#size < this.capacity) {
      this.#ring[at] = bin;
      step[bin] = (step[bin] as number) - m;
      this.#size += 1;
      if (this.#size === this.capacity) this.#fill();
      return;
    }
    const evicted = this.#ring[at] as number;
    if (evicted === bin) return;
    this.#ring[at] = bin;
    step[evicted] = (step[evicted] as number) + m;
    step[bin] = (step[bin] as number) - m;
    if (this.#isFresh) {
      this.#isFresh = false;
      this.#left = evicted >>> BLOCK_BITS;
      this.#right = bin >>> BLOCK_BITS;
      return;
    }
    if (this.#left >= 0) {
      this.#mark(0, this.#left);
      this.#mark(0, this.#right);
      this.#left = -1;
    }
    this.#mark(0, evicted >>> BLOCK_BITS);
    this.#mark(0, bin >>> BLOCK_BITS);
  }

  /** max|H|, the integer behind D; 0 while the window is empty. O(log k) per value since it was last asked for; O(k) before full. */
  get height(): number {
    if (!this.full) return this.#scan().height;
    if (!this.#isFresh) this.#refresh();
    return Math.max(this.#up, -this.#down);
  }

  /** D of the integer `height`: reduced by gcd first, as SciPy does, so that the quotient has the same bits. */
  statisticOf(height: number): number {
    const m = this.reference.m;
    const n = this.#size;
    if (n === 0) return 0;
    if (n === this.capacity) return height / this.#fullGcd / this.#fullDivisor;
    const g = gcd(m, n);
    return height / g / ((m / g) * n);
  }

  /** Smallest height whose D in a full window is at least `level`. Both are whole, so the quotient has the bits of SciPy's reduced one. */
  heightOf(level: number): number {
    const product = this.reference.m * this.capacity;
    // One rounding error either way.
    let height = Math.max(0, Math.ceil(level * product) - 1);
    while (height / product < level) height += 1;
    return height;
  }

  /** D with its place and direction. As `height`, plus O(log k) when full. */
  read(): KsReading {
    const found = this.full ? this.#descend() : this.#scan();
    return {
      statistic: this.statisticOf(found.height),
      at: this.reference.values[Math.min(found.leaf, this.reference.values.length - 1)] as number,
      direction: found.direction,
      windowSize: this.#size,
    };
  }

  /** Index in the window, oldest first, at which what `read` found most probably began. O(k + n). */
  onset(): number {
    const { m } = this.reference;
    const { lastBin, below, direction } = extremeOf(this.reference, this.counts(), this.#size);
    const bins = this.bins();
    return onsetOf(bins.length, (index) => direction * (below - ((bins[index] as number) <= lastBin ? m : 0)));
  }

  /** Window counts per bin, a copy. O(k). */
  counts(): Uint32Array {
    const { values, counts, m } = this.reference;
    const found = new Uint32Array(2 * values.length + 1);
    const n = this.full ? this.capacity : 0;
    for (let bin = 0; bin < found.length; bin += 1) {
      const rise = bin % 2 === 1 ? n * (counts[bin >>> 1] as number) : 0;
      found[bin] = (rise - (this.#step[bin] as number)) / m;
    }
    return found;
  }

  /** Bin ids of the last `count` values, at most those of the window, oldest first: a copy. O(count). */
  bins(count: number = this.#size): Uint32Array {
    const ids = new Uint32Array(Math.min(count, this.#size));
    const recent = Math.min(this.#next, ids.length);
    const older = ids.length - recent;
    ids.set(this.#ring.subarray(this.capacity - older));
    ids.set(this.#ring.subarray(this.#next - recent, this.#next), older);
    return ids;
  }

  /** The window is full: n stops changing, so the reference's part of each step is fixed. */
  #fill(): void {
    const { counts } = this.reference;
    for (let i = 0; i < counts.length; i += 1)
      this.#step[2 * i + 1] = (this.#step[2 * i + 1] as number) + this.capacity * (counts[i] as number);
    for (let place = 0; place < (this.#stale[0] as Uint32Array).length; place += 1) this.#mark(0, place);
  }

  /** `place` counts within the level. */
  #mark(level: number, place: number): void {
    const node = (this.#levels[level] as number) + place;
    if (this.#isStale[node] === 1) return;
    this.#isStale[node] = 1;
    const count = this.#staleCount[level] as number;
    (this.#stale[level] as Uint32Array)[count] = place;
    this.#staleCount[level] = count + 1;
  }

  #refresh(): void {
    this.#isFresh = true;
    if (this.#left >= 0) {
      this.#arithmetic.climb(this.#step, this.#nodes, this.#levels, this.#left, this.#right);
      this.#left = -1;
    } else this.#computeStale();
    const root = (this.#levels[this.#levels.length - 1] as number) << NODE_BITS;
    this.#up = Math.max(0, this.#nodes[root + HI] as number);
    this.#down = Math.min(0, this.#nodes[root + LO] as number);
  }

  #computeStale(): void {
    const levels = this.#levels;
    for (let level = 0; level < levels.length; level += 1) {
      const stale = this.#stale[level] as Uint32Array;
      const first = levels[level] as number;
      for (let index = 0; index < (this.#staleCount[level] as number); index += 1) {
        const place = stale[index] as number;
        this.#isStale[first + place] = 0;
        if (level === 0) this.#arithmetic.block(this.#step, this.#nodes, place);
        else this.#arithmetic.node(this.#nodes, first + place, (levels[level - 1] as number) + place * FAN);
        if (level + 1 < levels.length) this.#mark(level + 1, place >>> FAN_BITS);
      }
      this.#staleCount[level] = 0;
    }
  }

  #descend(): Extreme {
    const height = this.height;
    const seekHigh = this.#up >= -this.#down;
    const extreme = seekHigh ? HI : LO;
    let target = seekHigh ? height : -height;
    let place = 0;
    for (let level = this.#levels.length - 2; level >= 0; level -= 1) {
      const first = this.#levels[level] as number;
      let child = first + place * FAN;
      for (
        const last = child + FAN - 1;
        child < last && this.#nodes[(child << NODE_BITS) + extreme] !== target;
        child += 1
      )
        target -= this.#nodes[(child << NODE_BITS) + SUM] as number;
      place = child - first;
    }
    return { height, leaf: this.#leafIn(place, target), direction: seekHigh ? 1 : -1 };
  }

  /** First leaf of the block at whose value, or just before it, the running sum is `target`. */
  #leafIn(block: number, target: number): number {
    let h = 0;
    let leaf = block * FAN;
    for (; leaf < (block + 1) * FAN - 1; leaf += 1) {
      h += this.#step[2 * leaf] as number;
      if (h === target) break;
      h += this.#step[2 * leaf + 1] as number;
      if (h === target) break;
    }
    return leaf;
  }

  #scan(): Extreme {
    return extremeOf(this.reference, this.counts(), this.#size);
  }
}

/** Of whole numbers, not both 0. */
export function gcd(a: number, b: number): number {
  let x = a;
  let y = b;
  while (y > 0) [x, y] = [y, x % y];
  return x;
}
