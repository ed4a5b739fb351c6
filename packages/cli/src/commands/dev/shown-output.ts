/** Outputs as the screen shows them. */
import { decode } from '@weir/events/codec';
import type { Output } from '@weir/service-kit/processor';

export interface ShownOutput {
  readonly eventTimeMs: number;
  /** At most eight characters: ALERT, resolved, DECISION. */
  readonly mark: string;
  readonly text: string;
  /** Event time at which what it tells of began, where that is known, ms. */
  readonly sinceMs?: number;
  /** Path under the service's address where it can be read. */
  readonly path: string | undefined;
  /** What `--until` may wait for, and the summary counts. */
  readonly counts: 'alert' | 'resolution' | 'decision' | undefined;
}

/** Alerts, of whatever kind. */
export function shownAlert({ topic, value, id }: Output): ShownOutput | undefined {
  if (topic !== 'alerts' || value === null) return undefined;
  const { name, event } = decode(value);
  const path = `/v1/alerts/${encodeURIComponent(id)}`;
  if (name === 'AlertRaised') {
    const { kind, severity, summary, sinceMs, eventTimeMs } = event;
    return { eventTimeMs, mark: 'ALERT', text: `${kind}, ${severity}: ${summary}`, sinceMs, path, counts: 'alert' };
  }
  if (name !== 'AlertResolved') return undefined;
  const { kind, summary, sinceMs, eventTimeMs } = event;
  return { eventTimeMs, mark: 'resolved', text: `${kind}: ${summary}`, sinceMs, path, counts: 'resolution' };
}

/** To the minute, UTC. */
export function minute(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16);
}
