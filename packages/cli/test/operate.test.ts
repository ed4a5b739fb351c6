/** `weir freeze`, `unfreeze`, `kill` and `rollback` against a promotion service that runs, with real tokens. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SETTINGS } from '@weir/promotion/config';
import { promotionService } from '@weir/promotion/service';
import { loadServiceConfig } from '@weir/service-kit/config/common-settings';
import { createPrincipals, sha256 } from '@weir/service-kit/http/principals';
import { createLogger } from '@weir/service-kit/logger';
import { connectPorts, type Ports } from '@weir/service-kit/ports';
import { type Services, startServices } from '@weir/service-kit/service';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freeze, kill, rollback, unfreeze } from '../src/commands/operate/operate.ts';
import { register } from '../src/commands/register/register.ts';
import type { Command } from '../src/output.ts';
import { runCommand, type Said } from './fixtures/run-command.ts';

const MODELS = ['a', 'credit', 'demo/1'];
const PEOPLE = [
  { id: 'ops', roles: ['write', 'command', 'operate'] },
  { id: 'second', roles: ['command', 'operate'] },
  { id: 'guest', roles: ['command'] },
];
const VERSION = ['--version', '1', '--features', 'amount:numeric', '--outputs', 'score'];
const registered: Said[] = [];
let folder: string;
let ports: Ports;
let services: Services;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-operate-'));
  const config = loadServiceConfig(SETTINGS, {
    WEIR_LOG_FILE: join(folder, 'log.db'),
    WEIR_HTTP_PORT: '0',
    WEIR_PROMOTION_KEY_FILE: join(folder, 'key.pem'),
    WEIR_PROMOTION_MAKE_KEY: 'true',
  });
  ports = await connectPorts(config, { clientId: 'test', report: () => {} });
  services = await startServices([promotionService(config)], {
    ports,
    config,
    principals: createPrincipals(
      PEOPLE.map((each) => ({ ...each, tokenSha256: sha256(`token-of-${each.id}`) })),
      true,
    ),
    logger: createLogger('test', 'silent'),
    runner: { viewsEveryMs: 10 },
  });
  for (const model of MODELS) registered.push(await as('ops', register, '--model', model, ...VERSION));
});
afterAll(async () => {
  await services.stop();
  await ports.close();
  rmSync(folder, { recursive: true });
});

function as(person: string, command: Command, ...args: readonly string[]): Promise<Said> {
  return runCommand(command, ...args, '--url', services.url, '--token', `token-of-${person}`);
}

async function halts(): Promise<readonly unknown[]> {
  const headers = { authorization: 'Bearer token-of-ops' };
  const answer = await fetch(`${services.url}/v1/models`, { headers });
  const { items } = (await answer.json()) as { items: { services: { promotion: { halt: string } } }[] };
  return items.map((item) => item.services.promotion.halt);
}

test('promotion alone takes a registration, though it shows no columns', () => {
  for (const said of registered) expect(said).toMatchObject({ status: 0, err: '' });
});

const WHY = ['--reason', 'a drill'];

test('all models are frozen by one command, and lifted by another', async () => {
  expect(await halts()).toEqual(['none', 'none', 'none']);
  const frozen = await as('ops', freeze, '--all', ...WHY);
  expect(frozen).toMatchObject({ status: 0, err: '' });
  expect(frozen.out.split('\n').sort()).toEqual(
    ['', 'a       freeze: frozen', 'credit  freeze: frozen', 'demo/1  freeze: frozen', 'freeze: 3 of 3 models'].sort(),
  );
  expect(await halts()).toEqual(['frozen', 'frozen', 'frozen']);
  expect(await as('second', unfreeze, '--all', ...WHY)).toMatchObject({ status: 0 });
  expect(await halts()).toEqual(['none', 'none', 'none']);
});

test('what was not carried out is said of each model, and the others are', async () => {
  const some = await as('ops', kill, '--model', 'credit', '--model', 'nothing', ...WHY);
  expect(some.status).toBe(1);
  expect(some.out).toMatch(/^credit {3}kill: .+$/m);
  expect(some.out).toMatch(/^nothing {2}refused: it was dead-lettered; weir dlq list/m);
  expect(some.out).toMatch(/^kill: 1 of 2 models\n$/m);
  expect(await halts()).toEqual(['none', 'killed', 'none']);
  expect((await as('ops', unfreeze, '--model', 'credit', ...WHY)).out).toMatch(
    /^credit {2}unfreeze: 1 of 2 principals$/m,
  );
  expect((await as('second', unfreeze, '--model', 'credit', ...WHY)).out).toMatch(/^credit {2}unfreeze: unfrozen$/m);
});

test('without the role nothing happens, and without a token it is said', async () => {
  const guest = await as('guest', freeze, '--all', ...WHY);
  expect(guest).toMatchObject({ status: 1, out: expect.stringMatching(/^freeze: 0 of 3 models\n$/m) });
  expect(await halts()).toEqual(['none', 'none', 'none']);
  const stranger = await runCommand(freeze, '--model', 'a', ...WHY, '--url', services.url);
  expect(stranger).toMatchObject({
    status: 1,
    out: expect.stringMatching(/refused \(401\).* give a token with --token/),
  });
});

test.each([
  [[], /one of --model and --all is needed; see weir rollback --help/],
  [['--all', '--model', 'a', ...WHY], /one of --model and --all is needed/],
  [['--all'], /--reason is not given/],
  [['--all', ...WHY, '--url', 'http://127.0.0.1:1'], /no service answers at http:\/\/127\.0\.0\.1:1/],
])('%j is refused', async (args, message) => {
  expect(await runCommand(rollback, ...args)).toMatchObject({ status: 2, err: expect.stringMatching(message) });
});
