import { answerRecord } from '@weir/service-kit/effects/answers';
import type { Effect, EffectAnswer } from '@weir/service-kit/effects/effect';
import { expect, test } from 'vitest';
import { loadState, STATE_VERSION, saveState } from '../src/saved-state.ts';
import { alert, command, NOW_MS, policySet, prediction, Stage, traffic, version } from './scene.ts';

const START_MS = NOW_MS - 1e6;
const WEBHOOK = { kind: 'webhook', target: 'http://127.0.0.1:1/hook' };
const RETRAINING = { kind: 'retraining', target: 'http://127.0.0.1:1/train' };

function staged(policy: object = { actuators: [WEBHOOK] }): Stage {
  const stage = new Stage();
  stage.feed(version('m', 'a'), version('m', 'b'), policySet('m', policy));
  stage.feed(prediction('m', { id: 'p', eventTimeMs: START_MS }));
  return stage;
}

const asked = (stage: Stage): Effect => [...stage.state().effects.values()][0] as Effect;

function answer(stage: Stage, changed: Partial<EffectAnswer>): void {
  const { id, kind } = asked(stage);
  const answered = {
    effectId: id,
    kind,
    outcome: 'failed',
    payload: new Uint8Array(0),
    error: 'answered 503',
    tries: 5,
  };
  stage.feed(
    answerRecord('promotion.results', 0, 'm', {
      ...answered,
      answeredMs: stage.fold.clockMs,
      ...changed,
    } as EffectAnswer),
  );
}

function tick(stage: Stage, byMs: number): void {
  stage.fold.tick(stage.fold.clockMs + byMs, {
    output: (output) => void stage.outputs.push(output),
    reject: () => {},
  });
}

test('a failed actuation is asked again after half a minute, then later each time, until it is done', () => {
  const stage = staged();
  const first = asked(stage).id;
  answer(stage, {});
  expect(stage.state().effects.size).toBe(0);
  tick(stage, 29_000);
  expect(stage.state().effects.size).toBe(0);
  tick(stage, 1_000);
  expect(asked(stage).id).toBe(`${first}#1`);
  answer(stage, {});
  tick(stage, 59_000);
  expect(stage.state().effects.size).toBe(0);
  tick(stage, 1_000);
  expect(asked(stage).id).toBe(`${first}#2`);
  answer(stage, { outcome: 'done', error: '' });
  tick(stage, 3_600_000);
  expect(stage.state().effects.size).toBe(0);
  expect(stage.view('model').actuators).toEqual({ 'webhook/http://127.0.0.1:1/hook': `done ${first}` });
});

test('what waits for another try is saved and restored', () => {
  const stage = staged();
  answer(stage, {});
  const bytes = saveState(stage.state());
  expect(saveState(loadState(bytes, STATE_VERSION))).toEqual(bytes);
  expect(loadState(bytes, STATE_VERSION).retries).toEqual(stage.state().retries);
});

test('another decision takes the place of what failed', () => {
  const stage = staged();
  answer(stage, {});
  stage.feed(command('m', { id: 'c1', action: 'rollback' }));
  expect(JSON.parse(Buffer.from(asked(stage).payload).toString())).toMatchObject({ weights: { a: 1_000_000 } });
  const { id } = asked(stage);
  tick(stage, 3_600_000);
  expect([...stage.state().effects.values()].map((effect) => effect.id)).toEqual([id]);
});

test('after an hour it is given up, with an entry and an alert, which ends when a later one is done', () => {
  const stage = staged();
  for (let left = 0; left < 20 && asked(stage) !== undefined; left += 1) {
    answer(stage, {});
    tick(stage, 900_000);
  }
  expect(stage.kinds).toContain('actuation-given-up');
  expect(stage.state().told.map(({ what }) => what)).toEqual(['not-actuated']);
  expect(stage.entries.at(-1)?.decision).toMatchObject({ evidence: { failures: 9 } });
  stage.feed(command('m', { id: 'c1', action: 'rollback' }));
  expect(stage.state().told.map(({ what }) => what)).toContain('not-actuated');
  answer(stage, { outcome: 'done', error: '' });
  expect(stage.state().told.map(({ what }) => what)).not.toContain('not-actuated');
});

test('what would be refused again is given up at once', () => {
  const stage = staged();
  answer(stage, { tries: 1, error: 'target is not below a URL of WEIR_PROMOTION_DESTINATIONS' });
  expect(stage.kinds).toContain('actuation-given-up');
  expect(stage.entries.at(-1)?.decision.reasons[0]).toContain('WEIR_PROMOTION_DESTINATIONS');
});

test('an alert that the policy answers with training asks for it, with the alert and the range of the data', () => {
  const policy = {
    actuators: [RETRAINING],
    alerts: [{ kind: 'drift', severity: 'warning', action: 'retrain' }],
  };
  const stage = staged(policy);
  stage.feed(...traffic('m', 30, START_MS, { challengerFails: 2 }));
  stage.feed(alert('m', { id: 'd1', severity: 'warning', eventTimeMs: START_MS + 1_500, sinceMs: START_MS + 500 }));
  stage.feed(alert('m', { id: 'd2', severity: 'info', eventTimeMs: START_MS + 1_500 }));
  expect(stage.kinds).toEqual(['retraining-requested']);
  expect(JSON.parse(Buffer.from(asked(stage).payload).toString())).toMatchObject({
    model: 'm',
    version: 'a',
    alerts: [{ id: 'd1', kind: 'drift' }],
    data: { fromMs: START_MS + 500 },
  });
  expect(stage.state().test).not.toBeNull();
});
