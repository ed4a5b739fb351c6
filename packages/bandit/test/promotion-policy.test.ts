import { expect, test } from 'vitest';
import { alphaOfTest } from '../src/alpha-spending.ts';
import { PROMOTE_GRID } from '../src/default-grids.ts';
import { lintPolicy, parsePolicy } from '../src/parse-policy.ts';
import { durationMs, shareOf } from '../src/policy-reader.ts';
import { guardAlphaOf } from '../src/policy-rules.ts';

const LEAST = {
  kind: 'PromotionPolicy',
  model: 'fraud',
  reward: { metric: 'chargeback-free', window: '2d', missing: 'zero', unit: 'accountId' },
  approval: { roles: ['risk-officer'] },
};
const problemsOf = (changed: object): string[] => {
  const { problems } = lintPolicy({ ...LEAST, ...changed });
  return problems.map(({ field, value, rule }) => `${field} is ${value}; it ${rule}`);
};

test('the least document takes every default', () => {
  const policy = parsePolicy(LEAST);
  expect(policy.alpha).toEqual({ lifetime: 0.05, perTest: 0.01, guard: 0.05 });
  expect(policy.effect).toEqual({ min: 0.005, margin: 0, grid: PROMOTE_GRID });
  expect(policy.allocation.policy).toBe('capped-thompson');
  expect(policy.allocation.bounds).toEqual({ floor: 50_000, cap: 500_000 });
  expect(policy.duration).toEqual({ minMs: 604_800_000, maxMs: 2_592_000_000 });
  expect(policy.approval).toEqual({ required: 2, roles: ['risk-officer'], ttlMs: 86_400_000 });
  expect(policy.guardrails).toEqual([{ kind: 'harm', metric: 'reward' }]);
  expect(policy.reward.windowMs).toBe(172_800_000);
});

test('a full document is read as written', () => {
  const policy = parsePolicy({
    ...LEAST,
    alpha: { lifetime: '5%', perTest: 0.001, guard: 0.02 },
    effect: { min: '0.5%', margin: 0.01, grid: { unit: 'relative', sizes: [0.01, 0.1] } },
    allocation: { policy: 'ladder', floor: '1%', cap: 0.4, ladder: { steps: [0.01, 0.4], outcomesPerStep: 100 } },
    duration: { min: '12h', max: '10d' },
    exposure: 500,
    segments: ['new', 'returning'],
    guardrails: [{ kind: 'harm' }, { kind: 'latency', metric: 'latencyMs' }],
    approval: { required: 0 },
    holdback: { share: 0, duration: '1h' },
    cooldown: '30m',
    actuators: [{ kind: 'split-api' }, { kind: 'mlflow-alias', target: 'champion' }],
  });
  expect(policy.alpha.lifetime).toBe(0.05);
  expect(policy.effect.grid).toEqual({ unit: 'relative', sizes: [0.01, 0.1] });
  expect(policy.allocation.bounds).toEqual({ floor: 10_000, cap: 400_000 });
  expect(policy.actuators).toEqual([
    { kind: 'split-api', target: 'default' },
    { kind: 'mlflow-alias', target: 'champion' },
  ]);
  expect(guardAlphaOf(policy)).toBe(0.005);
});

test('an unknown key is an error at every level', () => {
  expect(problemsOf({ alhpa: {} })[0]).toMatch(/^alhpa is {}; it is not a field/);
  for (const field of ['reward', 'alpha', 'effect', 'allocation', 'duration', 'approval', 'holdback'] as const)
    expect(
      problemsOf({ [field]: { ...(LEAST as Record<string, unknown> as Record<string, object>)[field], colour: 1 } }),
    ).toContain(`${field}.colour is 1; it is not a field`);
  expect(problemsOf({ guardrails: [{ kind: 'harm', level: 1 }] })).toEqual([
    'guardrails[0].level is 1; it is not a field',
  ]);
  expect(problemsOf({ effect: { grid: { sizes: [1], weights: [1] } } })).toEqual([
    'effect.grid.weights is [1]; it is not a field',
  ]);
});

test('each field that breaks its rule is named with its value', () => {
  for (const [changed, said] of [
    [{ kind: 'Policy' }, /^kind is "Policy"; it must be one of PromotionPolicy/],
    [{ model: '' }, /^model is ""; it must be text/],
    [{ reward: { ...LEAST.reward, unit: undefined } }, /^reward.unit is missing; it must be text/],
    [{ reward: { ...LEAST.reward, window: '2 days' } }, /^reward.window is "2 days"; it must be a number with/],
    [{ reward: { ...LEAST.reward, missing: undefined } }, /^reward.missing is missing; it must be one of zero/],
    [{ alpha: { perTest: 0.9 } }, /^alpha.perTest is 0.9; it must be from 0.000001 to 0.5/],
    [{ effect: { min: '-1%' } }, /^effect.min is "-1%"/],
    [{ effect: { grid: { sizes: [0.2, 0.1] } } }, /^effect.grid.sizes is \[0.2,0.1\]; it must be numbers/],
    [{ allocation: { policy: 'ucb' } }, /^allocation.policy is "ucb"/],
    [{ allocation: { ladder: { steps: [] } } }, /^allocation.ladder.steps is \[\]/],
    [{ exposure: 1.5 }, /^exposure is 1.5; it must be a whole number/],
    [{ segments: ['a', 'a'] }, /^segments is \["a","a"\]; it must not name a twice/],
    [{ segments: [3] }, /^segments\[0\] is 3; it must be text/],
    [{ segments: 'all' }, /^segments is "all"; it must be a list/],
    [{ guardrails: [{ kind: 'cpu' }] }, /^guardrails\[0\].kind is "cpu"/],
    [{ reward: [] }, /^reward is \[\]; it must be an object/],
  ] as const)
    expect(problemsOf(changed)[0]).toMatch(said);
  expect(lintPolicy(null).problems[0]?.field).toBe('policy');
});

test('rules between fields', () => {
  for (const [changed, said] of [
    [{ alpha: { lifetime: 0.005 } }, /^alpha.perTest is 0.01; it must not be above alpha.lifetime/],
    [{ allocation: { floor: 0.2, cap: 0.1 } }, /^allocation.cap is 0.1/],
    [{ allocation: { policy: 'fixed', share: 0.6 } }, /^allocation.share is 0.6/],
    [{ duration: { min: '7d', max: '7d' } }, /^duration.max is 604800000/],
    [{ reward: { ...LEAST.reward, window: '40d' } }, /^reward.window is 3456000000/],
    [
      { reward: { ...LEAST.reward, missing: 'exclude' } },
      /^reward.missing is "exclude"; it may be exclude only beside/,
    ],
    [{ guardrails: [{ kind: 'harm' }, { kind: 'harm' }] }, /^guardrails is .*twice/],
    [{ guardrails: [{ kind: 'latency' }] }, /^guardrails is .*must include harm/],
    [{ approval: { required: 2, roles: [] } }, /^approval.roles is \[\]/],
  ] as const) {
    expect(problemsOf(changed)).toHaveLength(1);
    expect(problemsOf(changed)[0]).toMatch(said);
  }
});

test('one error carries every problem with its cure', () => {
  const parse = () => parsePolicy({ ...LEAST, model: 3, cooldown: 'soon' });
  expect(parse).toThrow(
    /^model is 3; it must be text, not empty; give the name.*\ncooldown is "soon"; .*; write e.g. "7d"$/,
  );
});

test('spans and shares', () => {
  for (const [text, ms] of [
    ['250ms', 250],
    ['30s', 30_000],
    ['15m', 900_000],
    ['12h', 43_200_000],
    ['7d', 604_800_000],
    ['0.5h', 1_800_000],
  ] as const)
    expect(durationMs(text)).toBe(ms);
  for (const text of ['7', 'd', '-1d', '1e9d', '7 d', '']) expect(durationMs(text)).toBeUndefined();
  for (const value of [0.2, '20%']) expect(shareOf(value)).toBe(0.2);
  for (const value of ['20', Number.NaN, null, '-1%', true]) expect(shareOf(value)).toBeUndefined();
});

test('α spending: the fifth test has its share, and all tests together stay within the lifetime', () => {
  expect(alphaOfTest(1, 0.05, 0.01)).toBe(0.01);
  expect(alphaOfTest(5, 0.05, 0.01)).toBeCloseTo((6 * 0.05) / (25 * Math.PI ** 2), 15);
  let spent = 0;
  for (let k = 1; k <= 100_000; k += 1) spent += alphaOfTest(k, 0.05, 0.05);
  expect(spent).toBeLessThanOrEqual(0.05);
  expect(spent).toBeGreaterThan(0.0499);
  expect(() => alphaOfTest(0, 0.05, 0.01)).toThrow(/k is 0/);
  expect(() => alphaOfTest(1.5, 0.05, 0.01)).toThrow(/k is 1.5; it must be a whole number from 1/);
});
