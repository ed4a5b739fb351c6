/** Instances that hold only what they own: who answers for a model, and what a list says of the rest. */
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { ServiceIo } from '../src/definition.ts';
import { createPrincipals } from '../src/http/principals.ts';
import { createHttp } from '../src/http/server.ts';
import type { Owner } from '../src/runner.ts';
import { createMemoryViews } from '../src/views/memory.ts';
import { toy } from './toy-http.ts';

const OTHER = 'http://other:8081';

/** One instance that owns the model `mine`. */
async function instance(ofOthers: Owner): Promise<FastifyInstance> {
  const views = createMemoryViews();
  const scope = { service: 'alpha', partition: 0 };
  await views.put(scope, [
    { key: 'model/mine', json: '{"n":1}' },
    { key: 'model/theirs', json: '{"n":"of last week"}' },
  ]);
  const principals = createPrincipals([], true);
  const io: ServiceIo = {
    views,
    principalOf: (request, role) => principals.principalOf(request, role),
    submit: async (topic) => ({ topic, partition: 1, offset: 0n, processed: false }),
    findCommand: async () => undefined,
  };
  const ownership = {
    ownerOf: (model: string): Owner => (model === 'mine' ? { is: 'here' } : ofOthers),
    others: () => [ofOthers],
  };
  const own = toy('alpha', (app) => void app.get('/v1/models/:model/toys', () => ({ toys: 1 })));
  return createHttp({
    title: 'Toy',
    description: 'one of two',
    services: [{ definition: own, io, ownership }],
    logger: pino({ level: 'silent' }),
    registry: new Registry(),
    checks: [],
    principals,
  });
}

test('a model of another instance: 421 with the address of its owner, for every route that reads views', async () => {
  const app = await instance({ is: 'elsewhere', address: OTHER });
  for (const url of [
    '/v1/models/theirs',
    '/v1/models/theirs/toys',
    '/v1/models/theirs/policy',
    '/v1/models/theirs/versions/1',
    '/v1/alerts?model=theirs',
  ]) {
    const answer = await app.inject(url);
    expect([url, answer.statusCode, answer.json().code, answer.json().owner]).toEqual([url, 421, 'MISDIRECTED', OTHER]);
  }
  expect((await app.inject('/v1/models/mine')).json()).toEqual({ model: 'mine', services: { alpha: { n: 1 } } });
  expect((await app.inject('/v1/models/mine/toys')).json()).toEqual({ toys: 1 });
});

test('a write without a condition is taken by any instance; one with a condition by the owner', async () => {
  const app = await instance({ is: 'elsewhere', address: OTHER });
  const command = { kind: 'freeze', reason: 'a test' };
  const version = { featureSet: { id: 'f', features: [{ name: 'x', type: 'numeric' }] }, outputs: [{ name: 'score' }] };
  const url = '/v1/models/theirs/versions/1';
  const plain = await app.inject({ method: 'PUT', url, payload: version });
  expect(plain.statusCode).toBe(202);
  const conditional = await app.inject({ method: 'PUT', url, payload: version, headers: { 'if-none-match': '*' } });
  expect(conditional.statusCode).toBe(421);
  const policy = await app.inject({ method: 'PUT', url: '/v1/models/theirs/policy', payload: command });
  expect(policy.statusCode).toBe(421);
});

test('an owner that restores, or that is not known yet: 503 and when to ask again, never what was there before', async () => {
  for (const [owner, said] of [
    [{ is: 'restoring' }, /restores its state of model "theirs"/],
    [{ is: 'elsewhere', address: undefined }, /no instance of alpha is known to own model "theirs"/],
  ] as const) {
    const answer = await (await instance(owner)).inject('/v1/models/theirs');
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '1']);
    expect(answer.json().detail).toMatch(said);
  }
});

test('lists name the owners of what they do not have', async () => {
  const app = await instance({ is: 'elsewhere', address: OTHER });
  for (const url of ['/v1/models', '/v1/alerts']) expect((await app.inject(url)).json().elsewhere).toEqual([OTHER]);
  expect((await app.inject(`/v1/alerts/${'0'.repeat(64)}`)).json().detail).toContain(OTHER);
});
