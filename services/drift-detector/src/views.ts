/** What routes answer with, computed from the state at commit boundaries. */

import { histogramOf } from '@weir/drift/histogram';
import { decode } from '@weir/events/codec';
import type { Output, View } from '@weir/service-kit/processor';
import { type Finding, ksFinding, missingFinding } from './alerts.ts';
import type { ColumnState, ModelState } from './state.ts';
import { ruleName } from './verdict.ts';

export interface VerdictView {
  readonly column: string;
  readonly rule: string;
  readonly verdict: 'drift' | 'stable' | 'warming-up';
  readonly statistic: number;
  readonly threshold: number;
  readonly at: number | null;
  readonly direction: number;
  readonly pValueSingleLook: number;
  readonly effectSize: number;
  readonly windowSize: number;
  readonly windowCapacity: number;
  readonly referenceSize: number;
  readonly referenceHash: string;
  readonly missing: number;
}

/** Groups of a window's histogram: enough to see a shape, few enough to read. */
const GROUPS = 20;

export function windowKey(model: string, column: string, rule: string): string {
  return `window/${[model, column, rule].map(encodeURIComponent).join('/')}`;
}

export function modelViews(model: ModelState): readonly View[] {
  const verdicts = [...model.columns.values()].flatMap((column): VerdictView[] => [
    ...column.windows.map((window) =>
      verdictView(column, ksFinding(column, window), window.open !== null, window.ks.capacity),
    ),
    ...column.missingWindows.map((state) =>
      verdictView(
        column,
        missingFinding(column, state, model.lastEventMs),
        state.open !== null,
        state.missing.capacity,
      ),
    ),
  ]);
  const summary = {
    model: model.model,
    events: model.events,
    lastEvent: Number.isFinite(model.lastEventMs) ? new Date(model.lastEventMs).toISOString() : null,
    versions: [...model.versions.keys()],
    columns: [...model.columns.keys()],
    drifting: [...new Set(verdicts.filter(({ verdict }) => verdict === 'drift').map(({ column }) => column))],
  };
  const windows = [...model.columns.values()].flatMap((column) =>
    column.windows.map((window): View => {
      const shown = { column: column.name, rule: ruleName(window), windowSize: window.ks.windowSize };
      const content = histogramOf(column.reference, window.ks.counts(), window.ks.windowSize, GROUPS);
      return {
        key: windowKey(model.model, column.name, ruleName(window)),
        json: JSON.stringify({ ...shown, ...content }),
      };
    }),
  );
  const features = [...model.columns.values()].map(({ name, present, missing, referenceHash, reference }) => ({
    column: name,
    present,
    missing,
    reference: {
      hash: referenceHash,
      size: reference.m,
      distinct: reference.values.length,
      min: reference.values[0],
      max: reference.values.at(-1),
    },
  }));
  return [
    ...windows,
    { key: `features/${model.model}`, json: JSON.stringify(features) },
    { key: `model/${model.model}`, json: JSON.stringify(summary) },
    { key: `verdicts/${model.model}`, json: JSON.stringify(verdicts) },
  ];
}

function verdictView(column: ColumnState, finding: Finding, isOpen: boolean, capacity: number): VerdictView {
  const { rule, statistic, threshold, at, direction, pValueSingleLook, effectSize, windowSize } = finding;
  return {
    column: column.name,
    rule,
    verdict: isOpen ? 'drift' : windowSize === capacity ? 'stable' : 'warming-up',
    statistic,
    threshold,
    at: Number.isNaN(at) ? null : at,
    direction,
    pValueSingleLook,
    effectSize,
    windowSize,
    windowCapacity: capacity,
    referenceSize: column.reference.m,
    referenceHash: column.referenceHash,
    missing: column.missing,
  };
}

/** History entry of an alert: the key sorts by event time. */
export function alertViews(output: Output): readonly View[] {
  const { name, event } = decode(output.value);
  const at = String(Math.max(0, output.eventTimeMs)).padStart(16, '0');
  return [
    {
      key: `alert/${at}/${output.id}`,
      json: JSON.stringify({ state: name === 'AlertRaised' ? 'raised' : 'resolved', ...event }),
    },
  ];
}
