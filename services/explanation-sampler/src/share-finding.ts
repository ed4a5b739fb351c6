/** What an alert says of a column whose share of the attributions moved. */
import { type Cause, type Finding, subjectOf } from '@weir/alerts/finding';
import type { SeverityLevels } from '@weir/alerts/severity';
import type { SamplerConfig } from './config.ts';
import { digestOf } from './hashing.ts';
import { AVERAGE_RUN_LENGTH, referenceOf } from './shares.ts';
import type { Importance, ModelState, VersionState } from './state.ts';

export function shareLevels({ shareTolerance }: SamplerConfig): SeverityLevels {
  return { warning: shareTolerance, critical: Math.max(0.4, 2 * shareTolerance) };
}

export function shareFinding(model: ModelState, version: VersionState, column: number, cause: Cause): Finding {
  const importance = version.importance as Importance;
  const reference = referenceOf(importance);
  const before = reference[column] as number;
  const now = importance.recent[column] as number;
  const name = version.columns[column]?.name ?? '';
  const change = now - before;
  const log = importance.detector?.state.logDetector ?? new Float64Array(0);
  const evidence = Math.max(log[2 * column] ?? 0, log[2 * column + 1] ?? 0, 0);
  return {
    subject: subjectOf(model.model, { version: version.version, column: name }),
    rule: 'attribution-share',
    detail: {
      kind: 'drift',
      drift: {
        statistic: Math.abs(change),
        at: null,
        direction: Math.sign(change),
        pValueSingleLook: Math.exp(-evidence),
        effectSize: Math.max(-0.5, Math.min(0.5, change)),
        referenceSize: importance.sharesCount,
        referenceHash: digestOf('shares', ...reference.map(String)),
        before: null,
        after: null,
      },
    },
    value: now,
    threshold: before + Math.sign(change) * model.config.shareTolerance,
    unit: 'share of the attributions',
    effect: change,
    summary: `${model.model} ${version.version}: ${name} makes up ${percent(now)} of the attributions, ${percent(before)} in the reference of ${importance.sharesCount} explanations`,
    advice: `The model decides by other columns than before. Compare the drift of ${name} with that of the others: when no input moved, the model or an encoder did. The alert does not say that decisions are worse.`,
    onsetMs: () => cause.eventTimeMs,
    window: null,
    rate: { guarantee: 'average run length, explained events', expectedEventsBetweenFalseAlarms: AVERAGE_RUN_LENGTH },
    labels: { game: importance.game },
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
