import type { AlertRaised } from '@weir/events/generated/events';
import { expect, test } from 'vitest';
import { runLending } from '../src/run.ts';
import { gapOf } from '../src/shown.ts';
import { BIASED, HONEST, lending } from '../src/stream.ts';

test('the same seed gives the same events, in order', () => {
  const one = [...lending(7, 300)];
  expect([...lending(7, 300)]).toEqual(one);
  expect([...lending(8, 300)]).not.toEqual(one);
  const times = one.map(({ eventTimeMs }) => eventTimeMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});

test.each([1, 2, 3])(
  'the unfair model is found by its decisions, and the honest twin is not accused (seed %i)',
  async (seed) => {
    const alerts: AlertRaised[] = [];
    let carried: readonly string[][] = [];
    await runLending({
      seed,
      applicants: 4_000,
      port: 0,
      raised: (alert) => void alerts.push(alert),
      done: async ({ url }) => {
        carried = await Promise.all([BIASED, HONEST].map(async (model) => [...(await gapOf(url, model, 'sex=F'))]));
      },
    });
    const unfair = alerts.filter(({ kind }) => kind === 'fairness');
    expect(unfair.map(({ model }) => model)).not.toContain(HONEST);
    const found = unfair.find(({ rule, segment }) => rule === 'fairness-selection-rate' && segment === 'sex=F');
    expect(found).toMatchObject({
      model: BIASED,
      version: '1',
      fairness: { metric: 'selection-rate', group: 'sex=F' },
    });
    expect(found?.fairness?.current).toBeLessThan(0.8 * (found?.fairness?.reference ?? 0));
    // The proxy is named, though neither model sees the sex.
    expect(alerts.find(({ escalates }) => escalates === found?.id)?.summary).toMatch(/careerGap carries most/);
    const [ofBiased = [], ofHonest = []] = carried;
    expect(ofBiased[1]).toMatch(/careerGap +-[12]\.\d+ \[-\d\.\d+, -/);
    expect(ofHonest.find((line) => line.includes('careerGap'))).toMatch(/0\.000 \[0\.000, 0\.000\]/);
  },
  30_000,
);
