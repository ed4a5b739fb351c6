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
  /** What the summary counts it as. */
  readonly counts: 'alert' | 'resolution' | 'decision' | undefined;
  /** Whether it is what `--until` may wait for: an alert, or the decision that ends a test. */
  readonly ends: boolean;
}

/** Digits of an alert's id in a link: as many as tell the alerts of any run apart. */
const LINK_DIGITS = 12;

/** Alerts, of whatever kind. */
export function shownAlert({ topic, value, id }: Output): ShownOutput | undefined {
  if (topic !== 'alerts' || value === null) return undefined;
  const { name, event } = decode(value);
  if (name === 'AlertRaised') {
    const { kind, severity, summary, eventTimeMs } = event;
    const path = `/v1/alerts/${id.slice(0, LINK_DIGITS)}`;
    return { eventTimeMs, mark: 'ALERT', text: `${kind}, ${severity}: ${summary}`, path, counts: 'alert', ends: true };
  }
  if (name !== 'AlertResolved') return undefined;
  const { kind, summary, eventTimeMs } = event;
  return {
    eventTimeMs,
    mark: 'resolved',
    text: `${kind}: ${summary}`,
    path: undefined,
    counts: 'resolution',
    ends: false,
  };
}

/** To the minute, UTC. */
export function minute(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16);
}
