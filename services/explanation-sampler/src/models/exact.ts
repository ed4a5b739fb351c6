/** Exact attributions of models that were read: trees and linear models. */
import { ExplainError } from '@weir/explain/errors';
import { linearShap, meanInputs } from '@weir/explain/linear-shap';
import { margins, predict } from '@weir/explain/model/ensemble';
import { linearMargins, linearPredict } from '@weir/explain/model/linear';
import { TreeExplainer } from '@weir/explain/tree/tree-explainer';
import type { ExplainRequest, LoadRequest, RowAnswer } from '../explain-request.ts';
import { Encoder } from './encoder.ts';
import type { Model } from './parse.ts';

/** For the rows of one feature set, against one background. */
export type RowExplainer = (encoded: Float64Array) => RowAnswer;
export interface Prepared {
  readonly encoder: Encoder;
  readonly explain: RowExplainer;
}

const EXACT = { isSeeded: false, intervals: [], confidence: null, modelRows: 0, flags: [] } as const;
const INTERVENTIONAL = { game: 'interventional-raw', usesBackground: true } as const;
const PATH_DEPENDENT = { game: 'path-dependent', usesBackground: false } as const;

/** The first margin is that of the first registered output. @throws {ExplainError} when the two cannot belong together */
export function checkModel(model: Model, { columns, outputs }: LoadRequest): Encoder {
  const { featureNames, outputs: margins } = model.type === 'trees' ? model.ensemble : model.linear;
  if (margins !== 1 && margins !== outputs)
    throw new ExplainError(
      'MODEL_REFUSED',
      `the model has ${margins} outputs, its registration ${outputs}; register as many, in the model's order, or one for a model with one`,
    );
  return new Encoder(featureNames, columns, model.type === 'trees' ? model.ensemble.valueNames : undefined);
}

/** Costs what building the explainer costs: seconds for large tree models. @param k margin that is explained. @throws {ExplainError} */
export function prepare(model: Model, request: ExplainRequest, k: number = 0): Prepared {
  const encoder = checkModel(model, request);
  const background = encoder.rows(request.background);
  const { players } = encoder;
  if (model.type === 'linear') {
    const { linear } = model;
    const complete = background.filter((row) => row.every(Number.isFinite));
    const means = meanInputs(linear, complete);
    return {
      encoder,
      explain: (row) => {
        if (!row.every(Number.isFinite))
          return { error: 'a feature is missing or infinite, for which a linear model has no answer' };
        const { attributions, baseValues } = linearShap(linear, means, row, players);
        const prediction = linearMargins(linear, row)[k] as number;
        const output = linearPredict(linear, row)[k] as number;
        const base = baseValues[k] as number;
        return {
          ...EXACT,
          ...INTERVENTIONAL,
          method: 'linear',
          attributions: encoder.byColumn(attributions, k * players.names.length),
          base,
          prediction,
          output,
        };
      },
    };
  }
  const { ensemble } = model;
  const isInterventional = request.treeGame === 'interventional';
  const explainer = new TreeExplainer(
    ensemble,
    isInterventional ? { game: 'interventional', background } : { game: 'path-dependent' },
    { players },
  );
  return {
    encoder,
    explain: (row) => ({
      ...EXACT,
      ...(isInterventional ? INTERVENTIONAL : PATH_DEPENDENT),
      method: 'table',
      attributions: encoder.byColumn(explainer.explain(row), k * players.names.length),
      base: explainer.baseValues[k] as number,
      prediction: margins(ensemble, row)[k] as number,
      output: predict(ensemble, row)[k] as number,
    }),
  };
}
