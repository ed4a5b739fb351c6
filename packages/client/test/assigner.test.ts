import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Assigner } from '../src/assigner.ts';
import { keepLease, type PollerOptions } from '../src/poller.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer');
const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../bandit/test/golden/assignment.json'), 'utf8'),
) as {
  readonly ranges: readonly (readonly [string, number, number])[];
  readonly cases: readonly (readonly [salt: string, unit: string, bucket: number, arm: string])[];
};

function splitOf(changed: object = {}) {
  return {
    model: 'm',
    owner: 1,
    epoch: 7,
    champion: 'a',
    arms: { a: 600_000, b: 400_000 },
    ranges: [
      { version: 'a', from: 0, to: 600_000 },
      { version: 'b', from: 600_000, to: 1_000_000 },
    ],
    salt: 's',
    leaseMs: 30_000,
    validUntilMs: 1e12,
    decisionId: 'd',
    ...changed,
  };
}

class Clock {
  ms = 1_000;
  readonly now = (): number => this.ms;
}

function assignerAt(clock: Clock): Assigner {
  return new Assigner({ model: 'm', champion: 'first', sha256, monotonic: clock.now });
}

test('assigns as Python and Go do', () => {
  const arms = Object.fromEntries(golden.ranges.map(([arm, from, to]) => [arm, to - from]));
  const ranges = golden.ranges.map(([version, from, to]) => ({ version, from, to }));
  const clock = new Clock();
  for (const [salt, unit, , arm] of golden.cases) {
    const assigner = assignerAt(clock);
    assigner.receive(splitOf({ arms, ranges, salt }), clock.ms);
    expect(assigner.assign(unit)).toEqual({
      version: arm,
      routing: { epoch: 7, arm, propensity: (arms[arm] as number) / 1_000_000 },
    });
  }
  expect(golden.cases.length).toBeGreaterThan(10);
});

test('the champion serves before the first split and after the lease, without a propensity', () => {
  const clock = new Clock();
  const assigner = assignerAt(clock);
  expect(assigner.assign('u')).toEqual({ version: 'first', routing: null });
  assigner.receive(splitOf(), clock.ms);
  expect(assigner.assign('u').routing).not.toBeNull();
  clock.ms += 29_999;
  expect(assigner.isLeased).toBe(true);
  clock.ms += 1;
  expect(assigner.assign('u')).toEqual({ version: 'a', routing: null });
  assigner.renew(clock.ms);
  expect(assigner.assign('u').routing).not.toBeNull();
});

test('an older split is ignored, and does not renew the lease', () => {
  const clock = new Clock();
  const assigner = assignerAt(clock);
  expect(assigner.receive(splitOf(), clock.ms)).toBe(true);
  clock.ms += 20_000;
  expect(assigner.receive(splitOf({ epoch: 6, champion: 'b' }), clock.ms)).toBe(false);
  expect(assigner.receive(splitOf({ owner: 0, epoch: 99 }), clock.ms)).toBe(false);
  clock.ms += 10_000;
  expect(assigner.assign('u')).toEqual({ version: 'a', routing: null });
});

test.each([
  [null, /the split is null/],
  [splitOf({ model: 'other' }), /model is "other"; it must be "m"/],
  [splitOf({ arms: { a: 1 } }), /arms is 1; it must sum to 1000000/],
  [splitOf({ arms: { a: 500_000, b: 500_000 } }), /arms\.a is 500000; it must be what its ranges add up to/],
  [splitOf({ ranges: [{ version: 'a', from: 1, to: 600_000 }] }), /must begin at 0/],
  [splitOf({ ranges: [{ version: 'a', from: 0, to: 600_000 }] }), /must end at 1000000/],
  [splitOf({ epoch: 1.5 }), /epoch is 1.5/],
  [splitOf({ salt: '' }), /salt is ""/],
  [splitOf({ leaseMs: Number.NaN }), /leaseMs is null/],
])('a malformed split is refused with its field, and the one before stays (%#)', (document, message) => {
  const clock = new Clock();
  const assigner = assignerAt(clock);
  assigner.receive(splitOf(), clock.ms);
  expect(() => assigner.receive(document, clock.ms)).toThrow(message);
  expect(assigner.assign('u').routing?.epoch).toBe(7);
});

test('the poller keeps the lease, renews it on 304, tells failures, and the lease ends when the service stays away', async () => {
  const clock = new Clock();
  const assigner = assignerAt(clock);
  const stop = new AbortController();
  const asked: (string | null)[] = [];
  const failures: string[] = [];
  const answers = [
    () => Response.json(splitOf({ leaseMs: 3_000 }), { headers: { etag: '"1"' } }),
    () => new Response(null, { status: 304 }),
    () => new Response('down', { status: 503 }),
    () => Response.json({ nonsense: true }),
    () => Promise.reject(new Error('no route')),
    () => Promise.reject(new Error('no route')),
  ];
  const leased: boolean[] = [];
  const options: PollerOptions = {
    url: 'http://weir',
    model: 'm',
    assigner,
    monotonic: clock.now,
    fetch: async (_, init) => {
      asked.push(new Headers(init?.headers).get('if-none-match'));
      return (answers.shift() as () => Promise<Response> | Response)();
    },
    sleep: async (ms) => {
      leased.push(assigner.isLeased);
      clock.ms += ms;
      if (answers.length === 0) stop.abort();
    },
    failed: (error) => failures.push(String(error)),
  };
  await keepLease(options, stop.signal);
  expect(asked).toEqual([null, '"1"', '"1"', '"1"', '"1"', '"1"']);
  expect(failures).toHaveLength(4);
  expect(failures[0]).toContain('503: down');
  expect(leased).toEqual([true, true, true, true, false, false]);
});
