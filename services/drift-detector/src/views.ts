/** What routes answer with, computed from the state at commit boundaries. */
import { decode } from '@weir/events/codec';
import type { Output, View } from '@weir/service-kit/processor';
import { kolmogorovTail } from '@weir/stats/kolmogorov';
import type { ModelState } from './state.ts';
import { effectSize, ruleName } from './verdict.ts';

export interface VerdictView {
  readonly column: string;
  readonly rule: string;
  readonly verdict: 'drift' | 'stable' | 'warming-up';
  readonly statistic: number;
  readonly threshold: number;
  readonly at: number;
  readonly direction: number;
  readonly pValueSingleLook: number;
  readonly effectSize: number;
  readonly windowSize: number;
  readonly windowCapacity: number;
  readonly referenceSize: number;
  readonly referenceHash: string;
  readonly missing: number;
}

export function modelViews(model: ModelState): readonly View[] {
  const verdicts = [...model.columns.values()].flatMap((column) =>
    column.windows.map((window): VerdictView => {
      const { statistic, at, direction, windowSize } = window.ks.read();
      const { m } = column.reference;
      return {
        column: column.name,
        rule: ruleName(window),
        verdict: window.open !== null ? 'drift' : window.ks.full ? 'stable' : 'warming-up',
        statistic,
        threshold: window.limit,
        at,
        direction,
        pValueSingleLook: kolmogorovTail(statistic * Math.sqrt((m * windowSize) / (m + windowSize))),
        effectSize: effectSize(column, window),
        windowSize,
        windowCapacity: window.ks.capacity,
        referenceSize: m,
        referenceHash: column.referenceHash,
        missing: column.missing,
      };
    }),
  );
  const summary = {
    model: model.model,
    events: model.events,
    lastEvent: Number.isFinite(model.lastEventMs) ? new Date(model.lastEventMs).toISOString() : null,
    versions: [...model.versions.keys()],
    columns: [...model.columns.keys()],
    drifting: verdicts.filter(({ verdict }) => verdict === 'drift').map(({ column }) => column),
  };
  return [
    { key: `model/${model.model}`, json: JSON.stringify(summary) },
    { key: `verdicts/${model.model}`, json: JSON.stringify(verdicts) },
  ];
}

/** History entry of an alert: the key sorts by event time. */
export function alertViews(output: Output): readonly View[] {
  const { name, event } = decode(output.value);
  const at = String(Math.max(0, output.eventTimeMs)).padStart(16, '0');
  return [{ key: `alert/${at}/${output.id}`, json: JSON.stringify({ kind: name, ...event }) }];
}
