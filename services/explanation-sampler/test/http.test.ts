/** What the routes answer, to whom, of a model in a file. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NewRecord } from '@weir/event-log/port';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { SAMPLER_DEFAULTS } from '../src/config.ts';
import { categories, feature, NOW_MS, outcome, prediction, registration, stumps } from './scene.ts';
import { type Answer, PATIENCE_MS, PATIENT, WholeService } from './whole-service.ts';

const COLUMNS = [feature('x', 'numeric'), feature('sex', 'categorical', true)];
const MODEL = stumps(
  ['x', 'sex=F'],
  [
    { feature: 0, threshold: 0.5, value: 1 },
    { feature: 1, threshold: 0.5, value: -1 },
  ],
);
const EVENTS = 800;
vi.setConfig({ testTimeout: PATIENCE_MS, hookTimeout: PATIENCE_MS });
const service = new WholeService();
const ask = service.ask.bind(service);

beforeAll(async () => {
  writeFileSync(join(service.folder, 'model.json'), JSON.stringify(MODEL));
  await service.start({
    ...SAMPLER_DEFAULTS,
    budgetPerSecond: 100,
    backgroundEvents: 100,
    backgroundRows: 50,
    segments: [],
  });
  await service.send([
    registration('loan', COLUMNS, { kind: 'file', location: 'model.json' }),
    registration('away', COLUMNS, { kind: 'file', location: '../model.json' }),
    categories('loan', 'sex', ['F', 'M', 'X']),
    ...predictions(),
  ]);
});

afterAll(() => service.stop());

/** X are few. */
function predictions(): NewRecord[] {
  return Array.from({ length: EVENTS }, (_, index) => {
    const sex = index % 100 === 99 ? 'X' : index % 2 === 0 ? 'F' : 'M';
    const x = (index * 0.618_034) % 1;
    const output = 0.25 + (x > 0.5 ? 1 : 0) - (sex === 'F' ? 1 : 0);
    const eventTimeMs = NOW_MS - 1e6 + 1_000 * index;
    return prediction({
      model: 'loan',
      id: `p${index}`,
      eventTimeMs,
      numeric: [x],
      categorical: [sex],
      outputs: [output],
    });
  });
}

const explained = async (token: 'auditor' | 'operator'): Promise<any> => {
  let body: any;
  await vi.waitUntil(async () => {
    ({ body } = await ask('/v1/models/loan/explanations', token));
    return body.versions?.[0]?.explained > 500 && body.versions[0].waiting === 0;
  }, PATIENT);
  return body;
};

test('importance is that of the model, with intervals, and of protected columns for auditors only', async () => {
  const [version] = (await explained('auditor')).versions;
  expect(version).toMatchObject({ model: { status: 'ready', source: 'scikit-learn' }, mismatched: 0, shed: 0 });
  const x = version.importance.find(({ feature: name }: { feature: string }) => name === 'x');
  expect(x.importance).toBeCloseTo(0.5, 2);
  expect(x.interval[0]).toBeLessThanOrEqual(x.importance);
  expect(x.interval[1]).toBeGreaterThanOrEqual(x.importance);
  expect(version.importance).toHaveLength(2);
  const [public_] = (await explained('operator')).versions;
  expect(public_.importance.map(({ feature: name }: { feature: string }) => name)).toEqual(['x']);
});

test('one prediction, whose attributions add up, and without protected ones for others', async () => {
  const { archived } = (await explained('auditor')).versions[0];
  const path = `/v1/models/loan/explanations/${archived[0].predictionId}`;
  const { body } = await ask(path, 'auditor');
  expect(body.base + body.attributions[0] + body.attributions[1] + body.residual).toBeCloseTo(body.prediction, 12);
  expect(Math.abs(body.residual)).toBeLessThan(1e-12);
  const seen = (await ask(path, 'operator')).body;
  expect(seen).toMatchObject({ withheld: ['sex'], base: null, prediction: null });
  expect(seen.attributions).toEqual([body.attributions[0], null]);
  expect((await ask('/v1/models/loan/explanations/nothing', 'auditor')).status).toBe(404);
});

test('an event is explained on request, within a deadline', async () => {
  await explained('auditor');
  const post = (body: unknown, token: 'auditor' | 'operator'): Promise<Answer> =>
    service.post('/v1/models/loan/explanations', token, body);
  const { status, body } = await post({ version: '1', features: { x: 0.9, sex: 'F' }, withinMs: 20_000 }, 'auditor');
  expect(status).toBe(200);
  expect(body).toMatchObject({ state: 'explained', prediction: 0.25, flags: ['requested'] });
  expect(
    (await post({ version: '1', features: { x: 0.9, sex: 'F' }, withinMs: 20_000 }, 'operator')).body.withheld,
  ).toEqual(['sex']);
  const later = await post({ version: '1', features: { x: 0.9 }, withinMs: 0 }, 'auditor');
  expect(later.status).toBe(202);
  await vi.waitUntil(async () => (await ask(later.body.location, 'auditor')).status === 200, PATIENT);
  expect((await post({ version: '1' }, 'auditor')).status).toBe(422);
  // The kernel refuses it, which a deadline shows.
  expect((await post({ version: '2', features: {}, withinMs: 100 }, 'auditor')).status).toBe(202);
});

test('fairness is for auditors, and small groups are not shown', async () => {
  expect((await ask('/v1/models/loan/fairness', 'operator')).status).toBe(403);
  let version: any;
  await vi.waitUntil(async () => {
    [version] = (await ask('/v1/models/loan/fairness', 'auditor')).body.versions;
    return version.decisions === EVENTS;
  }, PATIENT);
  const groups = new Set(version.groups.map(({ group }: { group: string }) => group));
  expect([...groups]).toEqual(['sex=F', 'sex=M']);
  expect(version.hiddenCells).toBeGreaterThan(0);
  const rate = version.groups.find((each: any) => each.group === 'sex=F' && each.metric === 'selection-rate');
  expect(rate).toMatchObject({ status: 'alarm' });
});

test('the columns that carry a gap and what could be done are for auditors, without small groups', async () => {
  for (const path of ['/v1/models/loan/fairness', '/v1/models/loan/fairness/advice'])
    expect((await ask(path, 'operator')).status).toBe(403);
  expect((await ask('/v1/models/nothing/fairness/advice', 'auditor')).status).toBe(404);
  await explained('auditor');
  const [version] = (await ask('/v1/models/loan/fairness', 'auditor')).body.versions;
  expect(version.gaps.map(({ group }: { group: string }) => group)).toEqual(['sex=F', 'sex=M']);
  const [women] = version.gaps;
  expect(women.game).toBe('interventional-raw');
  // Exact: the model takes 1 from women, and x is alike.
  const sex = women.columns.find(({ column }: { column: string }) => column === 'sex');
  expect(sex.gap).toBeCloseTo(-1, 12);
  expect(women.columns[0]).toEqual(sex);
  expect(women.columns.reduce((sum: number, { gap }: { gap: number }) => sum + gap, 0)).toBeCloseTo(
    women.scoreGap.gap,
    9,
  );
  const { body } = await ask('/v1/models/loan/fairness/advice', 'auditor');
  const [advice] = body.versions;
  expect(advice.favourable).toBe('score >= 0.5');
  expect(advice.promotion.policy.alerts).toEqual([{ kind: 'fairness', severity: 'warning', action: 'hold' }]);
  expect(JSON.stringify(body)).not.toContain('sex=X');
  // Half of the outputs are no probabilities, and no label came: neither thresholds nor weights are proposed.
  expect(advice.reweighing).toEqual([]);
});

test('with scores and labels, thresholds and weights are proposed', async () => {
  const count = 1_000;
  // Scores of women are lower by a fifth; those who get 0.6 and more repay.
  const score = (index: number): number =>
    (index % 2 === 0 ? 0.8 : 1) * (Math.floor(100 * ((index * 0.618_034) % 1)) / 100);
  await service.send([
    registration('credit', COLUMNS, null),
    categories('credit', 'sex', ['F', 'M', 'X']),
    ...Array.from({ length: count }, (_, index) =>
      prediction({
        model: 'credit',
        id: `c${index}`,
        eventTimeMs: NOW_MS - 1e6 + index,
        numeric: [0],
        categorical: [index % 2 === 0 ? 'F' : 'M'],
        outputs: [score(index)],
      }),
    ),
    ...Array.from({ length: count }, (_, index) =>
      outcome('credit', `c${index}`, score(index) >= 0.6 ? 1 : 0, NOW_MS - 1e6 + 2_000 + index),
    ),
  ]);
  let advice: any;
  await vi.waitUntil(async () => {
    [advice] = (await ask('/v1/models/credit/fairness/advice', 'auditor')).body.versions;
    return (
      advice?.reweighing.length > 0 &&
      (await ask('/v1/models/credit/fairness', 'auditor')).body.versions[0].labels === count
    );
  }, PATIENT);
  [advice] = (await ask('/v1/models/credit/fairness/advice', 'auditor')).body.versions;
  const { groups } = advice.thresholds.find(({ criterion }: { criterion: string }) => criterion === 'selection-rate');
  const [women, men] = groups;
  expect([women.group, men.group]).toEqual(['sex=F', 'sex=M']);
  expect(women.threshold).toBeLessThan(0.5);
  expect(men.threshold).toBeGreaterThan(0.5);
  expect(women.favourable).toBe(`score >= ${women.threshold}`);
  expect(Math.abs(women.rate - men.rate)).toBeLessThan(0.03);
  expect(Math.abs(women.rateNow - men.rateNow)).toBeGreaterThan(0.1);
  const [ofWomen] = advice.reweighing[0].groups;
  expect(ofWomen.label1).toBeGreaterThan(1);
  expect(ofWomen.label0).toBeLessThan(1);
});

test('a file outside the folder is refused, and an alert says so', async () => {
  let alert: any;
  await vi.waitUntil(async () => {
    const { body } = await ask('/v1/alerts?kind=pipeline', 'auditor');
    alert = body.items.find(({ model }: { model: string }) => model === 'away');
    return alert !== undefined;
  }, PATIENT);
  expect(alert.summary).toMatch(/away 1: the model cannot be loaded.*WEIR_EXPLAIN_MODELS_DIR/);
});
