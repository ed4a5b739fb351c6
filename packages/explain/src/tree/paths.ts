/**
 * The players on each path of a tree. A path that tests a player twice has one merged condition for it: satisfied when a row passes all its
 * tests. Bit i of a mask says that a row satisfies the condition of the i-th player of the path, in order of first occurrence.
 */
import type { TreeEnsemble } from '../model/ensemble.ts';

export interface Paths {
  /** Per node, the node above it; −1 at a root. */
  readonly parent: Int32Array;
  /** Per node, the player that the edge to it tests; −1 at a root. */
  readonly player: Int32Array;
  /** Per node, of the edge that leads to it: position of its player on the path. */
  readonly bit: Int32Array;
  /** 1 when that edge is the first of its player on the path. */
  readonly fresh: Uint8Array;
  /** Per node, how many players its path has. */
  readonly length: Int32Array;
  /** Per node, the nearest node above whose edge has the same player; −1 when the edge is fresh. */
  readonly above: Int32Array;
  /** Per node, the merged cover ratio z of the edge's player: the share of training rows that pass all its tests so far. */
  readonly z: Float64Array;
  /** Per leaf node, where its path begins in `players`, `pathZ`. */
  readonly start: Int32Array;
  readonly players: Int32Array;
  readonly pathZ: Float64Array;
}

/** O(nodes · depth) time, O(nodes + total path length) memory. */
export function pathsOf(ensemble: TreeEnsemble, playerOf: Int32Array): Paths {
  const nodes = ensemble.feature.length;
  const paths = {
    parent: new Int32Array(nodes).fill(-1),
    player: new Int32Array(nodes).fill(-1),
    bit: new Int32Array(nodes),
    fresh: new Uint8Array(nodes),
    length: new Int32Array(nodes),
    above: new Int32Array(nodes).fill(-1),
    z: new Float64Array(nodes).fill(1),
    start: new Int32Array(nodes).fill(-1),
  };
  const players: number[] = [];
  const pathZ: number[] = [];
  for (let tree = 0; tree < ensemble.treeOutput.length; tree += 1) {
    new TreeWalk(ensemble, playerOf, paths, players, pathZ).walk(ensemble.treeStart[tree]!);
  }
  return { ...paths, players: Int32Array.from(players), pathZ: Float64Array.from(pathZ) };
}

class TreeWalk {
  readonly #ensemble: TreeEnsemble;
  readonly #playerOf: Int32Array;
  readonly #paths: Omit<Paths, 'players' | 'pathZ'>;
  readonly #players: number[];
  readonly #pathZ: number[];
  /** Edges from the root to the node being visited, as the nodes that they lead to. */
  readonly #edges: number[] = [];

  constructor(
    ensemble: TreeEnsemble,
    playerOf: Int32Array,
    paths: Omit<Paths, 'players' | 'pathZ'>,
    players: number[],
    pathZ: number[],
  ) {
    this.#ensemble = ensemble;
    this.#playerOf = playerOf;
    this.#paths = paths;
    this.#players = players;
    this.#pathZ = pathZ;
  }

  /** Iterative, since a degenerate tree may be as deep as it has leaves. */
  walk(root: number): void {
    const { feature, left, right } = this.#ensemble;
    const pending: { readonly node: number; readonly parent: number; readonly depth: number }[] = [
      { node: root, parent: -1, depth: 0 },
    ];
    for (let each = pending.pop(); each !== undefined; each = pending.pop()) {
      this.#edges.length = Math.max(0, each.depth - 1);
      if (each.parent >= 0) this.#enter(each.node, each.parent);
      if (feature[each.node]! < 0) this.#leaf(each.node);
      else {
        pending.push({ node: right[each.node]!, parent: each.node, depth: each.depth + 1 });
        pending.push({ node: left[each.node]!, parent: each.node, depth: each.depth + 1 });
      }
    }
  }

  #enter(node: number, parent: number): void {
    const { bit, fresh, length, above, z } = this.#paths;
    const player = this.#playerOf[this.#ensemble.feature[parent]!]!;
    this.#paths.parent[node] = parent;
    this.#paths.player[node] = player;
    const before = this.#edges.findLast((edge) => this.#paths.player[edge] === player);
    const total = this.#ensemble.cover[parent]!;
    // A node that no training row reached says nothing about its children: half each keeps the game well defined.
    const ratio = total > 0 ? this.#ensemble.cover[node]! / total : 0.5;
    fresh[node] = before === undefined ? 1 : 0;
    bit[node] = before === undefined ? length[parent]! : bit[before]!;
    length[node] = length[parent]! + fresh[node]!;
    above[node] = before ?? -1;
    z[node] = before === undefined ? ratio : z[before]! * ratio;
    this.#edges.push(node);
  }

  #leaf(node: number): void {
    const { bit, length, player, start, z } = this.#paths;
    const from = this.#players.length;
    start[node] = from;
    for (let i = 0; i < length[node]!; i += 1) {
      this.#players.push(-1);
      this.#pathZ.push(1);
    }
    // Deeper edges overwrite: the last z of a player is the merged one.
    for (const edge of this.#edges) {
      this.#players[from + bit[edge]!] = player[edge]!;
      this.#pathZ[from + bit[edge]!] = z[edge]!;
    }
  }
}
