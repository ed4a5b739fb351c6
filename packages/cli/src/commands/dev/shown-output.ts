/** Outputs as the screen shows them. */
import { decode } from '@weir/events/codec';
import type { Output } from '@weir/service-kit/processor';

export interface ShownOutput {
  readonly eventTimeMs: number;
  /** At most eight characters: ALERT, resolved, DECISION. */
  readonly mark: string;
  readonly text: string;
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
    const text = `${kind} ${severity}  ${summary}, since ${minute(sinceMs)}`;
    return { eventTimeMs, mark: 'ALERT', text, path, counts: 'alert' };
  }
  if (name !== 'AlertResolved') return undefined;
  const { kind, summary, sinceMs, eventTimeMs } = event;
  const text = `${kind}  ${summary}, since ${minute(sinceMs)}`;
  return { eventTimeMs, mark: 'resolved', text, path, counts: 'resolution' };
}

/** To the minute, UTC. */
export function minute(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16);
}
