/** The body of an alert with every string and list within its bound: whatever a finding holds, the record stays far below 1 MiB. */
import type { AlertRaised } from '@weir/events/generated/events';
import { cutName, cutNullable, cutText, MAX_TEXT } from './cut.ts';
import type { Cause, Detail, Finding } from './finding.ts';

/** Entries of a list. */
export const MAX_LIST = 100;
/** Label that says which lists were cut, e.g. `anomaly.features: 100 of 523`. */
export const CUT_LABEL = 'weir.cut';

const NO_DETAILS = {
  drift: null,
  anomaly: null,
  quality: null,
  fairness: null,
  performance: null,
  promotion: null,
} as const;

type Body = Omit<AlertRaised, 'id' | 'fingerprint' | 'severity' | 'sinceMs' | 'escalates'>;

export function boundedBody(finding: Finding, cause: Cause): Body {
  const { subject, rate } = finding;
  const lists = new Lists();
  const detail = boundedDetail(finding.detail, lists);
  const labels = lists
    .cut('labels', Object.entries(finding.labels).sort(byKey))
    .map(([key, value]) => [cutName(key), cutName(value)] as const);
  return {
    model: cutName(subject.model),
    version: cutNullable(subject.version),
    column: cutNullable(subject.column),
    segment: cutNullable(subject.segment),
    rule: cutName(finding.rule),
    summary: cutText(finding.summary),
    advice: cutText(finding.advice),
    value: finding.value,
    threshold: finding.threshold,
    unit: cutNullable(finding.unit),
    eventTimeMs: cause.eventTimeMs,
    window: finding.window,
    evidence: { topic: cutName(cause.topic), partition: cause.partition, eventId: cutName(cause.eventId) },
    rate: rate === null ? null : { ...rate, guarantee: cutName(rate.guarantee) },
    labels: Object.fromEntries([...labels, ...lists.label()]),
    ...NO_DETAILS,
    ...detail,
  };
}

function boundedDetail(detail: Detail, lists: Lists): Detail {
  switch (detail.kind) {
    case 'drift':
      return { kind: 'drift', drift: { ...detail.drift, referenceHash: cutName(detail.drift.referenceHash) } };
    case 'anomaly': {
      const features = lists
        .cut('anomaly.features', detail.anomaly.features)
        .map((each) => ({ ...each, feature: cutName(each.feature) }));
      return {
        kind: 'anomaly',
        anomaly: { ...detail.anomaly, guarantee: cutName(detail.anomaly.guarantee), features },
      };
    }
    case 'quality': {
      const { fault, factor, observed, expected } = detail.quality;
      return {
        kind: 'quality',
        quality: {
          fault: cutName(fault),
          factor,
          observed: observed === null ? null : cutText(observed),
          expected: cutText(expected),
        },
      };
    }
    case 'fairness': {
      const { metric, group, referenceGroup } = detail.fairness;
      const names = { metric: cutName(metric), group: cutName(group), referenceGroup: cutNullable(referenceGroup) };
      return { kind: 'fairness', fairness: { ...detail.fairness, ...names } };
    }
    case 'performance':
      return {
        kind: 'performance',
        performance: { ...detail.performance, metric: cutName(detail.performance.metric) },
      };
    case 'promotion': {
      const { decisionId, from, to, reasons } = detail.promotion;
      return {
        kind: 'promotion',
        promotion: {
          decisionId: cutName(decisionId),
          from: cutNullable(from),
          to: cutNullable(to),
          reasons: lists.cut('promotion.reasons', reasons).map((reason) => cutText(reason, MAX_TEXT / 4)),
        },
      };
    }
    case 'pipeline':
      return { kind: 'pipeline' };
  }
}

function byKey([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

class Lists {
  readonly #cut: string[] = [];

  /** At most the first `MAX_LIST`. */
  cut<Item>(name: string, items: readonly Item[]): readonly Item[] {
    if (items.length <= MAX_LIST) return items;
    this.#cut.push(`${name}: ${MAX_LIST} of ${items.length}`);
    return items.slice(0, MAX_LIST);
  }

  /** What was cut, as a label; nothing when nothing was. */
  label(): readonly (readonly [string, string])[] {
    return this.#cut.length === 0 ? [] : [[CUT_LABEL, this.#cut.join('; ')]];
  }
}
