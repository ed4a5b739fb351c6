/**
 * From rows to patterns without walking trees. Each feature's values fall into cells between the boundaries of all its tests; per tree a cell is
 * narrowed to one of the few that this tree tells apart; per treelet and feature a table holds the bits that such a cell leaves set. A pattern is
 * the AND of one entry per feature: no comparison, no branch to mispredict. Missing values and categories are cells like others.
 */
import { goesLeft, type TreeEnsemble } from '../model/ensemble.ts';
import { boundariesOf, cellOf, valueIn } from './boundaries.ts';
import type { Paths } from './paths.ts';
import type { Treelets } from './treelets.ts';

const EVERY_BIT = -1;

export class RowPatterns {
  readonly #ensemble: TreeEnsemble;
  readonly #paths: Paths;
  readonly #treelets: Treelets;
  /** Per feature, the boundaries over all trees. */
  readonly #boundaries: readonly Float64Array[];
  /** T + 1 entries into the next two: the features that tree t tests, and where its cell map of that feature begins in #narrow. */
  readonly #featureStart: Int32Array;
  readonly #features: Int32Array;
  readonly #narrowAt: Int32Array;
  readonly #narrow: Uint16Array | Int32Array;
  /** G + 1 entries into the next two: which of its tree's features a treelet looks at, and where that table begins in #bits. */
  readonly #lookStart: Int32Array;
  readonly #look: Int32Array;
  readonly #bitsAt: Int32Array;
  readonly #bits: Int32Array;
  /** Cells of the row in the tree being read, in order of the tree's features. */
  readonly #cells: Int32Array;
  /** Patterns of the treelets of the last tree, in their order. */
  readonly patterns: Int32Array;

  /** O(trees · cells + treelets · features · cells of a tree). */
  constructor(ensemble: TreeEnsemble, paths: Paths, treelets: Treelets) {
    this.#ensemble = ensemble;
    this.#paths = paths;
    this.#treelets = treelets;
    this.#boundaries = nodesByFeature(ensemble, 0, ensemble.feature.length).map((nodes) =>
      boundariesOf(ensemble, nodes),
    );
    const columns = { featureStart: [0], features: [], narrowAt: [], lookStart: [0], look: [], bitsAt: [] } as Columns;
    const narrow = new Growing();
    const bits = new Growing();
    let most = 0;
    for (let tree = 0; tree < ensemble.treeOutput.length; tree += 1) {
      if (treelets.start[tree + 1]! > treelets.start[tree]!) this.#addTree(tree, columns, narrow, bits);
      columns.featureStart.push(columns.features.length);
      most = Math.max(most, treelets.start[tree + 1]! - treelets.start[tree]!);
    }
    this.#featureStart = Int32Array.from(columns.featureStart);
    this.#features = Int32Array.from(columns.features);
    this.#narrowAt = Int32Array.from(columns.narrowAt);
    const narrowed = narrow.finish();
    this.#narrow = narrowed.every((cell) => cell < 65_536) ? Uint16Array.from(narrowed) : narrowed;
    this.#lookStart = Int32Array.from(columns.lookStart);
    this.#look = Int32Array.from(columns.look);
    this.#bitsAt = Int32Array.from(columns.bitsAt);
    this.#bits = bits.finish();
    this.#cells = new Int32Array(ensemble.featureNames.length);
    this.patterns = new Int32Array(most);
  }

  /** Writes the cells of a row from `asCompared` to M entries of `cells`. O(M log boundaries). */
  cells(row: Float64Array, cells: Int32Array, offset: number): void {
    for (let j = 0; j < row.length; j += 1) cells[offset + j] = cellOf(this.#boundaries[j]!, row[j]!);
  }

  /** Fills `patterns` for one tree of the row whose cells begin at `offset`. O(treelets · features). */
  read(tree: number, cells: Int32Array, offset: number): void {
    const local = this.#cells;
    const features = this.#features;
    const narrowAt = this.#narrowAt;
    const narrow = this.#narrow;
    const firstFeature = this.#featureStart[tree]!;
    const featureCount = this.#featureStart[tree + 1]! - firstFeature;
    for (let j = 0; j < featureCount; j += 1) {
      local[j] = narrow[narrowAt[firstFeature + j]! + cells[offset + features[firstFeature + j]!]!]!;
    }
    const look = this.#look;
    const bitsAt = this.#bitsAt;
    const bits = this.#bits;
    const lookStart = this.#lookStart;
    const patterns = this.patterns;
    const first = this.#treelets.start[tree]!;
    const end = this.#treelets.start[tree + 1]!;
    let at = lookStart[first]!;
    for (let g = first; g < end; g += 1) {
      const last = lookStart[g + 1]!;
      let pattern = EVERY_BIT;
      for (; at < last; at += 1) pattern &= bits[bitsAt[at]! + local[look[at]!]!]!;
      patterns[g - first] = pattern;
    }
  }

  #addTree(tree: number, columns: Columns, narrow: Growing, bits: Growing): void {
    const tests = nodesByFeature(this.#ensemble, this.#ensemble.treeStart[tree]!, this.#ensemble.treeStart[tree + 1]!);
    const indexOf = new Map<number, number>();
    const own: Float64Array[] = [];
    for (const [feature, nodes] of tests.entries()) {
      if (nodes.length === 0) continue;
      indexOf.set(feature, own.length);
      const boundaries = boundariesOf(this.#ensemble, nodes);
      own.push(boundaries);
      columns.features.push(feature);
      columns.narrowAt.push(narrow.length);
      const all = this.#boundaries[feature]!;
      for (let cell = 0; cell <= all.length + 1; cell += 1) narrow.push(cellOf(boundaries, valueIn(all, cell)));
    }
    for (let g = this.#treelets.start[tree]!; g < this.#treelets.start[tree + 1]!; g += 1) {
      for (const [feature, tested] of this.#testsOf(g)) {
        columns.look.push(indexOf.get(feature)!);
        columns.bitsAt.push(bits.length);
        const boundaries = own[indexOf.get(feature)!]!;
        for (let cell = 0; cell <= boundaries.length + 1; cell += 1)
          bits.push(this.#bitsLeft(tested, valueIn(boundaries, cell)));
      }
      columns.lookStart.push(columns.look.length);
    }
  }

  /** By feature, the tests whose answers are in the pattern of a treelet: a child node of the path, or a node inside. */
  #testsOf(treelet: number): Map<number, Test[]> {
    const { feature, left, right } = this.#ensemble;
    const found = new Map<number, Test[]>();
    const add = (node: number, test: Test): void => {
      const known = found.get(feature[node]!);
      if (known === undefined) found.set(feature[node]!, [test]);
      else known.push(test);
    };
    const root = this.#treelets.roots[treelet]!;
    for (let edge = root; this.#paths.parent[edge]! >= 0; edge = this.#paths.parent[edge]!) {
      const node = this.#paths.parent[edge]!;
      add(node, { node, left: left[node] === edge, bit: this.#paths.bit[edge]! });
    }
    const pending = [root];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (feature[node]! < 0) continue;
      add(node, { node, left: true, bit: this.#treelets.patternBit[node]! });
      pending.push(left[node]!, right[node]!);
    }
    return found;
  }

  #bitsLeft(tests: readonly Test[], x: number): number {
    let bits = EVERY_BIT;
    for (const { node, left, bit } of tests) if (goesLeft(this.#ensemble, node, x) !== left) bits &= ~(1 << bit);
    return bits;
  }
}

interface Test {
  readonly node: number;
  /** The side that sets the bit. */
  readonly left: boolean;
  readonly bit: number;
}

type Columns = Record<'featureStart' | 'features' | 'narrowAt' | 'lookStart' | 'look' | 'bitsAt', number[]>;

/** An Int32Array that grows: tables of large models exceed what an array of numbers may hold. */
class Growing {
  #values = new Int32Array(4096);
  length = 0;

  push(value: number): void {
    if (this.length === this.#values.length) {
      const grown = new Int32Array(this.#values.length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.length] = value;
    this.length += 1;
  }

  finish(): Int32Array {
    return this.#values.slice(0, this.length);
  }
}

function nodesByFeature(ensemble: TreeEnsemble, first: number, end: number): number[][] {
  const nodes: number[][] = ensemble.featureNames.map(() => []);
  for (let node = first; node < end; node += 1)
    if (ensemble.feature[node]! >= 0) nodes[ensemble.feature[node]!]!.push(node);
  return nodes;
}
