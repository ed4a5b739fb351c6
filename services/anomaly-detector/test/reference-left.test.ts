/** Data that goes to and fro between its reference and another law: that it has left is told seldom, whatever it does. */
import { decode } from '@weir/events/codec';
import type { AlertRaised, AlertResolved } from '@weir/events/generated/events';
import { newFold } from '@weir/service-kit/testing/fold-run';
import type { Scenario } from '@weir/service-kit/testing/scenario';
import { expect, test } from 'vitest';
import { createAnomalyProcessor } from '../src/processor.ts';
import { cleanTurn, even, NOW_MS, predictionAt, registered, SCENE_CONFIG, WARM } from './scene.ts';

const CONFIG = { ...SCENE_CONFIG, eventsPerAlarm: 400 };
const MODEL = 'm';

/** Alerts `reference-left` of odd and clean stretches in turn, of so many events. */
function leftAlerts(stretches: readonly number[]) {
  const fold = newFold({
    processor: createAnomalyProcessor(),
    config: CONFIG,
    nowMs: NOW_MS,
  } as unknown as Scenario);
  const raised: AlertRaised[] = [];
  const resolved: AlertResolved[] = [];
  const feed = (topic: string, value: Uint8Array | null): void => {
    fold.records(topic, [{ offset: 0n, key: Buffer.from(MODEL), value, headers: [], timestampMs: 0 }], {
      output: ({ value: output }) => {
        const { name, event } = decode(output as Uint8Array);
        if (name === 'AlertRaised' && event.rule === 'reference-left') raised.push(event);
        if (name === 'AlertResolved' && event.rule === 'reference-left') resolved.push(event);
      },
      reject: (_, __, { message }) => {
        throw new Error(message);
      },
    });
  };
  for (const { topic, value } of registered(MODEL)) feed(topic, value);
  let turn = 0;
  const send = (events: number, isOdd: boolean): void => {
    for (const end = turn + events; turn < end; turn += 1) {
      const clean = cleanTurn(turn);
      // Within the bounds of the columns: it breaks no rule.
      const city = clean.city as string;
      const odd = { x: 0.995 + 0.004 * even(turn, 6), y: 0.003 * even(turn, 7), city };
      feed('predictions', predictionAt(MODEL, turn, isOdd && turn % 2 === 0 ? odd : clean));
    }
  };
  send(WARM, false);
  for (const [index, events] of stretches.entries()) send(events, index % 2 === 0);
  return { raised, resolved, events: turn };
}

test('one alert, which is open while the data comes back for less than the events of an alarm', () => {
  const { raised, resolved } = leftAlerts([1_500, 300, 1_500, 300, 1_500]);
  expect(raised).toHaveLength(1);
  expect(resolved).toHaveLength(0);
  expect(raised[0]?.rate).toEqual({
    guarantee: 'count: at most 2 + n / 4000 alerts in any n events, whatever they are',
    expectedEventsBetweenFalseAlarms: 4_000,
  });
});

test('it ends when the data is back', () => {
  const { raised, resolved } = leftAlerts([1_500, 3_000]);
  expect(raised).toHaveLength(1);
  expect(resolved).toHaveLength(1);
});

test('data that leaves again and again is told of as often as was promised', () => {
  const { raised, resolved, events } = leftAlerts(Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? 1_200 : 1_000)));
  expect(raised.length).toBeGreaterThan(2);
  expect(raised.length).toBeLessThan(8);
  expect(raised.length).toBeLessThanOrEqual(2 + events / 4_000);
  expect(resolved.length).toBeGreaterThanOrEqual(raised.length - 1);
});
