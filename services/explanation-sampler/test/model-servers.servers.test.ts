/**
 * Models behind real servers: KServe's own over Open Inference Protocol v2, and MLflow's scoring server. Each needs its programs:
 * WEIR_TEST_KSERVE (a Python with kserve), WEIR_TEST_MLFLOW (or `mlflow`). MLServer, a second server of the same protocol, is tried
 * where WEIR_TEST_MLSERVER names its program (pip install mlserver).
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Column, decodeAnswers, encodeLoad, encodeRequest, type LoadAnswer } from '../src/explain-request.ts';
import { ModelHost } from '../src/models/model-host.ts';
import { runs, SCRIPTS, Servers } from './servers/serve.ts';

const mlserver = process.env['WEIR_TEST_MLSERVER'];
const kserve = process.env['WEIR_TEST_KSERVE'] ?? 'python3';
const mlflow = process.env['WEIR_TEST_MLFLOW'] ?? 'mlflow';
const servers = new Servers();

afterAll(() => servers.stop());

const NUMERIC: readonly Column[] = [
  { name: 'x', type: 'numeric' },
  { name: 'y', type: 'numeric' },
];
const BACKGROUND = Float64Array.of(0, 0, 1, 1, 2, 0, 1, 3);

function asked(kind: string, location: string, allowed: string) {
  const host = new ModelHost({ directory: '', maxBytes: 1e6, urls: [allowed] });
  const load = { access: { kind, location }, columns: NUMERIC, outputs: 1 };
  const background = { count: 4, numeric: BACKGROUND, categorical: [[], [], [], []] };
  const rows = { count: 2, numeric: Float64Array.of(3, 1, 1, 5), categorical: [[], []] };
  const seeds = ['a', 'b'];
  const games = { treeGame: 'interventional', remoteExplainer: 'kernel' } as const;
  return {
    load: async () => JSON.parse(Buffer.from(await host.load(encodeLoad(load))).toString()) as LoadAnswer,
    explain: async () =>
      decodeAnswers(
        await host.explain(encodeRequest({ ...load, hash: '', ...games, backgroundId: 'b', background, rows, seeds })),
      ),
  };
}

/** Attributions of 2x − y against means 1 and 1 are 2(x − 1) and 1 − y. */
async function expectExplained(kind: string, location: string, allowed: string): Promise<void> {
  const { load, explain } = asked(kind, location, allowed);
  expect(await load()).toMatchObject({ source: kind });
  const [first, second] = await explain();
  if (first === undefined || second === undefined || 'error' in first || 'error' in second)
    throw new Error(JSON.stringify([first, second]));
  expect(first).toMatchObject({ method: 'kernel', flags: [] });
  for (const [answer, x, y] of [
    [first, 3, 1],
    [second, 1, 5],
  ] as const) {
    expect(answer.base).toBeCloseTo(1, 9);
    expect(answer.prediction).toBeCloseTo(2 * x - y, 9);
    const [ofX = Number.NaN, ofY = Number.NaN] = answer.attributions;
    expect(ofX + ofY).toBeCloseTo(answer.prediction - answer.base, 9);
    expect(Math.abs(ofX - 2 * (x - 1))).toBeLessThan(1);
  }
  // The background once, each row, and what the coalitions asked for.
  expect(first.modelRows).toBeGreaterThan(5);
  expect(second.modelRows).toBeLessThan(first.modelRows + 10);
}

describe.runIf(runs('kserve', kserve, '-c', 'import kserve'))('behind KServe', () => {
  let url = '';
  beforeAll(async () => {
    ({ url } = await servers.kserve(kserve));
  });

  test('as JSON', async () => {
    await expect(expectExplained('oip-v2', `${url}v2/models/m`, url)).resolves.toBeUndefined();
  });
  test('as binary tensors', async () => {
    await expect(expectExplained('oip-v2-binary', `${url}v2/models/m`, url)).resolves.toBeUndefined();
  });
  test('a pinned version is asked for by its path, and the refusal of a server without versions is passed on', async () => {
    await expect(asked('oip-v2', `${url}v2/models/m/versions/1`, url).load()).rejects.toThrow(
      /versions\/1 answered 501: .*versioning/,
    );
  });

  test('a model that it does not have is named in the error, and worth another try', async () => {
    await expect(asked('oip-v2', `${url}v2/models/none`, url).load()).rejects.toThrow(/answered 404/);
  });

  test('addresses outside of the allow-list are refused though the server is up', async () => {
    const elsewhere = asked('oip-v2', `${url}v2/models/m`, `${url}v2/models/other/`);
    await expect(elsewhere.load()).rejects.toMatchObject({ name: 'EffectRefused' });
    await expect(elsewhere.explain()).rejects.toMatchObject({ name: 'EffectRefused' });
  });

  test('an answer that takes too long ends the call', async () => {
    await expect(asked('oip-v2', `${url}v2/models/slow`, url).explain()).rejects.toThrow(/timeout/i);
  }, 30_000);
});

describe.runIf(runs('MLflow', mlflow, '--version'))('behind mlflow models serve', () => {
  let url = '';
  beforeAll(async () => {
    const model = join(servers.folder, 'mlflow-model');
    const made = spawnSync(join(dirname(mlflow), 'python'), [join(SCRIPTS, 'mlflow_model.py'), model], {
      encoding: 'utf8',
    });
    if (made.status !== 0) throw new Error(made.stderr);
    const args = ['models', 'serve', '--model-uri', model, '--env-manager', 'local', '--host', '127.0.0.1'];
    const PATH = `${dirname(mlflow)}:${process.env['PATH']}`;
    ({ url } = await servers.start('ping', mlflow, (port) => [...args, '--port', port], { PATH }));
  });

  test('categories travel as text, and get their share', async () => {
    const columns: readonly Column[] = [...NUMERIC, { name: 'colour', type: 'categorical' }];
    const host = new ModelHost({ directory: '', maxBytes: 1e6, urls: [url] });
    const load = { access: { kind: 'mlflow', location: url }, columns, outputs: 1 };
    const { hash } = JSON.parse(Buffer.from(await host.load(encodeLoad(load))).toString()) as LoadAnswer;
    const background = { count: 4, numeric: BACKGROUND, categorical: [['red'], ['blue'], ['red'], ['blue']] };
    const rows = { count: 1, numeric: Float64Array.of(3, 1), categorical: [['red']] };
    const asks = {
      ...load,
      hash,
      treeGame: 'interventional',
      remoteExplainer: 'kernel',
      backgroundId: 'b',
      background,
      rows,
      seeds: ['a'],
    } as const;
    const [answer] = decodeAnswers(await host.explain(encodeRequest(asks)));
    if (answer === undefined || 'error' in answer) throw new Error(answer?.error);
    expect(answer.base).toBeCloseTo(6, 6);
    expect(answer.prediction).toBeCloseTo(15, 6);
    const [ofX = Number.NaN, ofY = Number.NaN, ofColour = Number.NaN] = answer.attributions;
    expect(ofX + ofY + ofColour).toBeCloseTo(9, 6);
    expect(Math.abs(ofX - 4)).toBeLessThan(1.5);
    expect(Math.abs(ofColour - 5)).toBeLessThan(2.5);
  });

  test('columns that the model does not know are its error, with its words', async () => {
    await expect(asked('mlflow', url, url).explain()).rejects.toThrow(/answered 400: .*compatible with the model/);
  });
});

// Declared only where it is named: elsewhere it is no skip.
describe.each(mlserver === undefined ? [] : [mlserver])('behind MLServer (%s)', (command) => {
  let url = '';
  beforeAll(async () => {
    ({ url } = await servers.mlserver(command));
  });

  test('a pinned version is explained', async () => {
    await expect(expectExplained('oip-v2', `${url}v2/models/m/versions/1`, url)).resolves.toBeUndefined();
  });
});
