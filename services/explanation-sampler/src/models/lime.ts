/** LIME of models behind a server: bins from the background, 4,096 perturbed rows for each explained one. */
import { discretise, type Feature } from '@weir/explain/lime/discretiser';
import { LimeExplainer } from '@weir/explain/lime/lime-explainer';
import { MAX_DIMENSIONS } from '@weir/explain/lime/sobol';
import { EffectRefused } from '@weir/service-kit/effects/effect';
import type { ExplainRequest, RowAnswer } from '../explain-request.ts';
import { uniformOf } from '../hashing.ts';
import type { Score } from './scoring.ts';
import type { Table } from './table.ts';

const CONFIDENCE = 0.95;
/** A power of two, which uses the Sobol net best. */
const CALLS = 4_096;

/** Costs 4,096 model rows per row. @throws {EffectRefused} for a background or feature set that LIME cannot use */
export async function explainByLime(
  { columns, background, rows, seeds }: ExplainRequest,
  table: Table,
  score: Score,
): Promise<readonly RowAnswer[]> {
  if (columns.length > MAX_DIMENSIONS)
    throw new EffectRefused(
      `the feature set has ${columns.length} columns, and LIME takes ${MAX_DIMENSIONS}; take the model out of WEIR_EXPLAIN_LIME_MODELS`,
    );
  const complete = table.rows(background).filter((row) => row.every(Number.isFinite));
  if (complete.length === 0)
    throw new EffectRefused(
      'every row of the background has a missing value, and LIME needs complete ones; take the model out of WEIR_EXPLAIN_LIME_MODELS',
    );
  const categorical = columns.flatMap(({ type }, at) => (type === 'categorical' ? [at] : []));
  const features = discretise(complete, categorical);
  const answers: RowAnswer[] = [];
  for (const [index, row] of table.rows(rows).entries())
    answers.push(
      await explainRow(row, features, seeds[index] ?? '', (asked) => score(asked.map((each) => table.cells(each)))),
    );
  return answers;
}

async function explainRow(
  row: Float64Array,
  features: readonly Feature[],
  seed: string,
  score: (rows: readonly Float64Array[]) => Promise<number[]>,
): Promise<RowAnswer> {
  if (!row.every(Number.isFinite)) return { error: 'a feature is missing or infinite, for which LIME has no bin' };
  const explainer = new LimeExplainer({
    row,
    features,
    calls: CALLS,
    seed: Math.floor(uniformOf(seed, 'lime') * 2 ** 32),
    confidence: CONFIDENCE,
  });
  let prediction = Number.NaN;
  for (let asked = explainer.next(); asked !== undefined; asked = explainer.next()) {
    const scores = await score(asked);
    // The first row of all is the explained one.
    if (Number.isNaN(prediction)) prediction = scores[0] as number;
    explainer.accept(scores);
  }
  const { attributions, intercept, intervals, modelRows, flags } = explainer.result();
  return {
    method: 'lime',
    game: 'lime',
    usesBackground: true,
    isSeeded: true,
    base: intercept,
    prediction,
    output: prediction,
    intervals: intervals.map(([low, high]) => ({ low, high })),
    confidence: CONFIDENCE,
    modelRows,
    flags,
    attributions,
  };
}
