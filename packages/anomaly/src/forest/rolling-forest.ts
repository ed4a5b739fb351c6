/**
 * Rolling isolation forest: isolation trees with split boxes over a time-biased reservoir. Scores first, learns after.
 *
 *   reservoir   K rows; event t replaces a uniformly drawn row with probability K/min(t, A), so that rows are A events old on average
 *   forest      one tree is built anew every 64 events, and more often while fewer than 64 events per tree have come
 *   score       1/(1 + 4^(z − 1)) in (0, 1), z = mean path/c(sample) − w·(mean tail − its expectation): higher is odder, ½ is the boundary
 *               and the slope there that of the isolation forest's 2^(−z)
 *
 * All memory is one buffer, fixed at construction. Values are read as float32; ±Infinity as the largest float32; NaN is missing.
 * Sources: Liu, Ting & Zhou (2008), Isolation Forest; Guha et al. (2016), Robust random cut forest; Aggarwal (2006), On biased
 * reservoir sampling in the presence of stream evolution.
 */
import { AnomalyError, checkBetween, checkWhole } from '../anomaly-error.ts';
import { CounterRandom } from '../counter-random.ts';
import { depthWithBoxes, depthWithoutBoxes } from './depth.ts';
import { depthWithMissing } from './depth-missing.ts';
import { FeatureTails, MEAN_TAIL } from './feature-tails.ts';
import { TreeBuilder } from './tree-builder.ts';
import { MAX_SAMPLE, type Trees, treeBytes, treesIn } from './trees.ts';

export interface ForestSettings {
  /** Features of a row, 1 to 4,096. */
  readonly dimensions: number;
  /** Seed of the forest's own random stream, a whole number in [0, 2⁵³). */
  readonly seed: number;
  readonly numberOfTrees?: number;
  /** Whether nodes keep the range that their rows had, so that a value outside of it counts as cut off. */
  readonly boxes?: boolean;
  /** Rows that a tree is built on, 2 to 256. */
  readonly sampleSize?: number;
  /** K, rows in the reservoir, 2 to 65,536. */
  readonly reservoirRows?: number;
  /** A, mean age of a row in events, at least K. */
  readonly meanAge?: number;
  /** Events between two tree builds once the forest is warm. */
  readonly rebuildEvery?: number;
  /** What one e-fold of a feature's tail counts, in units of the mean path; 0 leaves the tails out. */
  readonly tailWeight?: number;
  /** Share of the trees that draw features by their range, scaled, instead of each alike; a tree of these costs d times as much to build. */
  readonly rangeShare?: number;
}

export type ForestProfile = Required<Omit<ForestSettings, 'dimensions' | 'seed'>>;

/** 100 trees with boxes; bench/anomaly-settings.md logs how the setting came about. */
export const STANDARD: ForestProfile = {
  numberOfTrees: 100,
  boxes: true,
  sampleSize: 128,
  reservoirRows: 2_048,
  meanAge: 15_000,
  rebuildEvery: 64,
  tailWeight: 0.1,
  rangeShare: 0,
};
/** For many small models: half the trees, nodes of half the size, half the reservoir. */
export const SMALL: ForestProfile = {
  numberOfTrees: 50,
  boxes: false,
  sampleSize: 256,
  reservoirRows: 1_024,
  meanAge: 15_000,
  rebuildEvery: 64,
  tailWeight: 0.1,
  rangeShare: 0,
};

/** Slots whose rows the tails are taken from: any fixed slots are a random sample of the reservoir. */
const TAIL_ROWS = 1_024;

const LARGEST = 3.402_823_466_385_288_6e38;

export class RollingForest {
  readonly settings: Required<ForestSettings>;
  /** Everything that a restore needs: random stream, counters, rows, trees. */
  readonly memory: ArrayBuffer;
  readonly trees: Trees;
  readonly random: CounterRandom;
  readonly rows: Float32Array;
  /** [events learnt, events since the last build]. */
  readonly counters: Float64Array;
  /** [rows filled, tree to build next, trees built]. */
  readonly places: Uint32Array;
  /** Sorted columns of the reservoir; undefined when `tailWeight` is 0. */
  readonly tails: FeatureTails | undefined;
  readonly #builder: TreeBuilder;
  readonly #point: Float64Array;
  readonly #result = new Float64Array(1);

  /** @throws {AnomalyError} BAD_SETTING naming the setting. */
  constructor(settings: ForestSettings) {
    const full = { ...STANDARD, ...settings };
    checkWhole('dimensions', full.dimensions, 1, 4_096);
    checkWhole('seed', full.seed, 0, Number.MAX_SAFE_INTEGER);
    checkWhole('numberOfTrees', full.numberOfTrees, 1, 1_000);
    checkWhole('sampleSize', full.sampleSize, 2, MAX_SAMPLE);
    checkWhole('reservoirRows', full.reservoirRows, 2, 65_536);
    checkWhole('meanAge', full.meanAge, full.reservoirRows, 1_000_000_000);
    checkWhole('rebuildEvery', full.rebuildEvery, 1, 1_000_000);
    if (full.tailWeight !== 0) checkBetween('tailWeight', full.tailWeight, 0, 10);
    if (!(full.rangeShare >= 0 && full.rangeShare <= 1))
      throw new AnomalyError('BAD_SETTING', `rangeShare is ${full.rangeShare}; it must be from 0 to 1`);
    this.settings = full;
    const size = treeBytes(full.numberOfTrees, full.boxes, full.sampleSize);
    const treesAt = HEAD_BYTES + full.reservoirRows * full.dimensions * 4;
    this.memory = new ArrayBuffer(treesAt + size);
    this.random = new CounterRandom(new Uint32Array(this.memory, 0, 4));
    this.random.seed(full.seed);
    this.counters = new Float64Array(this.memory, 16, 2);
    this.places = new Uint32Array(this.memory, 32, 3);
    this.rows = new Float32Array(this.memory, HEAD_BYTES, full.reservoirRows * full.dimensions);
    this.trees = treesIn(this.memory, treesAt, full.numberOfTrees, full.boxes, full.sampleSize);
    this.#builder = new TreeBuilder(this.trees, this.rows, full.dimensions, full.sampleSize, this.random);
    this.tails =
      full.tailWeight === 0 ? undefined : new FeatureTails(full.dimensions, Math.min(TAIL_ROWS, full.reservoirRows));
    this.#point = new Float64Array(full.dimensions);
  }

  /** Bytes of the model with its scratch, fixed at construction. */
  get bytes(): number {
    return this.memory.byteLength + this.#builder.bytes + this.#point.byteLength + (this.tails?.bytes ?? 0);
  }

  /** Events learnt. */
  get learned(): number {
    return this.counters[0] as number;
  }

  /** How far the score is to be trusted, 0 to 1: rows in the reservoir over K. */
  get confidence(): number {
    return (this.places[0] as number) / this.settings.reservoirRows;
  }

  /** Score of a row in (0, 1); exactly ½ before the second event, with confidence 0. @throws {AnomalyError} BAD_ROW. */
  score(row: ArrayLike<number>): number {
    this.#scorePoint(this.#read(row));
    return this.#result[0] as number;
  }

  /** Adds a row to the reservoir and builds the tree that is due. @throws {AnomalyError} BAD_ROW. */
  learn(row: ArrayLike<number>): void {
    this.#read(row);
    this.#learnPoint();
  }

  /** Score, then learn. Allocates nothing. @throws {AnomalyError} BAD_ROW. */
  observe(row: ArrayLike<number>): number {
    this.#step(row);
    return this.#result[0] as number;
  }

  /** Apart from `observe`, which so stays small enough to be inlined: the score then needs no number on the heap. */
  #step(row: ArrayLike<number>): void {
    this.#scorePoint(this.#read(row));
    this.#learnPoint();
  }

  /** The row as the forest reads it: float32, infinities at the ends, NaN missing. A copy. @throws {AnomalyError} BAD_ROW. */
  pointOf(row: ArrayLike<number>): Float64Array {
    this.#read(row);
    return this.#point.slice();
  }

  /** Row to `#point` as float32; whether a value is missing. */
  #read(row: ArrayLike<number>): boolean {
    const point = this.#point;
    if (row.length !== point.length)
      throw new AnomalyError(
        'BAD_ROW',
        `row has ${row.length} values; the forest was made for ${point.length}: send every feature, NaN where one is missing`,
      );
    let missing = false;
    for (let i = 0; i < point.length; i += 1) {
      const value = row[i] as number;
      if (value >= LARGEST) point[i] = LARGEST;
      else if (value <= -LARGEST) point[i] = -LARGEST;
      else {
        point[i] = Math.fround(value);
        if (value !== value) missing = true;
      }
    }
    return missing;
  }

  /** Score of `#point` to #result[0]. */
  #scorePoint(missing: boolean): void {
    const built = this.places[2] as number;
    const result = this.#result;
    if (built === 0) {
      result[0] = 0.5;
      return;
    }
    result[0] = MEAN_TAIL;
    if (this.tails !== undefined) this.tails.meanInto(this.#point, result);
    const odd = this.settings.tailWeight * ((result[0] as number) - MEAN_TAIL);
    const trees = this.trees;
    if (missing) depthWithMissing(trees, this.#point, built, result);
    else if (trees.boxes) depthWithBoxes(trees, this.#point, built, result);
    else depthWithoutBoxes(trees, this.#point, built, result);
    result[0] = 1 / (1 + 4 ** ((result[0] as number) / built - odd - 1));
  }

  #learnPoint(): void {
    const { reservoirRows, meanAge, numberOfTrees, rebuildEvery } = this.settings;
    const learned = (this.counters[0] as number) + 1;
    this.counters[0] = learned;
    const filled = this.places[0] as number;
    if (filled < reservoirRows) {
      this.places[0] = filled + 1;
      this.#place(filled, false);
    } else if (this.random.uniform() * Math.min(learned, meanAge) < reservoirRows)
      this.#place(this.random.below(reservoirRows), true);
    const since = (this.counters[1] as number) + 1;
    this.counters[1] = since;
    if (learned >= 2 && since >= Math.min(rebuildEvery, learned / numberOfTrees)) this.#build();
  }

  /** Writes the point to a slot of the reservoir. */
  #place(slot: number, isTaken: boolean): void {
    const at = slot * this.#point.length;
    if (this.tails !== undefined && slot < this.tails.capacity) {
      if (isTaken) this.tails.remove(this.rows, at);
      this.tails.add(this.#point);
    }
    this.rows.set(this.#point, at);
  }

  #build(): void {
    const next = this.places[1] as number;
    this.counters[1] = 0;
    const { numberOfTrees, rangeShare } = this.settings;
    this.#builder.build(next, this.places[0] as number, next < rangeShare * numberOfTrees);
    this.places[1] = next + 1 === numberOfTrees ? 0 : next + 1;
    if ((this.places[2] as number) <= next) this.places[2] = next + 1;
  }
}

/** Random stream, counters and places before the rows; a multiple of 8. */
const HEAD_BYTES = 48;
