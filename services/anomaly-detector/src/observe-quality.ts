/** Rules and sequential tests on the event in hand, and what becomes of their alerts. */
import { severityOf } from '@weir/alerts/severity';
import { qualityFinding } from './findings.ts';
import { isRule, type OpenQuality } from './quality.ts';
import type { ModelState, Monitor } from './state.ts';
import { escalate, type Place, raise, resolve } from './tell.ts';

/** Events after which the size of a fault is known well enough to say how urgent it is. */
const MEASURED = 256;

/** @returns fields that broke a rule */
export function observeQuality(model: ModelState, monitor: Monitor, place: Place): number {
  const { quality } = monitor;
  const { violations, raised } = quality.add(place.eventTimeMs);
  if (quality.open.size > 0) for (const [key, open] of quality.open) follow(model, monitor, key, open, place);
  for (const { fault, found } of raised) {
    const key = `${fault} ${found.field}`;
    // A test whose alert is open has been reset by a fault of another kind; one alert is enough.
    if (quality.open.has(key)) continue;
    const { field } = found;
    const isMeasured = !isRule(fault) && fault !== 'null-rate';
    // A share over a few events is no measure of size yet: it counts as if it were of a whole window.
    const share = isMeasured ? found.share : Math.min(found.share, EARLY_SHARE);
    const alert = raise(
      qualityFinding(model, monitor, { fault, field, found }, 'raised', share),
      levelsOf(model),
      place,
    );
    quality.open.set(key, { fault, field, found, alert, seen: isMeasured ? MEASURED : 0, hits: 0 });
  }
  return violations;
}

const EARLY_SHARE = 0.05;

/** An open alert at a further event: it is over, or its size becomes known. */
function follow(model: ModelState, monitor: Monitor, key: string, open: OpenQuality, place: Place): void {
  const { quality } = monitor;
  if (!quality.holds(open)) {
    const share = open.seen > 0 && open.hits > 0 ? open.hits / open.seen : open.found.share;
    resolve(model, open.alert, qualityFinding(model, monitor, open, 'recovered', share), 'recovered', place);
    quality.open.delete(key);
    return;
  }
  if (open.seen >= MEASURED) return;
  open.seen += 1;
  if (quality.isHit(open)) open.hits += 1;
  if (open.seen < MEASURED) return;
  const share = open.hits / open.seen;
  const levels = levelsOf(model);
  if (severityOf(share, levels) !== 'critical' || open.alert.severity === 'critical') return;
  open.alert = escalate(model, open.alert, qualityFinding(model, monitor, open, 'escalated', share), levels, place);
}

export function levelsOf({ config }: ModelState): { readonly warning: number; readonly critical: number } {
  return { warning: config.warningShare, critical: config.criticalShare };
}

/** Ends every alert of rules and tests, because their references or their warm-up begin anew. */
export function endQuality(
  model: ModelState,
  monitor: Monitor,
  reason: 'reference-replaced' | 'reanchored',
  place: Place,
): void {
  for (const open of monitor.quality.open.values())
    resolve(model, open.alert, qualityFinding(model, monitor, open, reason, open.found.share), reason, place);
  monitor.quality.open.clear();
}
