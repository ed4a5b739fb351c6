import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide, type Evidence, type PromotionBars, rejects } from '../src/promotion-rule.ts';

const DAY = 86_400_000;
const BARS: PromotionBars = {
  alpha: 0.01,
  guardAlpha: 0.0125,
  margin: 0.005,
  leastUseful: 0.005,
  leastMs: 7 * DAY,
  mostMs: 30 * DAY,
  leastExposure: 1_000,
};
const READY: Evidence = {
  peak: 120,
  effect: { lower: 0.001, upper: 0.04 },
  elapsedMs: 8 * DAY,
  exposure: 4_000,
  guardrails: [
    { name: 'error rate', peak: 1.2 },
    { name: 'join rate', peak: 2 },
  ],
  segments: [
    { name: 'new', peak: 3, harmDetectable: true },
    { name: 'returning', peak: 1, harmDetectable: true },
  ],
  halt: 'none',
};
const verdict = (changed: Partial<Evidence>, bars: Partial<PromotionBars> = {}) =>
  decide({ ...READY, ...changed }, { ...BARS, ...bars }).verdict;
const unmet = (changed: Partial<Evidence>) =>
  decide({ ...READY, ...changed }, BARS)
    .reasons.filter(({ holds }) => !holds)
    .map(({ rule }) => rule);

test('promotes when every rule holds, and says so of each', () => {
  const { verdict: said, reasons } = decide(READY, BARS);
  expect(said).toBe('promote');
  expect(reasons.every(({ holds }) => holds)).toBe(true);
  const words = reasons.map(({ said: each }) => each);
  expect(words).toContain('error rate: e-value 1.2, breached from 80');
  expect(words).toContain('largest e-value 120, needed 100');
  expect(words).toContain('lower bound 0.0010, needed above -0.005');
  expect(words).toContain('segment new: a harm of 4 pp would have been seen');
  expect(words).toHaveLength(13);
});

test('each missing rule alone holds the promotion', () => {
  for (const [changed, rule] of [
    [{ peak: 99.9 }, 'evidence'],
    [{ effect: { lower: -0.005, upper: 0.04 } }, 'effect'],
    [{ elapsedMs: 7 * DAY - 1 }, 'duration'],
    [{ exposure: 999 }, 'exposure'],
    [{ segments: [{ name: 'new', peak: 1, harmDetectable: false }] }, 'segment-power'],
    [{ halt: 'frozen' }, 'halt'],
  ] as const) {
    expect(verdict(changed)).toBe('hold');
    expect(unmet(changed)).toEqual([rule]);
  }
});

test('one guardrail, one segment or a kill rolls back, whatever else holds', () => {
  for (const halt of ['none', 'frozen'] as const) {
    expect(verdict({ halt, guardrails: [{ name: 'error rate', peak: 80 }] })).toBe('rollback');
    expect(verdict({ halt, segments: [{ name: 'new', peak: 80, harmDetectable: true }] })).toBe('rollback');
  }
  expect(verdict({ guardrails: [{ name: 'error rate', peak: 79.9 }] })).toBe('promote');
  expect(verdict({ halt: 'killed' })).toBe('rollback');
  expect(verdict({ elapsedMs: 1, peak: 1, guardrails: [{ name: 'error rate', peak: 1e300 }] })).toBe('rollback');
});

test('retires what cannot be useful, and what is overdue without evidence', () => {
  expect(verdict({ effect: { lower: -0.002, upper: 0.0049 } })).toBe('retire');
  expect(verdict({ elapsedMs: 30 * DAY, peak: 2 })).toBe('retire');
  expect(verdict({ elapsedMs: 30 * DAY })).toBe('promote');
  expect(verdict({ elapsedMs: 30 * DAY, halt: 'frozen', peak: 2 })).toBe('hold');
});

test('non-inferior: no useful gain is asked for', () => {
  const bars = { margin: 0.01, leastUseful: -0.01 };
  expect(verdict({ effect: { lower: -0.009, upper: 0.003 } }, bars)).toBe('promote');
  expect(verdict({ effect: { lower: -0.04, upper: -0.011 } }, bars)).toBe('retire');
});

test('crossing effects: what was better once and is worse on the whole is not promoted', () => {
  expect(verdict({ peak: 1e6, effect: { lower: -0.02, upper: 0.01 } })).toBe('hold');
});

test('the verdict is what the reasons say, for any evidence', () => {
  const peak = fc.constantFrom(0, 1, 79, 80, 99, 100, 1e9);
  const evidence: fc.Arbitrary<Evidence> = fc.record({
    peak,
    effect: fc.record({ lower: fc.constantFrom(-0.1, -0.005, 0.01), upper: fc.constantFrom(0.004, 0.005, 0.2) }),
    elapsedMs: fc.constantFrom(0, 7 * DAY, 30 * DAY),
    exposure: fc.constantFrom(0, 1_000),
    guardrails: fc.array(fc.record({ name: fc.constant('g'), peak }), { maxLength: 2 }),
    segments: fc.array(
      fc.record({ name: fc.constant('s'), peak: fc.option(peak, { nil: undefined }), harmDetectable: fc.boolean() }),
      { maxLength: 2 },
    ),
    halt: fc.constantFrom('none', 'frozen', 'killed'),
  });
  fc.assert(
    fc.property(evidence, (given) => {
      const { verdict: said, reasons } = decide(given, BARS);
      const broken = new Set(reasons.filter(({ holds }) => !holds).map(({ rule }) => rule));
      const harmed = broken.has('guardrail') || broken.has('segment-harm') || given.halt === 'killed';
      expect(said === 'rollback').toBe(harmed);
      broken.delete('deadline');
      expect(said === 'promote').toBe(broken.size === 0);
    }),
    { seed: 71, numRuns: 2_000 },
  );
});

test('no data is no evidence', () => {
  const nothing: Evidence = {
    peak: 1,
    effect: { lower: -1, upper: 1 },
    elapsedMs: 0,
    exposure: 0,
    guardrails: [],
    segments: [{ name: 'all', peak: undefined, harmDetectable: false }],
    halt: 'none',
  };
  expect(decide(nothing, BARS).verdict).toBe('hold');
  expect(rejects(Number.NaN, 0.01)).toBe(false);
  expect(verdict({ effect: { lower: Number.NaN, upper: Number.NaN } })).toBe('hold');
  expect(verdict({ exposure: Number.NaN })).toBe('hold');
});
