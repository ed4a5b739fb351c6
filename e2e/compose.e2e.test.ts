/** docker-compose.yml as people run it: images built, everything up, events in on the published port, alert out on the topic and over REST. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createKafkaLog } from '@weir/event-log/kafkajs/log';
import { dockerAnswers } from '@weir/testkit/docker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONFIG, introduction, MODELS, outputsOf, PARTITIONS, predictions } from './scenario.ts';

const run = promisify(execFile);
const PREFIX = 'weir.';
const EVENTS = 12_000;
const TOKEN = 'a-token-of-the-test-0';
const AS_TOKEN = { headers: { authorization: `Bearer ${TOKEN}` } };
const WEIR = join(import.meta.dirname, '../packages/cli/src/main.ts');
/** As `outputsOf` writes the header that names the service. */
const OWN = 'weir.service=drift-detector';
const compose = await composeCommand();
const able = compose !== undefined && (await dockerAnswers());
if (!able && process.env['REQUIRE_SERVICES'] === '1')
  throw new Error(
    'this test needs a Docker engine and docker compose: infra/docker/engine.sh start, infra/images/build.sh',
  );

/** `docker compose` where the plugin is, `docker-compose` where it is not. */
async function composeCommand(): Promise<readonly string[] | undefined> {
  for (const command of [['docker', 'compose'], ['docker-compose']]) {
    const [program = '', ...rest] = command;
    const found = await run(program, [...rest, 'version']).then(
      () => true,
      () => false,
    );
    if (found) return command;
  }
  return undefined;
}

describe.skipIf(!able)('docker compose up', () => {
  const env: NodeJS.ProcessEnv = { ...process.env, COMPOSE_PROJECT_NAME: `weir-e2e-${process.pid}` };
  let url: string;
  let brokers: readonly string[];
  let prometheus: string;
  let governance: string;
  let promotion: string;

  const docker = async (...args: readonly string[]): Promise<string> => {
    const [program = '', ...rest] = compose ?? [];
    const options = { cwd: join(import.meta.dirname, '..'), env, maxBuffer: 1 << 26 };
    const { stdout } = await run(program, [...rest, ...args], options);
    return stdout;
  };

  beforeAll(async () => {
    const [kafkaPort, httpPort, prometheusPort, governancePort] = await Promise.all([
      freePort(),
      freePort(),
      freePort(),
      freePort(),
    ]);
    env['WEIR_HTTP_TOKEN'] = TOKEN;
    for (const name of ['ANOMALY_DETECTOR', 'EXPLANATION_SAMPLER', 'PROMOTION'])
      env[`${name}_PORT`] = String(await freePort());
    Object.assign(env, {
      KAFKA_PORT: String(kafkaPort),
      DRIFT_DETECTOR_PORT: String(httpPort),
      PROMETHEUS_PORT: String(prometheusPort),
      GOVERNANCE_LOG_PORT: String(governancePort),
      WEIR_PARTITIONS: String(PARTITIONS),
      WEIR_DRIFT_WINDOWS: CONFIG.countWindows.join(','),
    });
    brokers = [`127.0.0.1:${kafkaPort}`];
    url = `http://127.0.0.1:${httpPort}`;
    prometheus = `http://127.0.0.1:${prometheusPort}`;
    governance = `http://127.0.0.1:${governancePort}`;
    promotion = `http://127.0.0.1:${env['PROMOTION_PORT']}`;
    // An engine without overlay copies the whole image for each step.
    await docker('up', '--build', '--detach');
  }, 1_200_000);
  afterAll(async () => {
    await docker('down', '--volumes', '--timeout', '10');
  });

  test('events in, alerts out', async () => {
    const said = (): Promise<string> => docker('logs', '--no-color', '--tail', '40', 'drift-detector');
    await until(async () => (await fetch(`${url}/readyz`)).ok, 120_000, said);
    const log = createKafkaLog({ brokers, clientId: 'e2e', replicationFactor: 1 });
    const producer = await log.producer();
    await producer.send(introduction(PREFIX));
    await producer.send(predictions(PREFIX, 0, EVENTS));
    await producer.close();
    const alerts = async (): Promise<readonly { readonly state: string; readonly id: string }[]> => {
      const found: { readonly state: string; readonly id: string }[] = [];
      for (let cursor = ''; ; ) {
        const answer = await fetch(`${url}/v1/alerts?limit=500${cursor}`, AS_TOKEN);
        const { items, next } = (await answer.json()) as { items: typeof found; next: string | null };
        found.push(...items);
        if (next === null) return found;
        cursor = `&cursor=${next}`;
      }
    };
    await until(async () => (await alerts()).length > 0, 60_000, said);
    const onTopic = async (): Promise<number> => {
      const each = await Promise.all(
        Array.from({ length: PARTITIONS }, (_, partition) => outputsOf(log, `${PREFIX}alerts`, partition)),
      );
      // The topic is shared: those of other services are not what this one shows.
      return each.flat().filter((text) => text.includes(OWN)).length;
    };
    // What REST shows comes from Redis, what the topic holds from Kafka: the same alerts.
    const counts = async (): Promise<string> => `${await onTopic()} on the topic, ${(await alerts()).length} over REST`;
    await until(async () => (await onTopic()) === (await alerts()).length, 60_000, counts);
    const states = new Set((await alerts()).map(({ state }) => state));
    await log.close();
    expect(states).toEqual(new Set(['raised', 'resolved']));
  });

  test('a restart goes on where it was, from Redis', async () => {
    const before = await (await fetch(`${url}/v1/alerts?limit=500`, AS_TOKEN)).json();
    await docker('restart', '--timeout', '20', 'drift-detector');
    await until(
      async () => (await fetch(`${url}/readyz`)).ok,
      60_000,
      () => docker('logs', '--no-color', '--tail', '40', 'drift-detector'),
    );
    expect(await (await fetch(`${url}/v1/alerts?limit=500`, AS_TOKEN)).json()).toEqual(before);
  });

  test('the registered versions are entries of the governance log, signed by promotion, and weir verify passes outside', async () => {
    const said = (): Promise<string> => docker('logs', '--no-color', '--tail', '40', 'promotion', 'governance-log');
    type Listed = { readonly items: readonly { readonly model: string }[]; readonly checkpoints: readonly object[] };
    const registered = async (): Promise<Listed> =>
      (await (await fetch(`${governance}/v1/decisions?kind=version-registered`, AS_TOKEN)).json()) as Listed;
    await until(async () => (await registered()).items.length >= MODELS.length, 120_000, said);
    expect([...new Set((await registered()).items.map(({ model }) => model))].sort()).toEqual([...MODELS].sort());
    const folder = mkdtempSync(join(tmpdir(), 'weir-'));
    try {
      for (let partition = 0; partition < PARTITIONS; partition += 1) {
        const answer = await fetch(`${governance}/v1/report/export?partition=${partition}`, AS_TOKEN);
        const [zip, trust] = [join(folder, `${partition}.zip`), join(folder, `${partition}.trust`)];
        writeFileSync(zip, Buffer.from(await answer.arrayBuffer()));
        const file = `/var/lib/weir/governance/${partition}.trust`;
        const print = `process.stdout.write(require('node:fs').readFileSync(${JSON.stringify(file)}))`;
        writeFileSync(trust, await docker('exec', '-T', 'governance-log', 'node', '-e', print));
        const { stdout } = await run(process.execPath, [WEIR, 'verify', zip, '--trust', trust, '--json']);
        expect(JSON.parse(stdout)).toMatchObject({ verdict: 'sound' });
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('a policy is set and a model stopped with the token, and not without it', async () => {
    const [model = ''] = MODELS;
    const stop = (headers: Readonly<Record<string, string>>): Promise<Response> =>
      fetch(`${promotion}/v1/models/${model}/commands`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID(), ...headers },
        body: JSON.stringify({ action: 'freeze', reason: 'a test' }),
      });
    expect((await stop({})).status).toBe(401);
    expect((await stop(AS_TOKEN.headers)).status).toBeLessThan(300);
  });

  test('docker compose down and up: the governance log is there as it was', async () => {
    const said = (): Promise<string> => docker('logs', '--no-color', '--tail', '40', 'governance-log', 'kafka');
    const decisions = async (): Promise<readonly string[]> => {
      const answer = await fetch(`${governance}/v1/decisions`, AS_TOKEN);
      const { items } = (await answer.json()) as { readonly items: readonly { readonly decisionId: string }[] };
      return items.map(({ decisionId }) => decisionId);
    };
    const before = await decisions();
    expect(before.length).toBeGreaterThan(0);
    await docker('down', '--timeout', '30');
    await docker('up', '--detach');
    await until(async () => (await fetch(`${governance}/readyz`)).ok, 240_000, said);
    const after = new Set(await decisions());
    expect(before.filter((id) => !after.has(id))).toEqual([]);
  }, 420_000);

  test('Prometheus evaluates the rules for those on call, and none fires', async () => {
    const rules = async (): Promise<readonly string[]> => {
      const answer = await fetch(`${prometheus}/api/v1/rules`);
      const { data } = (await answer.json()) as {
        data: { groups: { rules: { name: string; health: string; state: string }[] }[] };
      };
      return data.groups
        .flatMap((group) => group.rules)
        .map(({ name, health, state }) => `${name} ${health}${state === 'firing' ? ' firing' : ''}`);
    };
    const file = readFileSync(join(import.meta.dirname, '../infra/prometheus/rules.yml'), 'utf8');
    const names = [...file.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) => name);
    expect(names).toContain('WeirBrokerAway');
    const expected = names.map((name) => `${name} ok`).toString();
    await until(
      async () => (await rules()).toString() === expected,
      90_000,
      async () => (await rules()).toString(),
    );
    expect((await rules()).toString()).toBe(expected);
  });

  test('Prometheus scrapes all five services', async () => {
    const up = async (): Promise<readonly string[]> => {
      const answer = await fetch(`${prometheus}/api/v1/query?query=up%7Bjob%3D%22weir%22%7D%3D%3D1`);
      const { data } = (await answer.json()) as { data: { result: { metric: { instance: string } }[] } };
      return data.result.map(({ metric }) => metric.instance.replace(/:\d+$/, '')).sort();
    };
    const all = ['anomaly-detector', 'drift-detector', 'explanation-sampler', 'governance-log', 'promotion'];
    await until(
      async () => (await up()).length === all.length,
      60_000,
      () => docker('logs', '--no-color', '--tail', '20', 'prometheus'),
    );
    expect(await up()).toEqual(all);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function until(condition: () => Promise<boolean>, timeoutMs: number, said: () => Promise<string>): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  // Not listening yet is not so yet.
  while (!(await condition().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`still not so after ${timeoutMs} ms: ${await said()}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
