/**
 * Rolling isolation forest: isolation trees with split boxes over a time-biased reservoir. Scores first, learns after.
 *
 *   reservoir   K rows; event t replaces a uniformly drawn row with probability K/min(t, A), so that rows are A events old on average
 *   forest      one tree is built anew every 64 events, and more often while fewer than 64 events per tree have come
 *   score       2^(−mean path/c(sample)) in (0, 1): higher is odder, ½ is the boundary, as in the isolation forest
 *
 * All memory is one buffer, fixed at construction. Values are read as float32; ±Infinity as the largest float32; NaN is missing.
 * Sources: Liu, Ting & Zhou (2008), Isolation Forest; Guha et al. (2016), Robust random cut forest; Aggarwal (2006), On biased
 * reservoir sampling in the presence of stream evolution.
 */
import { AnomalyError, checkWhole } from '../anomaly-error.ts';
import { CounterRandom } from '../counter-random.ts';
import { depthWithBoxes, depthWithoutBoxes } from './depth.ts';
import { depthWithMissing } from './depth-missing.ts';
import { TreeBuilder } from './tree-builder.ts';
import { type Trees, treeBytes, treesIn } from './trees.ts';

export interface ForestSettings {
  /** Features of a row, 1 to 4,096. */
  readonly dimensions: number;
  /** Seed of the forest's own random stream, a whole number in [0, 2⁵³). */
  readonly seed: number;
  readonly numberOfTrees?: number;
  /** Whether nodes keep the range that their rows had, so that a value outside of it counts as cut off. */
  readonly boxes?: boolean;
  /** K, rows in the reservoir, 2 to 65,536. */
  readonly reservoirRows?: number;
  /** A, mean age of a row in events, at least K. */
  readonly meanAge?: number;
  /** Events between two tree builds once the forest is warm. */
  readonly rebuildEvery?: number;
}

export type ForestProfile = Required<Omit<ForestSettings, 'dimensions' | 'seed'>>;

/** 100 trees with boxes. */
export const STANDARD: ForestProfile = {
  numberOfTrees: 100,
  boxes: true,
  reservoirRows: 2_048,
  meanAge: 15_000,
  rebuildEvery: 64,
};
/** For many small models: half the trees, nodes of half the size. */
export const SMALL: ForestProfile = {
  numberOfTrees: 50,
  boxes: false,
  reservoirRows: 2_048,
  meanAge: 15_000,
  rebuildEvery: 64,
};

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
  readonly #builder: TreeBuilder;
  readonly #point: Float64Array;

  /** @throws {AnomalyError} BAD_SETTING naming the setting. */
  constructor(settings: ForestSettings) {
    const full = { ...STANDARD, ...settings };
    checkWhole('dimensions', full.dimensions, 1, 4_096);
    checkWhole('seed', full.seed, 0, Number.MAX_SAFE_INTEGER);
    checkWhole('numberOfTrees', full.numberOfTrees, 1, 1_000);
    checkWhole('reservoirRows', full.reservoirRows, 2, 65_536);
    checkWhole('meanAge', full.meanAge, full.reservoirRows, 1_000_000_000);
    checkWhole('rebuildEvery', full.rebuildEvery, 1, 1_000_000);
    this.settings = full;
    const size = treeBytes(full.numberOfTrees, full.boxes);
    const treesAt = HEAD_BYTES + full.reservoirRows * full.dimensions * 4;
    this.memory = new ArrayBuffer(treesAt + size);
    this.random = new CounterRandom(new Uint32Array(this.memory, 0, 4));
    this.random.seed(full.seed);
    this.counters = new Float64Array(this.memory, 16, 2);
    this.places = new Uint32Array(this.memory, 32, 3);
    this.rows = new Float32Array(this.memory, HEAD_BYTES, full.reservoirRows * full.dimensions);
    this.trees = treesIn(this.memory, treesAt, full.numberOfTrees, full.boxes);
    this.#builder = new TreeBuilder(this.trees, this.rows, full.dimensions, this.random);
    this.#point = new Float64Array(full.dimensions);
  }

  /** Bytes of the model with its scratch, fixed at construction. */
  get bytes(): number {
    return this.memory.byteLength + this.#builder.bytes + this.#point.byteLength;
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
    return this.#scorePoint(this.#read(row));
  }

  /** Adds a row to the reservoir and builds the tree that is due. @throws {AnomalyError} BAD_ROW. */
  learn(row: ArrayLike<number>): void {
    this.#read(row);
    this.#learnPoint();
  }

  /** Score, then learn. Allocates nothing. @throws {AnomalyError} BAD_ROW. */
  observe(row: ArrayLike<number>): number {
    const score = this.#scorePoint(this.#read(row));
    this.#learnPoint();
    return score;
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

  #scorePoint(missing: boolean): number {
    const built = this.places[2] as number;
    if (built === 0) return 0.5;
    const trees = this.trees;
    const sum = missing
      ? depthWithMissing(trees, this.#point, built)
      : trees.boxes
        ? depthWithBoxes(trees, this.#point, built)
        : depthWithoutBoxes(trees, this.#point, built);
    return 2 ** (-sum / built);
  }

  #learnPoint(): void {
    const { reservoirRows, meanAge, numberOfTrees, rebuildEvery } = this.settings;
    const learned = (this.counters[0] as number) + 1;
    this.counters[0] = learned;
    const filled = this.places[0] as number;
    if (filled < reservoirRows) {
      this.rows.set(this.#point, filled * this.#point.length);
      this.places[0] = filled + 1;
    } else if (this.random.uniform() * Math.min(learned, meanAge) < reservoirRows)
      this.rows.set(this.#point, this.random.below(reservoirRows) * this.#point.length);
    const since = (this.counters[1] as number) + 1;
    this.counters[1] = since;
    if (learned >= 2 && since >= Math.min(rebuildEvery, learned / numberOfTrees)) this.#build();
  }

  #build(): void {
    const next = this.places[1] as number;
    this.counters[1] = 0;
    this.#builder.build(next, this.places[0] as number);
    this.places[1] = next + 1 === this.settings.numberOfTrees ? 0 : next + 1;
    if ((this.places[2] as number) <= next) this.places[2] = next + 1;
  }
}

/** Random stream, counters and places before the rows; a multiple of 8. */
const HEAD_BYTES = 48;
