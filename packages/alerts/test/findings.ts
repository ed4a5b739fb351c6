/** One finding of each kind. */
import type { Cause, Detail, Finding } from '../src/finding.ts';

export const DETAILS: { readonly [Kind in Detail['kind']]: Extract<Detail, { readonly kind: Kind }> } = {
  drift: {
    kind: 'drift',
    drift: {
      statistic: 0.25,
      at: 1069,
      direction: 1,
      pValueSingleLook: 1e-9,
      effectSize: 0.125,
      referenceSize: 10_000,
      referenceHash: 'c'.repeat(64),
      before: { low: 100, median: 700, high: 2_500 },
      after: { low: 160, median: 1_126, high: 4_023 },
    },
  },
  anomaly: {
    kind: 'anomaly',
    anomaly: {
      score: 0.9,
      pValue: 1e-6,
      guarantee: 'budget',
      features: [
        {
          feature: 'x',
          share: 1,
          direction: 0,
          observed: null,
          expectedLow: Number.NaN,
          expectedHigh: Number.POSITIVE_INFINITY,
        },
      ],
      episode: { onsetMs: 1, peakMs: 2, endMs: null },
    },
  },
  quality: { kind: 'quality', quality: { fault: 'missing', factor: null, observed: '30 %', expected: 'at most 2 %' } },
  fairness: {
    kind: 'fairness',
    fairness: {
      metric: 'selection-rate-difference',
      group: 'sex=f',
      referenceGroup: null,
      current: -0.2,
      reference: 0,
      low: -0.3,
      high: -0.1,
    },
  },
  performance: {
    kind: 'performance',
    performance: { metric: 'accuracy', current: 0.7, reference: 0.9, low: 0.65, high: 0.75 },
  },
  promotion: {
    kind: 'promotion',
    promotion: { decisionId: 'e'.repeat(64), from: '1', to: '2', reasons: ['guardrail'] },
  },
  pipeline: { kind: 'pipeline' },
};

export const SUBJECT = { model: 'delay', version: null, column: 'distance', segment: null } as const;

export function finding(changes: Partial<Finding> = {}): Finding {
  return {
    subject: SUBJECT,
    rule: 'ks-1000',
    detail: DETAILS.drift,
    value: 0.25,
    threshold: 0.1,
    unit: null,
    effect: 0.125,
    summary: 'delay: distance has moved up against its reference: D = 0.250 near 1069 over 1000 values.',
    advice: 'Look at the feed of distance. The alert does not say whether predictions suffer.',
    onsetMs: () => 900,
    window: { size: 1_000, fromMs: 500, toMs: 1_000 },
    rate: { guarantee: 'exchangeable', expectedEventsBetweenFalseAlarms: 1e9 },
    labels: { team: 'ops' },
    ...changes,
  };
}

export function cause(eventId: string, eventTimeMs = 1_000): Cause {
  return { topic: 'predictions', partition: 3, eventId, eventTimeMs };
}

export const LEVELS = { warning: 0.1, critical: 0.3 } as const;
