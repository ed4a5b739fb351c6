/**
 * Interventional attributions of one tree for one row and one background row, by walking both ways where they part. For trees whose paths
 * have more players than a mask has bits. O(nodes · d) at worst.
 * Source: Lundberg et al. (2020), algorithm for interventional feature perturbation.
 */
import { goesLeft, type TreeEnsemble } from '../model/ensemble.ts';
import { orderShare } from './shapley-weights.ts';

const FROM_ROW = 1;
const FROM_BACKGROUND = 2;

export class TwoWayWalk {
  readonly #ensemble: TreeEnsemble;
  readonly #playerOf: Int32Array;
  /** Per player: 0 where both rows agreed so far, else whose value it took. */
  readonly #side: Uint8Array;
  readonly #fromRow: number[] = [];
  readonly #fromBackground: number[] = [];

  constructor(ensemble: TreeEnsemble, playerOf: Int32Array, playerCount: number) {
    this.#ensemble = ensemble;
    this.#playerOf = playerOf;
    this.#side = new Uint8Array(playerCount);
  }

  /** Adds `scale` times the attributions of tree `tree` to `phi` (K × P from `to`). Rows come from `asCompared`. */
  add(tree: number, row: Float64Array, background: Float64Array, scale: number, phi: Float64Array, to: number): void {
    this.#walk(this.#ensemble.treeStart[tree]!, this.#ensemble.treeOutput[tree]!, row, background, scale, phi, to);
  }

  #walk(
    node: number,
    output: number,
    row: Float64Array,
    background: Float64Array,
    scale: number,
    phi: Float64Array,
    to: number,
  ): void {
    const feature = this.#ensemble.feature[node]!;
    if (feature < 0) {
      this.#leaf(node, output, scale, phi, to);
      return;
    }
    const child = (toLeft: boolean): number => (toLeft ? this.#ensemble.left[node]! : this.#ensemble.right[node]!);
    const rowChild = child(goesLeft(this.#ensemble, node, row[feature]!));
    const backgroundChild = child(goesLeft(this.#ensemble, node, background[feature]!));
    const player = this.#playerOf[feature]!;
    const side = this.#side[player]!;
    if (rowChild === backgroundChild || side === FROM_ROW)
      this.#walk(rowChild, output, row, background, scale, phi, to);
    else if (side === FROM_BACKGROUND) this.#walk(backgroundChild, output, row, background, scale, phi, to);
    else {
      this.#side[player] = FROM_ROW;
      this.#fromRow.push(player);
      this.#walk(rowChild, output, row, background, scale, phi, to);
      this.#fromRow.pop();
      this.#side[player] = FROM_BACKGROUND;
      this.#fromBackground.push(player);
      this.#walk(backgroundChild, output, row, background, scale, phi, to);
      this.#fromBackground.pop();
      this.#side[player] = 0;
    }
  }

  #leaf(leaf: number, output: number, scale: number, phi: Float64Array, to: number): void {
    const u = this.#fromRow.length;
    const w = this.#fromBackground.length;
    const players = this.#side.length;
    const from = this.#ensemble.at[leaf]!;
    for (let k = output < 0 ? 0 : output; k < (output < 0 ? this.#ensemble.outputs : output + 1); k += 1) {
      const value = scale * this.#ensemble.values[output < 0 ? from + k : from]!;
      if (u > 0) for (const player of this.#fromRow) phi[to + k * players + player]! += value * orderShare(u, w);
      if (w > 0) for (const player of this.#fromBackground) phi[to + k * players + player]! -= value * orderShare(w, u);
    }
  }
}
