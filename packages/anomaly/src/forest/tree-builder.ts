import type { CounterRandom } from '../counter-random.ts';
import { MAX_HEIGHT, type Trees } from './trees.ts';

/**
 * Builds one isolation tree on a sample of the reservoir: feature uniform among those that are not constant in the node, split uniform
 * in the node's range of it. Rows with a missing value on the split feature take a side with the probability of its mass.
 * O(sample · height) plus O(sample) per constant feature met; O(d · sample · height) in the second family, whose features are drawn by
 * their range over their standard deviation. Allocates nothing.
 * Source: Liu, Ting & Zhou (2008), Isolation Forest; range-independent choice of the feature among the varying ones as in section 4.
 */
export class TreeBuilder {
  readonly #trees: Trees;
  readonly #rows: Float32Array;
  readonly #dimensions: number;
  readonly #sampleSize: number;
  readonly #random: CounterRandom;
  readonly #identity: Uint16Array;
  /** Slots of the sample, parted in place node by node. */
  readonly #sample: Uint16Array;
  /** Features that may vary come first; a node's constant ones are swapped behind them and stay so for its children. */
  readonly #features: Uint16Array;
  /** Scratch of trees whose features are drawn by range. */
  readonly #deviations: Float64Array;
  readonly #ranges: Float64Array;
  #byRange = false;
  #varying = 0;
  #height = 0;
  #node = 0;
  #leaf = 0;
  #low = 0;
  #high = 0;
  #split = 0;

  constructor(trees: Trees, rows: Float32Array, dimensions: number, sampleSize: number, random: CounterRandom) {
    this.#trees = trees;
    this.#rows = rows;
    this.#dimensions = dimensions;
    this.#sampleSize = sampleSize;
    this.#random = random;
    this.#identity = Uint16Array.from({ length: rows.length / dimensions }, (_, slot) => slot);
    this.#sample = new Uint16Array(this.#identity.length);
    this.#features = Uint16Array.from({ length: dimensions }, (_, feature) => feature);
    this.#deviations = new Float64Array(dimensions);
    this.#ranges = new Float64Array(dimensions);
  }

  /** Bytes of the scratch arrays. */
  get bytes(): number {
    return (
      this.#identity.byteLength + this.#sample.byteLength + this.#features.byteLength + 2 * this.#ranges.byteLength
    );
  }

  /** Builds tree `tree` on min(`filled`, sample size) of the first `filled` rows, drawn without replacement; `byRange`: second family. */
  build(tree: number, filled: number, byRange: boolean): void {
    const mass = Math.min(filled, this.#sampleSize);
    this.#draw(filled, mass);
    // The order of the features is scratch: it starts anew so that a restored forest draws as one that never stopped.
    for (let feature = 0; feature < this.#dimensions; feature += 1) this.#features[feature] = feature;
    this.#height = Math.min(MAX_HEIGHT, Math.ceil(Math.log2(mass)));
    const first = tree * this.#trees.nodeSpan;
    this.#node = first;
    this.#leaf = tree * this.#trees.leafSpan;
    this.#byRange = byRange;
    if (byRange) this.#measureDeviations(mass);
    this.#grow(0, mass, 0, this.#dimensions);
    this.#trees.inner[tree] = this.#node - first;
    this.#trees.mass[tree] = mass;
  }

  /** Fisher–Yates, as far as it is needed. */
  #draw(filled: number, mass: number): void {
    const sample = this.#sample;
    sample.set(this.#identity);
    for (let i = 0; i < mass; i += 1) {
      const other = i + this.#random.below(filled - i);
      const slot = sample[other] as number;
      sample[other] = sample[i] as number;
      sample[i] = slot;
    }
  }

  /** Subtree over sample[from, to) of which the first `varying` features may vary. */
  #grow(from: number, to: number, depth: number, varying: number): void {
    this.#varying = varying;
    const canSplit = to - from > 1 && depth < this.#height;
    const feature = canSplit ? (this.#byRange ? this.#drawByRange(from, to) : this.#drawUniform(from, to)) : -1;
    if (feature < 0) {
      this.#trees.leaves[this.#leaf] = to - from - 1;
      this.#leaf += 1;
      return;
    }
    const left = this.#varying;
    const low = this.#low;
    const high = this.#high;
    const split = this.#cut(low, high);
    this.#split = split;
    const middle = this.#part(from, to, feature);
    const node = this.#node;
    this.#node += 1;
    this.#grow(from, middle, depth + 1, left);
    const innerLeft = this.#node - node - 1;
    this.#write(node, split, low, high, feature, innerLeft, Math.round(((middle - from) / (to - from)) * 255));
    this.#grow(middle, to, depth + 1, left);
  }

  /** A feature that varies in the node, each alike, with its range in #low and #high; −1 when none does. */
  #drawUniform(from: number, to: number): number {
    while (this.#varying > 0) {
      const place = this.#random.below(this.#varying);
      if (this.#measure(from, to, this.#features[place] as number)) return this.#features[place] as number;
      this.#dismiss(place);
    }
    return -1;
  }

  /** As `#drawUniform`, with the probability of the feature's range in the node over its standard deviation in the sample. */
  #drawByRange(from: number, to: number): number {
    const ranges = this.#ranges;
    let total = 0;
    for (let place = 0; place < this.#varying; ) {
      const feature = this.#features[place] as number;
      if (this.#measure(from, to, feature)) {
        ranges[place] = (this.#high - this.#low) / (this.#deviations[feature] as number);
        total += ranges[place] as number;
        place += 1;
      } else this.#dismiss(place);
    }
    if (this.#varying === 0) return -1;
    let rest = this.#random.uniform() * total;
    let place = 0;
    while (place + 1 < this.#varying && rest >= (ranges[place] as number)) {
      rest -= ranges[place] as number;
      place += 1;
    }
    const feature = this.#features[place] as number;
    this.#measure(from, to, feature);
    return feature;
  }

  /** The feature at `place` does not vary in the node: it goes behind those that do. */
  #dismiss(place: number): void {
    this.#varying -= 1;
    const feature = this.#features[place] as number;
    this.#features[place] = this.#features[this.#varying] as number;
    this.#features[this.#varying] = feature;
  }

  /** Standard deviation of each feature in the sample, by Welford's update. */
  #measureDeviations(mass: number): void {
    for (let feature = 0; feature < this.#dimensions; feature += 1) {
      let count = 0;
      let mean = 0;
      let squares = 0;
      for (let i = 0; i < mass; i += 1) {
        const value = this.#rows[(this.#sample[i] as number) * this.#dimensions + feature] as number;
        if (value !== value) continue;
        count += 1;
        const before = value - mean;
        mean += before / count;
        squares += before * (value - mean);
      }
      this.#deviations[feature] = Math.sqrt(squares / Math.max(1, count)) || Number.MIN_VALUE;
    }
  }

  #write(node: number, split: number, low: number, high: number, feature: number, left: number, share: number): void {
    const { stride, reals, words, boxes } = this.#trees;
    const at = node * stride;
    reals[at] = split;
    if (boxes) {
      reals[at + 1] = low;
      reals[at + 2] = high;
    }
    words[at + stride - 1] = (feature << 16) | (left << 8) | share;
  }

  /** Range of a feature in the node, to #low and #high; false when it is constant or missing. */
  #measure(from: number, to: number, feature: number): boolean {
    const rows = this.#rows;
    const sample = this.#sample;
    let low = Infinity;
    let high = -Infinity;
    for (let i = from; i < to; i += 1) {
      const value = rows[(sample[i] as number) * this.#dimensions + feature] as number;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    this.#low = low;
    this.#high = high;
    return low < high;
  }

  /** A float32 in [low, high): both sides keep a row even when no float32 lies between. */
  #cut(low: number, high: number): number {
    const split = Math.fround(low + this.#random.uniform() * (high - low));
    return split < high ? split : low;
  }

  /** Moves rows ≤ #split before the others; returns where the others start. Missing values follow by chance of the mass. */
  #part(from: number, to: number, feature: number): number {
    const split = this.#split;
    const rows = this.#rows;
    const sample = this.#sample;
    let low = from;
    let high = to;
    let missing = 0;
    // Order in the sample: [≤ split | missing | not seen | > split].
    for (let i = from; i < high; ) {
      const slot = sample[i] as number;
      const value = rows[slot * this.#dimensions + feature] as number;
      if (value <= split) {
        sample[i] = sample[low] as number;
        sample[low] = slot;
        low += 1;
        i += 1;
      } else if (value > split) {
        high -= 1;
        sample[i] = sample[high] as number;
        sample[high] = slot;
      } else {
        missing += 1;
        i += 1;
      }
    }
    if (missing === 0) return low;
    const share = (low - from) / (to - from - missing);
    let middle = low;
    for (let i = low; i < high; i += 1) {
      if (this.#random.uniform() >= share) continue;
      const slot = sample[i] as number;
      sample[i] = sample[middle] as number;
      sample[middle] = slot;
      middle += 1;
    }
    return middle;
  }
}
