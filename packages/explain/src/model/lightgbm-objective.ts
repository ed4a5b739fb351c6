import { ExplainError } from '../errors.ts';
import { IDENTITY, type Link } from './link.ts';

const IDENTITIES = new Set([
  'regression',
  'regression_l1',
  'huber',
  'fair',
  'quantile',
  'mape',
  'lambdarank',
  'rank_xendcg',
  'custom',
  '',
]);
const EXPONENTIALS = new Set(['poisson', 'gamma', 'tweedie']);

/** Link of LightGBM's `objective=` line, such as `binary sigmoid:1`. @throws {ExplainError} MODEL_REFUSED */
export function lightgbmLink(objective: string): Link {
  const [name = '', ...options] = objective.trim().split(/\s+/);
  if (IDENTITIES.has(name) && !options.includes('sqrt')) return IDENTITY;
  if (EXPONENTIALS.has(name)) return { kind: 'exponential' };
  if (name === 'multiclass' || name === 'softmax') return { kind: 'softmax' };
  if (name === 'cross_entropy' || name === 'xentropy') return { kind: 'logistic', scale: 1 };
  if (name === 'binary' || name === 'multiclassova') {
    const sigmoid = options.find((option) => option.startsWith('sigmoid:'));
    const scale = Number(sigmoid?.slice('sigmoid:'.length) ?? 1);
    if (scale > 0 && Number.isFinite(scale)) return { kind: 'logistic', scale };
  }
  throw new ExplainError(
    'MODEL_REFUSED',
    `the LightGBM objective "${objective}" has no link that is known here; train with regression, binary, multiclass, poisson or another named one`,
  );
}
