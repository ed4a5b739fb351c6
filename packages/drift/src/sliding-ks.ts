/**
 * Exact two-sample Kolmogorov–Smirnov distance between a fixed reference and the last W values, updated in O(log k).
 *
 * With H(x) = n·#{reference ≤ x} − m·#{window ≤ x}, an integer, D = max|H| / (mn). Inside a gap between reference values H only falls,
 * so its extremes lie at the 2k + 1 places "at a reference value" and "just before one": counts per gap and per value suffice, ties
 * included, and D is the very quotient that SciPy's exact mode divides.
 *
 *   leaf i < k   sum = n·r_i − m·(gap_i + point_i)    hi = sum    lo = min(sum, −m·gap_i)
 *   leaf k       sum = hi = lo = −m·gap_k                                  (the gap after the last value)
 *   node         sum = l.sum + r.sum    hi = max(l.hi, l.sum + r.hi)    lo = min(l.lo, l.sum + r.lo)
 *
 * Source: derived from dos Reis et al., Fast unsupervised online drift detection using incremental Kolmogorov–Smirnov (KDD 2016).
 */
import { binOf, type Reference } from './reference.ts';

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
  readonly #counts: Uint32Array;
  /** gcd(m, W): D of a full window needs it at every event. */
  readonly #fullGcd: number;
  readonly #leaves: number;
  readonly #sum: Int32Array | Float64Array;
  readonly #hi: Int32Array | Float64Array;
  readonly #lo: Int32Array | Float64Array;
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
    const k = reference.values.length;
    this.#ring = 2 * k < 65_536 ? new Uint16Array(capacity) : new Uint32Array(capacity);
    this.#counts = new Uint32Array(2 * k + 1);
    this.#leaves = 2 ** Math.ceil(Math.log2(k + 1));
    const Ints = product < 2 ** 31 ? Int32Array : Float64Array;
    this.#sum = new Ints(2 * this.#leaves);
    this.#hi = new Ints(2 * this.#leaves);
    this.#lo = new Ints(2 * this.#leaves);
  }

  get windowSize(): number {
    return this.#size;
  }

  get full(): boolean {
    return this.#size === this.capacity;
  }

  /** Add a finite value; the oldest leaves when the window is full. O(log k) when full, O(1) while it fills. */
  push(x: number): void {
    this.pushBin(binOf(this.reference, x));
  }

  /** Add a value by its bin id (`binOf`), so that one search serves several windows. */
  pushBin(bin: number): void {
    const counts = this.#counts;
    const at = this.#next;
    this.#next = at + 1 === this.capacity ? 0 : at + 1;
    if (this.#size < this.capacity) {
      this.#ring[at] = bin;
      counts[bin] = (counts[bin] as number) + 1;
      this.#size += 1;
      // Leaf weights depend on n, so the tree is built once, when n stops changing.
      if (this.#size === this.capacity) this.#build();
      return;
    }
    const evicted = this.#ring[at] as number;
    if (evicted === bin) return;
    this.#ring[at] = bin;
    counts[evicted] = (counts[evicted] as number) - 1;
    counts[bin] = (counts[bin] as number) + 1;
    this.#refresh(evicted >>> 1, bin >>> 1);
  }

  /** max|H|, the integer behind D; 0 while the window is empty. O(1) when full, O(k) before. */
  get height(): number {
    if (!this.full) return this.#scan().height;
    return Math.max(0, this.#hi[1] as number, -(this.#lo[1] as number));
  }

  /** D of the integer `height`: reduced by gcd first, as SciPy does, so that the quotient has the same bits. */
  statisticOf(height: number): number {
    const m = this.reference.m;
    const n = this.#size;
    if (n === 0) return 0;
    const g = n === this.capacity ? this.#fullGcd : gcd(m, n);
    return height / g / ((m / g) * n);
  }

  /** D with its place and direction. O(log k) when full, O(k) before. */
  read(): KsReading {
    const found = this.full ? this.#descend() : this.#scan();
    return {
      statistic: this.statisticOf(found.height),
      at: this.reference.values[Math.min(found.leaf, this.reference.values.length - 1)] as number,
      direction: found.direction,
      windowSize: this.#size,
    };
  }

  /** Window counts per bin; a view, not to be changed. */
  get counts(): Uint32Array {
    return this.#counts;
  }

  /** Bin ids of the window, oldest first. */
  bins(): Uint32Array {
    const ids = new Uint32Array(this.#size);
    const oldest = this.full ? this.#next : 0;
    for (let i = 0; i < ids.length; i += 1) ids[i] = this.#ring[(oldest + i) % this.capacity] as number;
    return ids;
  }

  #leaf(index: number): void {
    const node = this.#leaves + index;
    const k = this.reference.values.length;
    const m = this.reference.m;
    const gap = -m * (this.#counts[2 * index] as number);
    if (index === k) {
      this.#sum[node] = gap;
      this.#hi[node] = gap;
      this.#lo[node] = gap;
      return;
    }
    const sum =
      this.capacity * (this.reference.counts[index] as number) + gap - m * (this.#counts[2 * index + 1] as number);
    this.#sum[node] = sum;
    this.#hi[node] = sum;
    this.#lo[node] = sum < gap ? sum : gap;
  }

  #join(node: number): void {
    const sum = this.#sum;
    const hi = this.#hi;
    const lo = this.#lo;
    const left = 2 * node;
    const leftSum = sum[left] as number;
    const leftHi = hi[left] as number;
    const leftLo = lo[left] as number;
    const rightHi = leftSum + (hi[left + 1] as number);
    const rightLo = leftSum + (lo[left + 1] as number);
    sum[node] = leftSum + (sum[left + 1] as number);
    hi[node] = leftHi > rightHi ? leftHi : rightHi;
    lo[node] = leftLo < rightLo ? leftLo : rightLo;
  }

  #build(): void {
    for (let index = 0; index <= this.reference.values.length; index += 1) this.#leaf(index);
    // Leaves beyond k are neutral: zero sums, and zeros neither raise a maximum nor lower a minimum that is clamped at zero.
    for (let node = this.#leaves - 1; node >= 1; node -= 1) this.#join(node);
  }

  /** Both changed leaves climb together and share what lies above their meeting point. */
  #refresh(a: number, b: number): void {
    this.#leaf(a);
    let left = (this.#leaves + a) >>> 1;
    if (a !== b) {
      this.#leaf(b);
      let right = (this.#leaves + b) >>> 1;
      while (left !== right) {
        this.#join(left);
        this.#join(right);
        left >>>= 1;
        right >>>= 1;
      }
    }
    for (; left >= 1; left >>>= 1) this.#join(left);
  }

  #descend(): Extreme {
    const up = Math.max(0, this.#hi[1] as number);
    const down = Math.max(0, -(this.#lo[1] as number));
    const seekHigh = up >= down;
    let node = 1;
    let target = seekHigh ? up : -down;
    const bound = seekHigh ? this.#hi : this.#lo;
    while (node < this.#leaves) {
      node *= 2;
      if (bound[node] !== target) {
        target -= this.#sum[node] as number;
        node += 1;
      }
    }
    return { height: Math.max(up, down), leaf: node - this.#leaves, direction: seekHigh ? 1 : -1 };
  }

  #scan(): Extreme {
    const { values, counts, m } = this.reference;
    const n = this.#size;
    let h = 0;
    let up = 0;
    let upAt = 0;
    let down = 0;
    let downAt = 0;
    for (let i = 0; i <= values.length; i += 1) {
      h -= m * (this.#counts[2 * i] as number);
      if (-h > down) {
        down = -h;
        downAt = i;
      }
      if (i === values.length) break;
      h += n * (counts[i] as number) - m * (this.#counts[2 * i + 1] as number);
      if (h > up) {
        up = h;
        upAt = i;
      } else if (-h > down) {
        down = -h;
        downAt = i;
      }
    }
    return up >= down ? { height: up, leaf: upAt, direction: 1 } : { height: down, leaf: downAt, direction: -1 };
  }
}

interface Extreme {
  readonly height: number;
  readonly leaf: number;
  readonly direction: 1 | -1;
}

function gcd(a: number, b: number): number {
  let x = a;
  let y = b;
  while (y > 0) [x, y] = [y, x % y];
  return x;
}
