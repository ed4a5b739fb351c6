/** What routes answer with: the history of alerts, those that are open, and how each ended. */
import { decode } from '@weir/events/codec';
import type { AlertRaised, AlertResolved } from '@weir/events/generated/events';

/** An entry of the read side; null removes it. */
export interface AlertView {
  readonly key: string;
  readonly json: string | null;
}

export const ALERT_PREFIX = 'alert/';
export const OPEN_ALERT_PREFIX = 'open-alert/';
export const RESOLUTION_PREFIX = 'resolution/';

/**
 * Entries that one record of the alerts topic sets or removes, of either version; a record of another event has none.
 * - `alert/<event time>/<id>`: every alert, raised or resolved.
 * - `open-alert/<id>`: the newest AlertRaised of an open alert, under the id that opened it; removed when it is resolved.
 * - `resolution/<event time of the AlertRaised>/<its id>`: how it ended.
 *
 * Event times are 16 digits of ms, so that keys sort by them. JSON holds every time in ms and, beside it without `Ms`, in RFC 3339; numbers
 * that are not finite are null.
 * @throws {EventError} as `decode`
 */
export function alertViews(value: Uint8Array, id: string, eventTimeMs: number): readonly AlertView[] {
  const { name, event } = decode(value);
  if (name !== 'AlertRaised' && name !== 'AlertResolved') return [];
  const json = JSON.stringify(withTimes({ state: name === 'AlertRaised' ? 'raised' : 'resolved', ...event }));
  const told = { key: `${ALERT_PREFIX}${digits(eventTimeMs)}/${id}`, json };
  if (name === 'AlertRaised') {
    const { escalates } = event as AlertRaised;
    return [told, { key: `${OPEN_ALERT_PREFIX}${escalates ?? id}`, json }];
  }
  const { raisedId, raisedAtMs, fingerprint, model, reason, summary } = event as AlertResolved;
  const resolution = { raisedId, raisedAtMs, id, model, fingerprint, reason, summary, eventTimeMs };
  return [
    told,
    { key: `${OPEN_ALERT_PREFIX}${raisedId}`, json: null },
    { key: `${RESOLUTION_PREFIX}${digits(raisedAtMs)}/${raisedId}`, json: JSON.stringify(withTimes(resolution)) },
  ];
}

function digits(ms: number): string {
  return String(Math.max(0, ms)).padStart(16, '0');
}

/** Every field `…Ms` of an alert is a time: it gets a sibling that people can read. */
function withTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withTimes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, field]): [string, unknown][] =>
      name.endsWith('Ms') && typeof field !== 'string'
        ? [
            [name, field],
            [name.slice(0, -'Ms'.length), rfc3339(field)],
          ]
        : [[name, withTimes(field)]],
    ),
  );
}

/** Years 0 to 9999 alone have a form in RFC 3339. */
const FIRST_MS = Date.parse('0000-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

function rfc3339(ms: unknown): string | null {
  return typeof ms === 'number' && ms >= FIRST_MS && ms <= LAST_MS ? new Date(ms).toISOString() : null;
}
