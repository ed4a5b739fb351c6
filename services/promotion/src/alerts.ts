/** Alerts of other services, as far as they bear on a promotion. The policy says which kinds do; nothing here is written for one of them. */
import type { PromotionPolicy } from '@weir/bandit/promotion-policy';
import type { AlertRaised, AlertResolved } from '@weir/events/generated/events';
import type { TestRecord } from './running-test.ts';
import { type HeldAlert, MAX_ALERTS, type ModelState } from './state.ts';

const RANKS: Readonly<Record<HeldAlert['severity'], number>> = { info: 0, warning: 1, critical: 2 };
/** An alert's summary goes into entries, which have 64 KiB. */
const MAX_SUMMARY = 300;

export function noteRaised(
  state: ModelState,
  { id, escalates, kind, severity, version, summary, eventTimeMs, sinceMs }: AlertRaised,
): void {
  // Its own alerts tell of what it did.
  if (kind === 'promotion') return;
  const alert: HeldAlert = {
    // An escalated alert stays one: it is resolved under the id that it was raised with.
    id: escalates ?? id,
    kind,
    severity,
    version,
    summary: summary.slice(0, MAX_SUMMARY).toWellFormed(),
    atMs: eventTimeMs,
    sinceMs: Math.min(sinceMs, eventTimeMs),
  };
  state.alertsAhead.push(alert);
  state.alertsAhead.sort((a, b) => a.atMs - b.atMs);
  if (state.alertsAhead.length > MAX_ALERTS) state.alertsAhead.pop();
}

export function noteResolved(state: ModelState, { raisedId }: AlertResolved): void {
  state.alerts.delete(raisedId);
  const ahead = state.alertsAhead.findIndex(({ id }) => id === raisedId);
  if (ahead >= 0) state.alertsAhead.splice(ahead, 1);
}

/** The first alert whose time has come takes effect. */
export function takeAlert(state: ModelState): HeldAlert | undefined {
  const alert = state.alertsAhead.shift();
  if (alert === undefined) return undefined;
  state.alerts.delete(alert.id);
  state.alerts.set(alert.id, alert);
  // The oldest goes: of hundreds that are open at once, one more does not change a decision.
  if (state.alerts.size > MAX_ALERTS) state.alerts.delete(state.alerts.keys().next().value as string);
  return alert;
}

/** Open alerts that hold the promotion, or take the challenger's traffic: about all versions, or one of the two arms. */
export function blockingAlerts(
  { alerts }: ModelState,
  policy: PromotionPolicy,
  { champion, challenger }: TestRecord,
  action: 'hold' | 'rollback',
): readonly HeldAlert[] {
  if (alerts.size === 0) return [];
  return [...alerts.values()].filter(
    (alert) =>
      (alert.version === null || alert.version === challenger || (action === 'hold' && alert.version === champion)) &&
      matches(policy, alert, action),
  );
}

/** Whether the policy answers an alert in this way. */
export function matches(
  { alerts }: PromotionPolicy,
  { kind, severity }: HeldAlert,
  action: PromotionPolicy['alerts'][number]['action'],
): boolean {
  return alerts.some((rule) => rule.kind === kind && rule.action === action && RANKS[severity] >= RANKS[rule.severity]);
}
