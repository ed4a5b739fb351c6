/** The alias actuator against a real MLflow. Needs `mlflow` on the PATH, or WEIR_TEST_MLFLOW=PATH (pip install mlflow). */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EffectRefused } from '@weir/service-kit/effects/effect';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Actuation } from '../src/actuation.ts';
import { actuatorHandler } from '../src/actuators/actuator.ts';
import { mlflowAlias } from '../src/actuators/mlflow-alias.ts';

const MLFLOW = process.env['WEIR_TEST_MLFLOW'] ?? 'mlflow';
const { status, stdout } = spawnSync(MLFLOW, ['--version'], { encoding: 'utf8' });
const isPresent = status === 0;
// biome-ignore lint/suspicious/noConsole: a skipped suite says why.
console.log(
  isPresent ? stdout.trim() : `skipped: ${MLFLOW} does not run; pip install mlflow, and name it in WEIR_TEST_MLFLOW`,
);

const folder = mkdtempSync(join(tmpdir(), 'weir-mlflow-'));
let server: ChildProcess | undefined;
let url = '';

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

async function api(method: 'GET' | 'POST', path: string, content: Readonly<Record<string, string>>): Promise<any> {
  const at = new URL(`api/2.0/mlflow/${path}`, url);
  if (method === 'GET') at.search = new URLSearchParams(content).toString();
  const body =
    method === 'POST' ? { body: JSON.stringify(content), headers: { 'content-type': 'application/json' } } : {};
  const response = await fetch(at, { method, ...body });
  return await response.json();
}

describe.runIf(isPresent)('the alias of a real MLflow', () => {
  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}/`;
    const store = ['--backend-store-uri', `sqlite:///${join(folder, 'mlflow.db')}`, '--artifacts-destination', folder];
    const args = ['server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1', ...store];
    server = spawn(MLFLOW, args, { stdio: 'ignore', detached: true, cwd: folder });
    for (;;) {
      const isUp = await fetch(new URL('health', url)).then(
        ({ ok }) => ok,
        () => false,
      );
      if (isUp) break;
      if (server.exitCode !== null) throw new Error(`mlflow server ended with ${server.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    await api('POST', 'registered-models/create', { name: 'fraud' });
    for (const version of ['1', '2']) {
      const made = await api('POST', 'model-versions/create', { name: 'fraud', source: `s3://nowhere/${version}` });
      if (made.model_version === undefined) throw new Error(JSON.stringify(made));
    }
  });
  afterAll(async () => {
    if (server?.pid !== undefined && server.exitCode === null) {
      // The server and its workers are a group of their own.
      process.kill(-server.pid, 'SIGTERM');
      await once(server, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (changed: Partial<Actuation>) => {
    const actuation: Actuation = {
      model: 'fraud',
      target: `${url}?model=fraud&alias=champion`,
      owner: 1,
      epoch: 3,
      decisionId: 'd3',
      champion: '2',
      weights: { 2: 1_000_000 },
      ...changed,
    };
    const payload = Buffer.from(JSON.stringify(actuation));
    const context = { key: 'fraud', epoch: 1n, signal: AbortSignal.timeout(20_000) };
    return actuatorHandler(mlflowAlias(), [url]).run(
      { id: actuation.decisionId, kind: 'mlflow-alias', payload },
      context,
    );
  };
  const champion = async (): Promise<string> => {
    const { model_version: found } = await api('GET', 'registered-models/alias', { name: 'fraud', alias: 'champion' });
    return found?.version as string;
  };

  test('follows the champion, is idempotent, refuses an older epoch, and mends what somebody moved', async () => {
    await run({});
    expect(await champion()).toBe('2');
    await run({});
    await expect(run({ epoch: 2, decisionId: 'd2', champion: '1' })).rejects.toBeInstanceOf(EffectRefused);
    expect(await champion()).toBe('2');
    await api('POST', 'registered-models/alias', { name: 'fraud', alias: 'champion', version: '1' });
    await run({});
    expect(await champion()).toBe('2');
    await run({ epoch: 4, decisionId: 'd4', champion: '1' });
    expect(await champion()).toBe('1');
  });

  test('a version that MLflow does not have, and a model that it does not have, are refused', async () => {
    await expect(run({ epoch: 9, decisionId: 'd9', champion: 'seven' })).rejects.toBeInstanceOf(EffectRefused);
    await expect(run({ target: `${url}?model=spam&alias=champion` })).rejects.toBeInstanceOf(EffectRefused);
    expect(await champion()).toBe('1');
  });
});
