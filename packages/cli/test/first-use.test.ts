/** Commands against a drift detector that runs: what it does not take, or watches in vain, is said at once and by name. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { driftConfigOf, SETTINGS } from '@weir/drift-detector/config';
import { driftDetector } from '@weir/drift-detector/service';
import { loadServiceConfig } from '@weir/service-kit/config/common-settings';
import { loadPrincipals } from '@weir/service-kit/http/principals';
import { createLogger } from '@weir/service-kit/logger';
import { connectPorts, type Ports } from '@weir/service-kit/ports';
import { type Services, startServices } from '@weir/service-kit/service';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reference } from '../src/commands/reference/reference.ts';
import { register } from '../src/commands/register/register.ts';
import { runCommand, type Said } from './fixtures/run-command.ts';

let folder: string;
let ports: Ports;
let services: Services;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-first-'));
  const config = loadServiceConfig(SETTINGS, { WEIR_LOG_FILE: join(folder, 'log.db'), WEIR_HTTP_PORT: '0' });
  ports = await connectPorts(config, { clientId: 'test', report: () => {} });
  services = await startServices([driftDetector(driftConfigOf(config))], {
    ports,
    config,
    principals: loadPrincipals(config),
    logger: createLogger('test', 'silent'),
  });
});
afterAll(async () => {
  await services.stop();
  await ports.close();
  rmSync(folder, { recursive: true });
});

function registered(version: string, features: string, ...more: readonly string[]): Promise<Said> {
  const named = ['--model', 'demo', '--version', version, '--features', features, '--outputs', 'score'];
  return runCommand(register, ...named, '--url', services.url, ...more);
}

function referenced(content: string, ...more: readonly string[]): Promise<Said> {
  const path = join(folder, 'january.csv');
  writeFileSync(path, content);
  return runCommand(reference, '--model', 'demo', '--file', path, '--url', services.url, ...more);
}

const rows = (count: number) => Array.from({ length: count }, (_, at) => `${at % 40},AA,${at / count}`).join('\n');

test('a version that contradicts what is registered ends with 1, whether it is new or known', async () => {
  expect(await registered('1', 'amount:numeric,carrier:categorical')).toMatchObject({ status: 0, err: '' });
  // Sent again it is the same.
  expect(await registered('1', 'amount:numeric,carrier:categorical')).toMatchObject({ status: 0, err: '' });
  const other = await registered('1', 'distance:numeric');
  expect(other).toMatchObject({ status: 1, err: expect.stringMatching(/goes on showing another content/) as unknown });
  const stolen = await registered('2', 'distance:numeric', '--feature-set', 'demo/1');
  expect(stolen).toMatchObject({
    status: 1,
    err: expect.stringMatching(/was dead-lettered: .* weir dlq list/) as unknown,
  });
});

test('columns that are not watched are named, and rules that a small reference leaves unable to raise', async () => {
  const whole = await referenced(`amount,carrier,score\n${rows(400)}`);
  expect(whole).toMatchObject({
    status: 0,
    err: 'weir: drift-detector: carrier: categorical and boolean columns are not tested\n',
  });
  const small = await referenced(`amount,carrier,score\n${rows(5)}`);
  expect(small.status).toBe(0);
  expect(small.err).toMatch(
    /^weir: drift-detector: amount: ks-100, ks-1000 can never raise: its reference of 5 values is too small; send one of 12 or more$/m,
  );
  expect(small.err).toMatch(/^weir: drift-detector: score: ks-100/m);
});

test('a file without names is refused with the option, and read with it', async () => {
  const bare = await referenced(rows(400));
  expect(bare).toMatchObject({
    status: 2,
    err: expect.stringMatching(
      /first row holds numbers \(0\) .* give --no-header if it is data, or name the columns/,
    ) as unknown,
  });
  const read = await referenced(rows(400), '--no-header', '--column', 'c1');
  // Read it is; the model has no such column.
  expect(read.out).toMatch(/^c1 {2}400 values, 40 distinct/);
  expect(read).toMatchObject({
    status: 1,
    err: expect.stringMatching(/c1: .*register the model and the column/) as unknown,
  });
});
