/** Two services in one process and one environment: under one HTTP server, and each under its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SETTINGS as ANOMALY_SETTINGS, anomalyConfigOf } from '@weir/anomaly-detector/config';
import { anomalyDetector } from '@weir/anomaly-detector/service';
import { SETTINGS as DRIFT_SETTINGS, driftConfigOf } from '@weir/drift-detector/config';
import { driftDetector } from '@weir/drift-detector/service';
import { type CommonConfig, loadServiceConfig } from '@weir/service-kit/config/common-settings';
import type { ServiceDefinition } from '@weir/service-kit/definition';
import { createPrincipals } from '@weir/service-kit/http/principals';
import { createLogger } from '@weir/service-kit/logger';
import { connectPorts, type Ports } from '@weir/service-kit/ports';
import { type Services, startServices } from '@weir/service-kit/service';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const VERSION = {
  featureSet: { id: 'fs', features: [{ name: 'distance', type: 'numeric', unit: 'mi' }] },
  outputs: [{ name: 'delay' }],
};

let folder: string;
let ports: Ports;
let drift: { readonly config: CommonConfig; readonly definition: ServiceDefinition };
let anomaly: typeof drift;
let started: Services[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-two-services-'));
  const environment = {
    WEIR_LOG: 'embedded',
    WEIR_LOG_FILE: join(folder, 'log.db'),
    WEIR_HTTP_PORT: '0',
    WEIR_DRIFT_WINDOWS: '50',
    WEIR_ANOMALY_LEARN_EVENTS: '512',
  };
  const driftConfig = loadServiceConfig(DRIFT_SETTINGS, environment);
  const anomalyConfig = loadServiceConfig(ANOMALY_SETTINGS, environment);
  drift = { config: driftConfig, definition: driftDetector(driftConfigOf(driftConfig)) };
  anomaly = { config: anomalyConfig, definition: anomalyDetector(anomalyConfigOf(anomalyConfig)) };
  ports = await connectPorts(driftConfig, { clientId: 'two-services', report: () => {} });
  started = [];
});

afterEach(async () => {
  for (const services of started) await services.stop();
  await ports.close();
  rmSync(folder, { recursive: true });
});

async function start(config: CommonConfig, ...definitions: readonly ServiceDefinition[]): Promise<string> {
  const principals = createPrincipals([], true);
  const logger = createLogger('two-services', 'silent');
  const services = await startServices(definitions, { ports, config, principals, logger });
  started.push(services);
  await vi.waitUntil(async () => (await fetch(`${services.url}/readyz`)).status === 200, { timeout: 10_000 });
  return services.url;
}

async function register(url: string): Promise<void> {
  const response = await fetch(`${url}/v1/models/m/versions/1`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(VERSION),
  });
  expect([200, 202]).toContain(response.status);
}

/** Until a service shows the model. */
async function shown(url: string): Promise<unknown> {
  await vi.waitUntil(async () => (await fetch(url)).status === 200, { timeout: 10_000 });
  return await (await fetch(url)).json();
}

async function names(url: string): Promise<readonly string[]> {
  const { services } = (await shown(`${url}/v1/models/m`)) as { readonly services: object };
  return Object.keys(services).sort();
}

test('one start: one port answers for both, and one registration reaches both', async () => {
  const url = await start(drift.config, drift.definition, anomaly.definition);
  await register(url);
  expect(await shown(`${url}/v1/models/m/drift`)).toMatchObject({ model: 'm' });
  expect(await shown(`${url}/v1/models/m/anomalies`)).toMatchObject({ model: 'm' });
  expect(await names(url)).toEqual(['anomaly-detector', 'drift-detector']);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  for (const service of ['drift-detector', 'anomaly-detector']) expect(metrics).toContain(`service="${service}"`);
});

test('a start each: each answers for its own routes on its own port, over one log', async () => {
  const driftUrl = await start(drift.config, drift.definition);
  const anomalyUrl = await start(anomaly.config, anomaly.definition);
  expect(driftUrl).not.toBe(anomalyUrl);
  await register(driftUrl);
  expect(await shown(`${driftUrl}/v1/models/m/drift`)).toMatchObject({ model: 'm' });
  expect(await shown(`${anomalyUrl}/v1/models/m/anomalies`)).toMatchObject({ model: 'm' });
  expect((await fetch(`${driftUrl}/v1/models/m/anomalies`)).status).toBe(404);
  expect((await fetch(`${anomalyUrl}/v1/models/m/drift`)).status).toBe(404);
  // Metrics of one do not count what the other does.
  expect(await (await fetch(`${anomalyUrl}/metrics`)).text()).not.toContain('service="drift-detector"');
});

test('both starts on one port: the second is refused before it takes a partition, and the first goes on', async () => {
  const url = await start(drift.config, drift.definition);
  const config = { ...anomaly.config, WEIR_HTTP_PORT: Number(new URL(url).port) };
  await expect(start(config, anomaly.definition)).rejects.toThrow(/is in use/);
  await register(url);
  expect(await shown(`${url}/v1/models/m/drift`)).toMatchObject({ model: 'm' });
});
