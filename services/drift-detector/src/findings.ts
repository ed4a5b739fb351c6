/** What an alert says, from the figures of its window. */
import { type Finding, subjectOf } from '@weir/alerts/finding';
import { columnsNamed } from '@weir/catalogue/model-catalogue';
import type { CountEvaluation } from '@weir/drift/count-evaluation';
import { eventsBetweenFalseAlarms } from '@weir/drift/false-alarms';
import type { Figures } from '@weir/drift/figures';
import type { MissingEvaluation } from '@weir/drift/missing-evaluation';
import { referenceQuantiles } from '@weir/drift/quantiles';
import { movedFrom, notPromised, shownNumber } from '@weir/drift/sentences';
import type { TimeEvaluation } from '@weir/drift/time-evaluation';
import { type ColumnState, dependenceOfColumn, type ModelState, SELF_REFERENCE, type Watch } from './state.ts';

/** What happened; the reason of an AlertResolved, where it is one. */
export type Told = 'raised' | 'escalated' | 'recovered' | 'reference-replaced' | 'rebased';

const ENDED = {
  'reference-replaced': 'has a new reference, which ends this alert; with the old one',
  rebased: 'takes its present values as its reference, which ends this alert; with the old one',
};
const DRIFT: Readonly<Record<Told, readonly [up: string, down: string]>> = {
  raised: ['has moved up', 'has moved down'],
  escalated: ['has moved again and lies above its reference', 'has moved again and lies below its reference'],
  recovered: ['is back at its reference', 'is back at its reference'],
  'reference-replaced': [ENDED['reference-replaced'], ENDED['reference-replaced']],
  rebased: [ENDED.rebased, ENDED.rebased],
};
const MISSING: Readonly<Record<Told, string>> = {
  raised: 'is missing too often',
  escalated: 'is missing still more often',
  recovered: 'is missing no more than expected',
  ...ENDED,
};
const CAUSES =
  'Look at what feeds the column since then: a release, a unit, a season. The alert does not say whether predictions are worse.';

export function driftFinding(
  model: ModelState,
  column: ColumnState,
  watch: Watch<CountEvaluation | TimeEvaluation>,
  told: Told,
  figures: Figures,
): Finding {
  const { statistic, at, direction, pValueSingleLook, effectSize, after, window } = figures;
  const { entry, reference } = column;
  const before = referenceQuantiles(reference);
  const sizes = { referenceSize: reference.m, referenceHash: entry.hash };
  const sinceMs = watch.evaluation.open?.sinceMs ?? watch.alert?.sinceMs ?? window.fromMs;
  const said = DRIFT[told][direction > 0 ? 0 : 1];
  const unit = columnsNamed(model.catalogue, column.name)[0]?.unit ?? null;
  const measured = `D = ${statistic.toFixed(3)} near ${shownNumber(at ?? 0)} over ${window.size} values`;
  const dependence = dependenceOfColumn(column);
  return {
    ...common(model, column, watch, figures),
    detail: {
      kind: 'drift',
      drift: { statistic, at, direction, pValueSingleLook, effectSize, ...sizes, before, after },
    },
    summary: `${model.model}: ${column.name} ${said}${sinceText(told, sinceMs)}: ${movedFrom(before, after, unit)} (${measured})`,
    advice: dependence.isDependent ? `${CAUSES} ${notPromised(dependence)}` : CAUSES,
    onsetMs: () => sinceMs,
    rate: dependence.isDependent ? null : promised('exchangeable', model, watch, window.size),
  };
}

export function missingFinding(
  model: ModelState,
  column: ColumnState,
  watch: Watch<MissingEvaluation>,
  told: Told,
  figures: Figures,
): Finding {
  const { expectedShare, open } = watch.evaluation;
  const { statistic, window } = figures;
  const sinceMs = open?.sinceMs ?? watch.alert?.sinceMs ?? window.fromMs;
  const observed = `${Math.round(statistic * window.size)} of the last ${window.size} values`;
  const expected = `${(100 * expectedShare).toPrecision(2)} %`;
  return {
    ...common(model, column, watch, figures),
    detail: { kind: 'quality', quality: { fault: 'missing', factor: statistic / expectedShare, observed, expected } },
    summary: `${model.model}: ${column.name} ${MISSING[told]}${sinceText(told, sinceMs)}: ${observed}, expected ${expected}`,
    advice: 'Look at the source of the column since then. Its distribution is tested without the missing values.',
    onsetMs: () => sinceMs,
    rate: promised('independent', model, watch, window.size),
  };
}

/** Of what is open; what is over says so itself. */
function sinceText(told: Told, sinceMs: number): string {
  return told === 'raised' || told === 'escalated' ? ` since ${new Date(sinceMs).toISOString()}` : '';
}

function common({ model }: ModelState, { name, entry }: ColumnState, { rule }: Watch<unknown>, figures: Figures) {
  const { statistic: value, threshold, effect, window } = figures;
  const labels = entry.source === SELF_REFERENCE ? { reference: 'self' } : {};
  const subject = subjectOf(model, { column: name });
  return { subject, rule, value, threshold, unit: null, effect, window, labels };
}

function promised(guarantee: string, { config }: ModelState, { kind }: Watch<unknown>, windowSize: number) {
  const events = eventsBetweenFalseAlarms(kind, config.readingsPerFalseAlarm, windowSize);
  return { guarantee, expectedEventsBetweenFalseAlarms: events };
}
