/** What Kernel SHAP is given, and what it must be. */
import { ExplainError, requireBetween, requireWhole } from '../errors.ts';
import type { Players } from '../model/players.ts';

export interface Surrogate {
  /** Its prediction of a row. */
  readonly predict: (row: Float64Array) => number;
  /** Exact interventional attributions of the explained row against the same background, P numbers, and their base value. */
  readonly attributions: ArrayLike<number>;
  readonly baseValue: number;
}

export interface KernelOptions {
  readonly row: Float64Array;
  /** The model's answer to `row`. */
  readonly prediction: number;
  readonly background: readonly Float64Array[];
  /** The model's answers to the background rows; their mean is the base value. */
  readonly backgroundPredictions: ArrayLike<number>;
  readonly players: Players;
  /** Most coalitions that are evaluated, an even number ≥ 2. */
  readonly maxCoalitions: number;
  /** Background rows drawn afresh for each pair, or all of them. */
  readonly rowsPerPair: number | 'all';
  readonly surrogate?: Surrogate;
  /** Stop once the set of the k largest |attributions| is certain at `confidence`. */
  readonly topK?: number;
  /** Of the intervals, in (0, 1). Default 0.95. */
  readonly confidence?: number;
  /** Pairs per batch. Default max(M, 16). */
  readonly batchPairs?: number;
}

/** @throws {ExplainError} BAD_ARGUMENT, BAD_ROW */
export function requireOptions(options: KernelOptions): void {
  const { background, backgroundPredictions, maxCoalitions, players, row, rowsPerPair } = options;
  const count = players.names.length;
  requireWhole('the number of players', count, 2);
  requireWhole('maxCoalitions', maxCoalitions, 2, 10_000_000);
  if (maxCoalitions % 2 !== 0)
    throw new ExplainError(
      'BAD_ARGUMENT',
      `maxCoalitions is ${maxCoalitions}; coalitions come in pairs, so give an even number`,
    );
  if (rowsPerPair !== 'all') requireWhole('rowsPerPair', rowsPerPair, 1);
  if (options.topK !== undefined) requireWhole('topK', options.topK, 1, count - 1);
  if (options.confidence !== undefined) requireBetween('confidence', options.confidence, 0.5, 0.9999);
  requireWhole('the number of background rows', background.length, 1);
  if (backgroundPredictions.length !== background.length) {
    throw new ExplainError(
      'BAD_ARGUMENT',
      `there are ${backgroundPredictions.length} background predictions for ${background.length} rows; give one per row`,
    );
  }
  for (const each of [row, ...background]) {
    if (each.length === players.ofFeature.length) continue;
    throw new ExplainError(
      'BAD_ROW',
      `a row has ${each.length} features, but the players stand for ${players.ofFeature.length}`,
    );
  }
  if (options.surrogate !== undefined && options.surrogate.attributions.length !== count) {
    throw new ExplainError(
      'BAD_ARGUMENT',
      `the surrogate has ${options.surrogate.attributions.length} attributions for ${count} players`,
    );
  }
}
