/**
 * Exact Shapley values of tree ensembles in float64, for the path-dependent and the interventional game, on the margin (raw score).
 * Σ attributions + base value = margin to 1e-10·(1 + |margin|), for each output.
 */
import { ExplainError } from '../errors.ts';
import { asCompared, margins, requireRow, type TreeEnsemble } from '../model/ensemble.ts';
import { type Players, playersOf } from '../model/players.ts';
import type { LeafGame } from './game.ts';
import { InterventionalGame } from './interventional.ts';
import { leafMasks } from './leaf-masks.ts';
import { PathDependentGame, pathDependentBase } from './path-dependent.ts';
import { type Paths, pathsOf } from './paths.ts';
import { PatternTable } from './pattern-table.ts';
import { needsNoTable } from './planner.ts';
import { Quadrature } from './quadrature.ts';
import { RowPatterns } from './row-patterns.ts';
import { type Treelets, treeletsOf } from './treelets.ts';
import { TwoWayWalk } from './two-way-walk.ts';

/** The games never mix: path-dependent values credit correlated features that the model never used, interventional ones do not. */
export type TreeGame =
  | { readonly game: 'path-dependent' }
  | {
      readonly game: 'interventional' /** At least one row of M features. */;
      readonly background: readonly ArrayLike<number>[];
    };

export interface TreeExplainerOptions {
  readonly players?: Players;
  /** Bound of the memory for remembered patterns, bytes; when it is reached they are forgotten and computed again. Default 128 MiB. */
  readonly maxBytes?: number;
}

const DEFAULT_MAX_BYTES = 134_217_728;
/** Rows that one tree handles before the next: its tables stay in the processor's cache. */
const BLOCK_ROWS = 256;

export class TreeExplainer {
  readonly game: TreeGame['game'];
  readonly players: Players;
  /** K: what the attributions add up from. */
  readonly baseValues: Float64Array;
  readonly #ensemble: TreeEnsemble;
  readonly #paths: Paths;
  readonly #treelets: Treelets;
  readonly #leafGame: LeafGame;
  readonly #rowPatterns: RowPatterns;
  readonly #table = new PatternTable();
  readonly #maxValues: number;
  #arena = new Float64Array(4096);
  #arenaUsed = 0;
  readonly #weights = new Float64Array(64);
  readonly #withoutTable: readonly boolean[];
  readonly #addWithoutTable: (tree: number, rows: Float64Array, offset: number, phi: Float64Array, to: number) => void;

  /**
   * @throws {ExplainError} BAD_ARGUMENT (empty background), BAD_ROW, MODEL_REFUSED (path-dependent without covers).
   * O(nodes · depth), and O(background rows · nodes) for the interventional game.
   */
  constructor(ensemble: TreeEnsemble, game: TreeGame, options: TreeExplainerOptions = {}) {
    this.game = game.game;
    this.players = options.players ?? playersOf(ensemble.featureNames);
    this.#ensemble = ensemble;
    this.#maxValues = Math.max(65_536, (options.maxBytes ?? DEFAULT_MAX_BYTES) / 2 / 8);
    this.#paths = pathsOf(ensemble, this.players.ofFeature);
    this.#withoutTable = needsNoTable(ensemble, this.#paths);
    this.#treelets = treeletsOf(ensemble, this.#paths, (tree) => this.#withoutTable[tree]!);
    this.#rowPatterns = new RowPatterns(ensemble, this.#paths, this.#treelets);
    const { ofFeature, names } = this.players;
    if (game.game === 'path-dependent') {
      requireCovers(ensemble);
      this.#leafGame = new PathDependentGame(this.#paths);
      this.baseValues = pathDependentBase(ensemble, this.#paths);
      const quadrature = new Quadrature(ensemble, this.#paths);
      this.#addWithoutTable = (tree, rows, offset, phi, to) =>
        quadrature.add(tree, rows, offset, phi, to, names.length);
    } else {
      const background = this.#comparedBackground(game.background);
      this.#leafGame = this.#histogram(background);
      this.baseValues = meanMargins(ensemble, game.background);
      const walk = new TwoWayWalk(ensemble, ofFeature, names.length);
      this.#addWithoutTable = (tree, rows, offset, phi, to) => {
        const row = rows.subarray(offset, offset + ensemble.featureNames.length);
        for (const each of background) walk.add(tree, row, each, 1 / background.length, phi, to);
      };
    }
  }

  /** Attributions of one row, K × P, output by output. @throws {ExplainError} BAD_ROW. O(nodes) once its patterns are known. */
  explain(row: ArrayLike<number>): Float64Array {
    return this.explainAll([row]);
  }

  /** Attributions of n rows, n × K × P. Faster per row than `explain` on large models. @throws {ExplainError} BAD_ROW */
  explainAll(rows: readonly ArrayLike<number>[]): Float64Array {
    const features = this.#ensemble.featureNames.length;
    const width = this.#ensemble.outputs * this.players.names.length;
    const phi = new Float64Array(rows.length * width);
    const block = new Float64Array(Math.min(rows.length, BLOCK_ROWS) * features);
    const cells = new Int32Array(block.length);
    for (let first = 0; first < rows.length; first += BLOCK_ROWS) {
      const count = Math.min(BLOCK_ROWS, rows.length - first);
      for (let at = 0; at < count; at += 1) {
        requireRow(this.#ensemble, rows[first + at]!);
        const compared = asCompared(this.#ensemble, rows[first + at]!);
        block.set(compared, at * features);
        this.#rowPatterns.cells(compared, cells, at * features);
      }
      for (let tree = 0; tree < this.#ensemble.treeOutput.length; tree += 1) {
        for (let at = 0; at < count; at += 1) {
          const to = (first + at) * width;
          if (this.#withoutTable[tree]!) this.#addWithoutTable(tree, block, at * features, phi, to);
          else this.#addTree(tree, cells, at * features, phi, to);
        }
      }
    }
    return phi;
  }

  #addTree(tree: number, cells: Int32Array, offset: number, phi: Float64Array, to: number): void {
    this.#rowPatterns.read(tree, cells, offset);
    const { patterns } = this.#rowPatterns;
    const { start, playerStart, players } = this.#treelets;
    const first = start[tree]!;
    const end = start[tree + 1]!;
    const output = this.#ensemble.treeOutput[tree]!;
    const playerCount = this.players.names.length;
    const outputs = output < 0 ? this.#ensemble.outputs : 1;
    const into = to + Math.max(0, output) * playerCount;
    for (let g = first; g < end; g += 1) {
      let value = this.#table.get(g, patterns[g - first]!);
      if (value < 0) value = this.#remember(tree, g, patterns[g - first]!);
      const arena = this.#arena;
      const from = playerStart[g]!;
      const count = playerStart[g + 1]! - from;
      for (let k = 0; k < outputs; k += 1) {
        const target = into + k * playerCount;
        for (let i = 0; i < count; i += 1) phi[target + players[from + i]!]! += arena[value + i]!;
        value += count;
      }
    }
  }

  /** Computes the attributions of one pattern of one treelet; returns where they stand in the arena. */
  #remember(tree: number, treelet: number, pattern: number): number {
    const count = this.#treelets.playerStart[treelet + 1]! - this.#treelets.playerStart[treelet]!;
    const vector = this.#ensemble.treeOutput[tree]! < 0;
    const outputs = vector ? this.#ensemble.outputs : 1;
    if (this.#arenaUsed + count * outputs > this.#maxValues || this.#table.size * 16 > this.#maxValues * 4) {
      this.#table.clear();
      this.#arenaUsed = 0;
    }
    if (this.#arenaUsed + count * outputs > this.#arena.length) {
      const grown = new Float64Array(Math.max(this.#arena.length * 2, this.#arenaUsed + count * outputs));
      grown.set(this.#arena.subarray(0, this.#arenaUsed));
      this.#arena = grown;
    }
    const start = this.#arenaUsed;
    this.#arenaUsed += count * outputs;
    this.#arena.fill(0, start, this.#arenaUsed);
    this.#leafGame.prepare(treelet);
    const { slot } = this.#treelets;
    const { values, at } = this.#ensemble;
    leafMasks(this.#ensemble, this.#paths, this.#treelets, this.#treelets.roots[treelet]!, pattern, (leaf, mask) => {
      this.#leafGame.weights(leaf, mask, this.#weights);
      const path = this.#paths.start[leaf]!;
      for (let i = 0; i < this.#paths.length[leaf]!; i += 1) {
        const target = start + slot[path + i]!;
        for (let k = 0; k < outputs; k += 1)
          this.#arena[target + k * count]! += this.#weights[i]! * values[at[leaf]! + k]!;
      }
    });
    this.#table.add(treelet, pattern, start);
    return start;
  }

  #comparedBackground(background: readonly ArrayLike<number>[]): Float64Array[] {
    if (background.length === 0) {
      throw new ExplainError(
        'BAD_ARGUMENT',
        'the background has no row; give the interventional game at least one, better 1,000',
      );
    }
    return background.map((row) => {
      requireRow(this.#ensemble, row);
      return asCompared(this.#ensemble, row);
    });
  }

  #histogram(background: readonly Float64Array[]): InterventionalGame {
    const counted = new PatternTable();
    const counts: number[] = [];
    const { start } = this.#treelets;
    const features = this.#ensemble.featureNames.length;
    const cells = new Int32Array(background.length * features);
    for (const [at, row] of background.entries()) this.#rowPatterns.cells(row, cells, at * features);
    for (let tree = 0; tree < this.#ensemble.treeOutput.length; tree += 1) {
      const first = start[tree]!;
      for (let at = 0; at < background.length; at += 1) {
        this.#rowPatterns.read(tree, cells, at * features);
        for (let g = first; g < start[tree + 1]!; g += 1) {
          const pattern = this.#rowPatterns.patterns[g - first]!;
          const index = counted.get(g, pattern);
          if (index >= 0) counts[index]! += 1;
          else counted.add(g, pattern, counts.push(1) - 1);
        }
      }
    }
    return new InterventionalGame(this.#ensemble, this.#paths, this.#treelets, counted, counts, background.length);
  }
}

function requireCovers(ensemble: TreeEnsemble): void {
  for (let tree = 0; tree < ensemble.treeOutput.length; tree += 1) {
    if (ensemble.cover[ensemble.treeStart[tree]!]! > 0) continue;
    throw new ExplainError(
      'MODEL_REFUSED',
      `tree ${tree} carries no cover, so that path-dependent values are undefined; use the interventional game`,
    );
  }
}

function meanMargins(ensemble: TreeEnsemble, rows: readonly ArrayLike<number>[]): Float64Array {
  const sums = new Float64Array(ensemble.outputs);
  for (const row of rows) {
    const values = margins(ensemble, row);
    for (let k = 0; k < sums.length; k += 1) sums[k]! += values[k]!;
  }
  return sums.map((sum) => sum / rows.length);
}
