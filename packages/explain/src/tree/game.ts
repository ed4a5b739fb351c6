/** What a table needs of a game: how one leaf's value is split between the players of its path. */
export interface LeafGame {
  /** Called before the leaves of a treelet are first weighed. */
  prepare(treelet: number): void;
  /**
   * Writes w_i for the players of the leaf's path, in path order: φ_i receives w_i times the leaf's value.
   * @param mask bit i: the row satisfies the merged condition of the path's i-th player
   */
  weights(leaf: number, mask: number, out: Float64Array): void;
}
