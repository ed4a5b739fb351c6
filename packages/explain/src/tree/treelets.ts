/**
 * Treelets: subtrees small enough that a row's answers to all their tests, together with the mask of the path above, fit one short pattern.
 * The attributions of all leaves of a treelet depend on a row through its pattern only, so one lookup replaces one lookup per leaf.
 *
 *            ○ top            top nodes hand the mask down
 *          ╱   ╲
 *        ○ top   ◆ treelet    pattern = mask of the path (prefix bits) | one bit per test inside
 *       ╱  ╲    ╱ ╲
 *      ◆    ◆  ▫   ▫
 */
import type { TreeEnsemble } from '../model/ensemble.ts';
import type { Paths } from './paths.ts';

export interface Treelets {
  /** T + 1 entries: the top nodes of tree t in `tops`, its treelets in `roots`. */
  readonly topStart: Int32Array;
  readonly tops: Int32Array;
  readonly treeletStart: Int32Array;
  /** Root node of each treelet. */
  readonly roots: Int32Array;
  /** G + 1 entries: the test nodes of treelet g in `inner`, preorder. */
  readonly innerStart: Int32Array;
  readonly inner: Int32Array;
  /** Per test node inside a treelet: its position in the pattern. */
  readonly patternBit: Int32Array;
  /** G + 1 entries: the players of treelet g in `players`; attributions of a pattern stand in this order. */
  readonly playerStart: Int32Array;
  readonly players: Int32Array;
  /** Aligned with `Paths.players`: the index of that player in its treelet's list. */
  readonly slot: Int32Array;
}

/** Wider patterns save lookups but occur in more variants, each computed once; 10 was fastest on models of 4 to 8 levels. */
const PATTERN_BITS = 10;

/** Trees for which `skip` says so get none. O(nodes + total path length). */
export function treeletsOf(
  ensemble: TreeEnsemble,
  paths: Paths,
  skip: (tree: number) => boolean,
  patternBits: number = PATTERN_BITS,
): Treelets {
  const tests = testsBelow(ensemble);
  const topStart = [0];
  const tops: number[] = [];
  const treeletStart = [0];
  const roots: number[] = [];
  const collected = new Collector(ensemble, paths);
  for (let tree = 0; tree < ensemble.treeOutput.length; tree += 1) {
    const pending = skip(tree) ? [] : [ensemble.treeStart[tree]!];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (tests[node]! <= 1 || paths.length[node]! + tests[node]! <= patternBits) {
        roots.push(node);
        collected.add(node);
      } else {
        tops.push(node);
        pending.push(ensemble.right[node]!, ensemble.left[node]!);
      }
    }
    topStart.push(tops.length);
    treeletStart.push(roots.length);
  }
  return {
    topStart: Int32Array.from(topStart),
    tops: Int32Array.from(tops),
    treeletStart: Int32Array.from(treeletStart),
    roots: Int32Array.from(roots),
    ...collected.finish(),
  };
}

/** Test nodes in the subtree of each node. */
function testsBelow(ensemble: TreeEnsemble): Int32Array {
  const tests = new Int32Array(ensemble.feature.length);
  for (let node = tests.length - 1; node >= 0; node -= 1) {
    if (ensemble.feature[node]! >= 0) tests[node] = 1 + tests[ensemble.left[node]!]! + tests[ensemble.right[node]!]!;
  }
  return tests;
}

class Collector {
  readonly #ensemble: TreeEnsemble;
  readonly #paths: Paths;
  readonly #innerStart = [0];
  readonly #inner: number[] = [];
  readonly #playerStart = [0];
  readonly #players: number[] = [];
  readonly #patternBit: Int32Array;
  readonly #slot: Int32Array;

  constructor(ensemble: TreeEnsemble, paths: Paths) {
    this.#ensemble = ensemble;
    this.#paths = paths;
    this.#patternBit = new Int32Array(ensemble.feature.length);
    this.#slot = new Int32Array(paths.players.length);
  }

  add(root: number): void {
    const { feature, left, right } = this.#ensemble;
    const first = this.#players.length;
    const slots = new Map<number, number>();
    let bit = this.#paths.length[root]!;
    const pending = [root];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (feature[node]! >= 0) {
        this.#inner.push(node);
        this.#patternBit[node] = bit;
        bit += 1;
        pending.push(right[node]!, left[node]!);
        continue;
      }
      const start = this.#paths.start[node]!;
      for (let at = start; at < start + this.#paths.length[node]!; at += 1) {
        const player = this.#paths.players[at]!;
        let slot = slots.get(player);
        if (slot === undefined) {
          slot = this.#players.push(player) - 1 - first;
          slots.set(player, slot);
        }
        this.#slot[at] = slot;
      }
    }
    this.#innerStart.push(this.#inner.length);
    this.#playerStart.push(this.#players.length);
  }

  finish(): Pick<Treelets, 'innerStart' | 'inner' | 'patternBit' | 'playerStart' | 'players' | 'slot'> {
    return {
      innerStart: Int32Array.from(this.#innerStart),
      inner: Int32Array.from(this.#inner),
      patternBit: this.#patternBit,
      playerStart: Int32Array.from(this.#playerStart),
      players: Int32Array.from(this.#players),
      slot: this.#slot,
    };
  }
}
