/** Outcomes in, alerts of kind performance and the view of the route out. */
import { encode } from '@weir/events/codec';
import { predictionOf, registrationOf } from '@weir/testkit/events';
import Value from 'typebox/value';
import { expect, test } from 'vitest';
import { PerformanceSchema } from '../src/performance-schemas.ts';
import { Folded, range } from './folded.ts';
import { commandOf } from './golden-state.ts';

const CONFIG = {
  outcomeWindows: [100],
  outcomeReference: 400,
  outcomesPerFalseAlarm: 1_000,
  minPerformanceEffect: 0.05,
};

function prediction(index: number): Buffer {
  return predictionOf({ model: 'm', id: `p${index}`, eventTimeMs: 1_000 * index, numeric: [], outputs: [0.25] });
}

function outcome(index: number, label: number | null): Buffer {
  const fields = { model: 'm', predictionId: `p${index}`, reward: null, revision: 0 };
  return encode('OutcomeObserved', { ...fields, label, eventTimeMs: 1_000 * index + 500 });
}

/** Each prediction with its outcome. */
function feed(it: Folded, from: number, to: number, labelAt: (index: number) => number): void {
  for (const index of range(to - from).map((at) => from + at)) {
    it.records('predictions', [prediction(index)]);
    it.records('outcomes', [outcome(index, labelAt(index))]);
  }
}

function folded(labelAt: (index: number) => number): Folded {
  const it = new Folded(CONFIG);
  it.records('models', [registrationOf([], { model: 'm', outputs: [{ name: 'p', unit: null }] })]);
  // Joining begins with the first outcome: the predictions before it have none.
  it.records('predictions', [prediction(0)]);
  it.records('outcomes', [outcome(0, 0)]);
  feed(it, 1, 2_000, labelAt);
  return it;
}

test('a model that is as it was raises nothing, and the route says so', () => {
  const calm = folded((index) => (index % 4 === 0 ? 1 : 0));
  expect(calm.said()).toEqual([]);
  const view = calm.view<{ readonly status: string }>('performance/m');
  expect(view).toMatchObject({ status: 'watched', reference: { outcomes: 400, observed: 0.25 }, joins: { held: 1 } });
  expect([...Value.Errors(PerformanceSchema, view)]).toEqual([]);
});

test('one that has become worse is told in units, with what it was compared with', () => {
  const [first, ...others] = folded((index) => (index % 4 === 0 || (index > 1_000 && index % 4 === 1) ? 1 : 0)).said();
  expect(first).toMatchObject({
    name: 'AlertRaised',
    event: { kind: 'performance', severity: 'critical', column: null, labels: { reference: 'self' } },
  });
  expect(first?.event.summary).toMatch(/observed \d+\.\d %, predicted 25\.0 % since 1970-01-01T00:1\dZ/);
  expect(first?.event.advice).toMatch(/first 400 outcomes/);
  expect(others.map(({ event }) => event.kind)).not.toContain('drift');
});

test('labels that are not 0 or 1 are refused, and outcomes of unknown models leave nothing', () => {
  const it = folded(() => 0);
  it.records('outcomes', [outcome(5, 0.5), outcome(6, null)]);
  expect(it.rejections.map(({ code }) => code)).toEqual(['LABEL_NOT_BINARY']);
  const stranger = new Folded(CONFIG);
  stranger.records('outcomes', [outcome(1, 1)]);
  expect(stranger.rejections.map(({ code }) => code)).toEqual(['UNKNOWN_MODEL']);
  expect(stranger.fold.keys.get('m')).toBeUndefined();
});

test('rebase of an open alert makes the present outcomes the reference, ends the alerts, and counts once', () => {
  const asBefore = (index: number) => (index % 4 === 0 ? 1 : 0);
  const worse = (index: number) => (index % 4 <= 1 ? 1 : 0);
  const it = folded((index) => (index > 1_000 ? worse(index) : asBefore(index)));
  const raised = it.said().filter(({ event }) => event.escalates === null);
  const [first] = raised;
  it.records('commands', [
    commandOf('rebase', { alert: 'no such alert' }),
    commandOf('rebase', { alert: first?.event.id ?? '' }, { id: 'c1' }),
    commandOf('rebase', { alert: first?.event.id ?? '' }, { id: 'c1' }),
  ]);
  expect(it.rejections.map(({ code, message }) => `${code} ${message}`)).toEqual([
    expect.stringMatching(/BAD_COMMAND.*"no such alert"; model m has no open alert.*state=open lists them/),
  ]);
  const ended = it.said();
  expect(ended.map(({ event }) => [event.kind, event.reason, event.rule])).toEqual(
    raised.map(({ event }) => ['performance', 'rebased', event.rule]),
  );
  expect(ended[0]?.event.summary).toMatch(/ends this alert; with the old one: observed 50\.0 %, predicted 25\.0 %/);
  expect(ended[0]?.event.eventTimeMs).toBeGreaterThanOrEqual(first?.event.eventTimeMs ?? 0);
  expect(it.view('performance/m')).toMatchObject({ status: 'learning', reference: { outcomes: 100, isSelf: false } });
  feed(it, 2_000, 4_000, worse);
  expect(it.said()).toEqual([]);
  expect(it.view('performance/m')).toMatchObject({ status: 'watched', reference: { observed: 0.5, isSelf: false } });
  // Against the new reference another change is one.
  feed(it, 4_000, 5_000, () => 0);
  const [again] = it.said();
  expect(again).toMatchObject({ name: 'AlertRaised', event: { kind: 'performance', labels: {} } });
  expect(again?.event.advice).toMatch(/after a rebase the 400 outcomes/);
});
