/** Two processes of one group on a real Kafka, without Redis: each answers for its own models and names the owner of the others. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { partitionFor } from '@weir/event-log/partition';
import { findKafka, type KafkaServer } from '@weir/testkit/broker';
import { afterAll, afterEach, describe, expect, test } from 'vitest';

const kafka = await findKafka();
const where = 'skip' in kafka ? kafka.skip : `at ${kafka.brokers.join(',')}`;
const MAIN = join(import.meta.dirname, '../src/main.ts');
/** One of each partition. */
const MODELS = ['demo', 'credit'] as const;
const WAIT_MS = 30_000;

interface Instance {
  readonly url: string;
  readonly child: ChildProcess;
}

interface Answer {
  readonly status: number;
  readonly body: { readonly owner?: string; readonly elsewhere?: readonly string[]; readonly services?: object };
}

describe.skipIf('skip' in kafka)(`a real Kafka: ${where}`, () => {
  const { brokers } = kafka as KafkaServer;
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  afterAll(() => (kafka as KafkaServer).stop());

  async function instance(prefix: string): Promise<Instance> {
    const { PATH = '' } = process.env;
    const env = {
      PATH,
      WEIR_LOG: 'kafka',
      KAFKA_BROKERS: brokers.join(','),
      WEIR_TOPIC_PREFIX: prefix,
      WEIR_PARTITIONS: '2',
      WEIR_HTTP_PORT: '0',
    };
    const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    return { url: await listening(child), child };
  }

  test('the one that does not own a model answers 421 with the address of the owner; after a death the other answers', async () => {
    expect(MODELS.map((model) => partitionFor(model, 2)).sort((a, b) => a - b)).toEqual([0, 1]);
    const prefix = `instances-${Date.now()}.`;
    const first = await instance(prefix);
    await expect.poll(() => ready(first), { timeout: WAIT_MS }).toBe(true);
    for (const model of MODELS) await register(first, model);
    for (const model of MODELS)
      await expect.poll(async () => (await ask(first, model)).status, { timeout: WAIT_MS }).toBe(200);

    const second = await instance(prefix);
    const statuses = async (model: string) =>
      (await Promise.all([ask(first, model), ask(second, model)])).map(({ status }) => status).sort((a, b) => a - b);
    for (const model of MODELS) await expect.poll(() => statuses(model), { timeout: WAIT_MS }).toEqual([200, 421]);
    for (const model of MODELS) {
      const answers = await Promise.all(
        [first, second].map(async (each) => ({ each, answer: await ask(each, model) })),
      );
      const owner = answers.find(({ answer }) => answer.status === 200)?.each;
      const other = answers.find(({ answer }) => answer.status === 421);
      expect(other?.answer.body.owner).toBe(owner?.url);
    }
    expect((await get(`${first.url}/v1/models`)).body.elsewhere).toEqual([second.url]);

    second.child.kill('SIGKILL');
    await once(second.child, 'exit');
    for (const model of MODELS)
      await expect.poll(async () => (await ask(first, model)).status, { timeout: WAIT_MS }).toBe(200);
    expect((await get(`${first.url}/v1/models`)).body.elsewhere).toBeUndefined();
  }, 120_000);
});

async function register({ url }: Instance, model: string): Promise<void> {
  const { status } = await fetch(`${url}/v1/models/${model}/versions/1`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      featureSet: { id: 'f/1', features: [{ name: 'amount', type: 'numeric' }] },
      outputs: [{ name: 'score' }],
    }),
  });
  expect([200, 202]).toContain(status);
}

function ask({ url }: Instance, model: string): Promise<Answer> {
  return get(`${url}/v1/models/${model}`);
}

async function get(url: string): Promise<Answer> {
  const response = await fetch(url);
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

async function ready({ url }: Instance): Promise<boolean> {
  return (await fetch(`${url}/readyz`)).ok;
}

/** Where it listens, from its log. */
async function listening(child: ChildProcess): Promise<string> {
  let seen = '';
  for await (const chunk of child.stdout as NodeJS.ReadableStream) {
    seen += String(chunk);
    const url = /"url":"([^"]+)"/.exec(seen)?.[1];
    if (url === undefined) continue;
    child.stdout?.resume();
    return url;
  }
  throw new Error(`the service ended before it listened: ${seen}`);
}
