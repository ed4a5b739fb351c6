/** Against a small server that speaks both protocols and answers 2x − y. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Column, decodeAnswers, encodeLoad, encodeRequest, type LoadAnswer } from '../src/explain-request.ts';
import { ModelHost } from '../src/models/model-host.ts';
import { ModelServer } from './model-server.ts';

const server = new ModelServer(2, ([x = 0, y = 0]) => 2 * x - y);
let url = '';
beforeAll(async () => {
  url = await server.listen();
});
afterAll(() => server.close());

const columns: readonly Column[] = [
  { name: 'x', type: 'numeric' },
  { name: 'y', type: 'numeric' },
];

function asked(kind: string, location: string, remoteExplainer: 'kernel' | 'lime' = 'kernel') {
  const host = new ModelHost({ directory: '', maxBytes: 1e6, urls: [url] });
  const load = { access: { kind, location }, columns, outputs: 1 };
  const background = { count: 4, numeric: Float64Array.of(0, 0, 1, 1, 2, 0, 1, 3), categorical: [[], [], [], []] };
  const rows = { count: 2, numeric: Float64Array.of(3, 1, 1, 5), categorical: [[], []] };
  const seeds = ['a', 'b', 'c'];
  const explain = (hash: string, explained = rows) =>
    host.explain(
      encodeRequest({
        ...load,
        hash,
        treeGame: 'interventional',
        remoteExplainer,
        backgroundId: 'b',
        background,
        rows: explained,
        seeds,
      }),
    );
  return { load: () => host.load(encodeLoad(load)), explain };
}

test.each([
  ['oip-v2', 'v2/models/m'],
  ['oip-v2', 'v2/models/m/versions/1'],
  ['mlflow', ''],
])(
  'a model behind %s is explained, its rows are counted, and the same seeds give the same bytes',
  async (kind, path) => {
    const { load, explain } = asked(kind, url + path);
    const { hash, source } = JSON.parse(Buffer.from(await load()).toString()) as LoadAnswer;
    expect(source).toBe(kind);
    server.scored = 0;
    const bytes = await explain(hash);
    const answers = decodeAnswers(bytes).flatMap((each) => ('error' in each ? [] : each));
    expect(answers).toHaveLength(2);
    expect(answers.reduce((sum, { modelRows }) => sum + modelRows, 0)).toBe(server.scored);
    const [first] = answers;
    // Means of the background: x 1, y 1.
    expect(first).toMatchObject({ method: 'kernel', base: 1, prediction: 5, isSeeded: true });
    expect(first?.attributions[0]).toBeCloseTo(4, 0);
    expect((first?.attributions[0] ?? 0) + (first?.attributions[1] ?? 0)).toBeCloseTo(4, 9);
    expect(Buffer.from(await explain(hash)).equals(Buffer.from(bytes))).toBe(true);
  },
);

test('other addresses are refused, and a server that is away is worth another try', async () => {
  await expect(asked('mlflow', 'http://127.0.0.1:1/').load()).rejects.toMatchObject({ name: 'EffectRefused' });
  await expect(asked('mlflow', `${url}@elsewhere.example/../..`).load()).resolves.toBeDefined();
  await expect(asked('smoke', url).load()).rejects.toThrow(/it must be file, inline, oip-v2, oip-v2-binary, mlflow/);
  server.isAway = true;
  await expect(asked('mlflow', url).load()).rejects.toThrow(/answered 503: away/);
  server.isAway = false;
});

test('LIME gives the change in the bins of the row, with intervals and whether its ranking is certain', async () => {
  const { load, explain } = asked('mlflow', url, 'lime');
  const { hash } = JSON.parse(Buffer.from(await load()).toString()) as LoadAnswer;
  server.scored = 0;
  const given = { count: 3, numeric: Float64Array.of(3, 1, 1, 1, Number.NaN, 1), categorical: [[], [], []] };
  const bytes = await explain(hash, given);
  expect(server.scored).toBe(2 * 4_096);
  const [first, second, third] = decodeAnswers(bytes);
  if (first === undefined || second === undefined || 'error' in first || 'error' in second)
    throw new Error(JSON.stringify([first, second]));
  expect(first).toMatchObject({ method: 'lime', game: 'lime', prediction: 5, isSeeded: true, modelRows: 4_096 });
  // x is 2 in the highest bin and 2/3 on average below it; y is 1 in its bin and outside.
  expect(first.attributions[0]).toBeCloseTo(8 / 3, 1);
  expect(first.attributions[1]).toBeCloseTo(0, 1);
  expect(first.flags).toEqual([]);
  const [ofX] = first.intervals;
  expect(ofX?.low).toBeLessThan(first.attributions[0] as number);
  expect(ofX?.high).toBeGreaterThan(first.attributions[0] as number);
  expect((ofX?.high ?? 0) - (ofX?.low ?? 0)).toBeLessThan(0.5);
  // Both columns are at their means: neither leads.
  expect(second.flags).toEqual(['unstable']);
  expect(third).toMatchObject({ error: expect.stringMatching(/missing or infinite, for which LIME has no bin/) });
  expect(Buffer.from(await explain(hash, given)).equals(Buffer.from(bytes))).toBe(true);
});
