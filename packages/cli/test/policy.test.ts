import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { policyLint } from '../src/commands/policy-lint.ts';
import { simulatePromotionCommand } from '../src/commands/simulate-promotion.ts';
import { runCommand } from './fixtures/run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-'));
afterAll(() => rmSync(folder, { recursive: true }));

const POLICY = {
  kind: 'PromotionPolicy',
  model: 'fraud',
  reward: { metric: 'label', window: '1d', missing: 'zero', unit: 'account' },
  approval: { required: 0 },
  duration: { min: '1d', max: '30d' },
  effect: { min: '3%' },
  exposure: 100,
};

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

test('lint says that there is no fault, or lists every one', async () => {
  const good = file('good.json', POLICY);
  expect(await runCommand(policyLint, good)).toMatchObject({ status: 0, out: `${good}: no fault\n` });
  const bad = file('bad.json', { ...POLICY, reward: { ...POLICY.reward, metric: 'luck', window: 'soon' }, colour: 1 });
  const { status, out } = await runCommand(policyLint, bad);
  expect(status).toBe(1);
  for (const field of ['reward.metric', 'reward.window', 'colour']) expect(out).toContain(`${bad}: ${field} is`);
  const { out: json } = await runCommand(policyLint, good, '--model', 'other', '--json');
  expect(JSON.parse(json)).toMatchObject({ problems: [{ field: 'model', rule: 'must be "other"' }] });
});

test.each([
  [[], /FILE is not given/],
  [['none.json'], /none.json cannot be read \(ENOENT\)/],
  [[file('torn.json', '{"kind"')], /is no JSON/],
  [[file('list.json', [])], /is no JSON object/],
])('lint of %j is refused', async (args, message) => {
  const { status, err } = await runCommand(policyLint, ...args);
  expect(status).toBe(2);
  expect(err).toMatch(message);
});

test('simulate prints a row for each effect, and exits with 1 for a test that cannot finish', async () => {
  const good = file('sim.json', POLICY);
  const args = ['--base-rate', '0.7', '--runs', '3', '--most', '3000'];
  const { status, out } = await runCommand(simulatePromotionCommand, good, ...args, '--per-day', '5000');
  expect(status).toBe(0);
  expect(out.trimEnd().split('\n')).toHaveLength(8);
  expect(out).toMatch(/-10 pp +0 %/);
  const slow = await runCommand(simulatePromotionCommand, good, ...args, '--per-day', '20', '--json');
  expect(slow.status).toBe(1);
  expect(slow.err).toContain('the test cannot finish: effect.min is 0.03');
  expect(JSON.parse(slow.out)).toMatchObject({ effects: expect.any(Array), refused: expect.any(String) });
});

test.each([
  [['--base-rate', '2', '--per-day', '10'], /baseRate is 2/],
  [['--per-day', '10'], /--base-rate is not given/],
  [['--base-rate', '0.5', '--per-day', 'many'], /--per-day is "many"/],
])('simulate with %j is refused', async (args, message) => {
  const { status, err } = await runCommand(simulatePromotionCommand, file('s.json', POLICY), ...args);
  expect(status).toBe(2);
  expect(err).toMatch(message);
});
