/** A model that treats a group worse by a proxy: which columns carry the gap is told, the same however the run was cut or died. */
import type { NewRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import type { AlertRaised, ExplanationSampled } from '@weir/events/generated/events';
import { describeProcessor } from '@weir/service-kit/testing/describe-processor';
import type { Scenario } from '@weir/service-kit/testing/scenario';
import { expect, test } from 'vitest';
import type { SamplerConfig } from '../src/config.ts';
import { ModelHost } from '../src/models/model-host.ts';
import { effectsOf } from '../src/service.ts';
import { Folded } from './folded.ts';
import { BASE, CONFIG, selectedOf } from './scenario.ts';
import { categories, feature, inline, NOW_MS, prediction, record, registration, stumps } from './scene.ts';

const EVENTS = 400;
const MODEL = stumps(
  ['income', 'gap', 'sex=F'],
  [
    { feature: 0, threshold: 0.5, value: 0.1 },
    { feature: 1, threshold: 0.5, value: -0.4 },
    { feature: 2, threshold: 0.5, value: -0.05 },
  ],
);

function control(): readonly NewRecord[] {
  const columns = [feature('income', 'numeric'), feature('gap', 'numeric'), feature('sex', 'categorical', true)];
  return [registration('credit', columns, inline(MODEL)), categories('credit', 'sex', ['F', 'M'])];
}

/** Women have career gaps, men have none. */
function event(index: number): NewRecord {
  if (index % 31 === 5) return record('predictions', 'torn', Buffer.from(`torn ${index}`));
  const sex = index % 2 === 0 ? 'F' : 'M';
  const income = (index * 0.618_034) % 1;
  const gap = sex === 'F' ? 1 : 0;
  const score = 0.6 + (income > 0.5 ? 0.1 : 0) - 0.4 * gap;
  return prediction({
    model: index % 97 === 7 ? 'stranger' : 'credit',
    id: `p${index}`,
    eventTimeMs: NOW_MS - 2e6 + 100 * index,
    numeric: [income, gap],
    categorical: [sex],
    outputs: [score],
    segment: { region: index % 3 === 0 ? 'N' : 'S' },
  });
}

const SCENARIO: Scenario = { ...BASE, control, event, events: EVENTS, faultRuns: 2, config: CONFIG };
const SELECTED = selectedOf(SCENARIO, 'credit');

describeProcessor('the explanation sampler with gaps between groups', {
  ...SCENARIO,
  isAsking: (log) => log.committed('weir.explanations').length < SELECTED,
});

async function folded(config: SamplerConfig): Promise<Folded> {
  const effects = effectsOf(new ModelHost({ directory: '', maxBytes: 1e6, urls: [] }));
  const run = new Folded({ ...SCENARIO, config }, effects);
  await run.feed([...control(), ...Array.from({ length: EVENTS }, (_, index) => event(index))], 10);
  return run;
}

function decoded<Event>({ outputs }: Folded, wanted: string): readonly Event[] {
  return outputs.flatMap(({ topic, value }) => (topic === wanted ? [decode(value as Uint8Array).event as Event] : []));
}

test('the topic has no attribution of a protected column, and nothing it could be computed from, unless it is permitted', async () => {
  const run = await folded(CONFIG);
  const records = decoded<ExplanationSampled>(run, 'explanations');
  expect(records.length).toBe(SELECTED);
  for (const { attributions, base, prediction, residual, flags } of records) {
    expect(attributions.map(Number.isFinite)).toEqual([true, true, false]);
    expect([base, prediction, residual]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(flags).toContain('withheld');
  }
  const whole = await folded({ ...CONFIG, protectedInTopic: 'shown' });
  for (const { attributions, base, prediction, flags } of decoded<ExplanationSampled>(whole, 'explanations')) {
    expect(attributions.reduce((a, b) => a + b, base)).toBeCloseTo(prediction, 12);
    expect(flags).not.toContain('withheld');
  }
  // What is read over REST, by those who may, is the same.
  const kept = (each: Folded) => each.view<{ readonly versions: readonly object[] }>('explanations/credit').versions;
  expect(kept(run)).toEqual(kept(whole));
});

test('an alert is told again with the column that carries the gap, and names no protected column', async () => {
  const alerts = decoded<AlertRaised>(await folded(CONFIG), 'alerts');
  const raised = alerts.find(({ segment, escalates }) => segment === 'sex=F' && escalates === null);
  const again = alerts.filter(({ escalates }) => escalates === raised?.id);
  expect(again).toHaveLength(1);
  expect(again[0]?.summary).toMatch(/gap carries most of the gap of scores/);
  expect(again[0]?.advice).toMatch(/: gap -0\.4\d\d \[/);
  expect(again[0]?.advice).not.toMatch(/sex/);
  expect(again[0]?.fairness).toEqual(raised?.fairness);
  expect(again[0]?.severity).toBe(raised?.severity);
  expect(again[0]?.sinceMs).toBe(raised?.sinceMs);
});
