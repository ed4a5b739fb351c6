import { decode, encode } from '@weir/events/codec';
import { predictionOf } from '@weir/testkit/events';
import { expect, test } from 'vitest';
import { OVERDUE } from '../example/overdue.ts';
import type { EffectHandler } from '../src/effects/effect.ts';
import { describeProcessor } from '../src/testing/describe-processor.ts';
import { newFold } from '../src/testing/fold-run.ts';
import type { Scenario } from '../src/testing/scenario.ts';
import { SimulatedRun } from '../src/testing/simulated-run.ts';

const NOW_MS = Date.parse('2026-11-24T00:00:00Z');
const MODELS = 5;
const modelOf = (index: number): string => `m${index % MODELS}`;

function prediction(index: number) {
  const model = modelOf(index);
  // Now and then late, missing or infinite.
  const eventTimeMs = NOW_MS - 1e6 + 100 * index - (index % 11 === 0 ? 700 : 0);
  const numeric = [index % 5 === 0 ? Number.NaN : index % 7 === 0 ? Number.POSITIVE_INFINITY : index];
  return record('predictions', model, predictionOf({ model, id: `p${index}`, eventTimeMs, numeric }));
}

function outcome(index: number) {
  const event = { model: modelOf(index), predictionId: `p${index}`, label: 1, reward: null, revision: 0 };
  return record(
    'outcomes',
    event.model,
    encode('OutcomeObserved', { ...event, eventTimeMs: NOW_MS - 1e6 + 100 * index + 50 }),
  );
}

function record(topic: string, key: string, value: Uint8Array) {
  return { topic, partition: 0, key: Buffer.from(key), value };
}

/** Pages by id, over all processes: what the world has seen. */
const paged = new Map<string, number>();
let calls = 0;
const page: EffectHandler = {
  run: async ({ id }) => {
    calls += 1;
    if (calls % 3 === 0) throw new Error('the pager is busy');
    paged.set(id, (paged.get(id) ?? 0) + 1);
    if (calls % 7 === 0) throw new Error('it was sent, and the answer was lost');
    return new Uint8Array(0);
  },
  tries: 1_000,
  backoffMs: 1,
};

const SCENARIO: Scenario = {
  processor: OVERDUE,
  config: { withinMs: 3_000, limit: 5, idleAfterMs: 3_600_000 },
  nowMs: NOW_MS,
  control: () => [],
  event: (index) => {
    const turn = Math.floor(index / 2);
    if (index % 2 === 0) return turn % 37 === 9 ? record('predictions', 'x', Buffer.from('torn')) : prediction(turn);
    // One in four never comes; a stranger's comes instead.
    if (turn % 53 === 1)
      return record(
        'outcomes',
        modelOf(turn),
        predictionOf({ model: 'x', id: 'wrong topic', eventTimeMs: NOW_MS, numeric: [] }),
      );
    return turn % 4 === 1 ? outcome(turn - 1) : outcome(turn);
  },
  events: 1_400,
  minOutputs: MODELS,
  effects: () => ({ page }),
  isAsking: (log) => {
    const answered = log.committed('weir.overdue.results').map(({ value }) => decode(value as Uint8Array).event);
    const ids = new Set(answered.map((event) => ('effectId' in event ? event.effectId : '')));
    return ids.size < log.committed('weir.alerts').length;
  },
};

describeProcessor('the example', SCENARIO);

test('each page is sent, and answered, under 200 simulated deaths, by id once in effect', async () => {
  let deaths = 0;
  for (let seed = 100; deaths < 200; seed += 1) {
    paged.clear();
    const run = new SimulatedRun(SCENARIO, seed);
    const alerts = (await run.faults()).filter((each) => each.startsWith('alerts '));
    deaths += run.processes - 1;
    expect(alerts).toHaveLength(MODELS);
    expect(paged.size).toBe(MODELS);
  }
}, 60_000);

test('a command resolves the alert, and an answer that nothing waits for changes nothing', () => {
  const fold = newFold(SCENARIO);
  const ids: string[] = [];
  const sink = { output: ({ id }: { readonly id: string }) => void ids.push(id), reject: () => {} };
  const feed = (topic: string, ...values: readonly Uint8Array[]): void => {
    fold.records(
      topic,
      values.map((value, index) => ({
        offset: BigInt(index),
        key: Buffer.from('m0'),
        value,
        headers: [],
        timestampMs: 0,
      })),
      sink,
    );
  };
  for (let index = 0; index < 600; index += MODELS) feed('predictions', prediction(index).value);
  // Without outcomes no time passes: they may only be late.
  expect(ids).toEqual([]);
  feed('outcomes', outcome(595).value);
  expect(ids).toHaveLength(1);
  const [asked] = fold.keys.takeUnasked();
  expect(asked).toMatchObject({ key: 'm0', effect: { kind: 'page' } });
  const answer = (effectId: string) =>
    encode('EffectAnswered', {
      effectId,
      key: 'm0',
      kind: 'page',
      outcome: 'done',
      payload: Buffer.alloc(0),
      error: '',
      tries: 1,
      answeredMs: NOW_MS,
    });
  const before = fold.keys.digest(0);
  feed('overdue.results', answer('page/of another time'));
  expect(fold.keys.digest(0)).toEqual(before);
  feed('overdue.results', answer(asked?.effect.id ?? ''));
  expect(fold.keys.takeUnasked()).toEqual([]);
  const command = {
    id: 'c1',
    model: 'm0',
    action: 'acknowledge',
    subject: {},
    reason: 'seen',
    principal: { id: 'ada', roles: ['command'] },
    issuedMs: NOW_MS,
  };
  feed('commands', encode('CommandIssued', command));
  expect(ids).toHaveLength(2);
});
