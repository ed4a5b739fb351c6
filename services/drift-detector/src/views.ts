/** What routes answer with, computed from the state at commit boundaries. */

import { histogramOf } from '@weir/drift/histogram';
import type { View } from '@weir/service-kit/processor';
import { type Finding, ksFinding, missingFinding, timeFinding } from './alerts.ts';
import { isWarmingUp } from './observe-time.ts';
import { type ColumnState, isLive, type ModelState, type OpenAlert } from './state.ts';
import { ruleName, timeRuleName } from './verdict.ts';

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
  /** Values that a count window holds when it is full, and that a time window needs for a verdict. */
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
    ...column.windows.filter(isLive).map((window) => {
      const { full, capacity } = window.ks;
      return verdictView(column, ksFinding(column, window), verdictOf(window, !full), capacity);
    }),
    ...column.timeWindows.filter(isLive).map((state) => {
      const { minValues } = model.config;
      const finding = timeFinding(column, state, state.window.endMs, model.config);
      return verdictView(column, finding, verdictOf(state, isWarmingUp(state, minValues)), minValues);
    }),
    ...column.missingWindows.filter(isLive).map((state) => {
      const finding = missingFinding(column, state, model.lastEventMs);
      const { capacity } = state.missing;
      return verdictView(column, finding, verdictOf(state, finding.windowSize < capacity), capacity);
    }),
  ]);
  const summary = {
    model: model.model,
    events: model.events,
    lastEvent: Number.isFinite(model.lastEventMs) ? new Date(model.lastEventMs).toISOString() : null,
    versions: [...model.versions.keys()],
    columns: [...model.columns.keys()],
    drifting: [...new Set(verdicts.filter(({ verdict }) => verdict === 'drift').map(({ column }) => column))],
  };
  const windows = [...model.columns.values()].flatMap((column): View[] => [
    ...column.windows.filter(isLive).map((window) => windowView(model, column, ruleName(window), window.ks)),
    ...column.timeWindows
      .filter(isLive)
      .map(({ name, window }) => windowView(model, column, timeRuleName(name), window)),
  ]);
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

function windowView(
  { model }: ModelState,
  { name, reference }: ColumnState,
  rule: string,
  window: { readonly windowSize: number; counts(): Uint32Array },
): View {
  const { windowSize } = window;
  const content = histogramOf(reference, window.counts(), windowSize, GROUPS);
  return { key: windowKey(model, name, rule), json: JSON.stringify({ column: name, rule, windowSize, ...content }) };
}

function verdictOf({ open }: { readonly open: OpenAlert | null }, isWarmingUp: boolean): VerdictView['verdict'] {
  return open !== null ? 'drift' : isWarmingUp ? 'warming-up' : 'stable';
}

function verdictView(
  column: ColumnState,
  finding: Finding,
  verdict: VerdictView['verdict'],
  capacity: number,
): VerdictView {
  const { rule, statistic, threshold, at, direction, pValueSingleLook, effectSize, windowSize } = finding;
  return {
    column: column.name,
    rule,
    verdict,
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
