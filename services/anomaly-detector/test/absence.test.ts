/** Silence by the clock, on the fold: ticks are recorded, so the test says when they come. */
import { decode } from '@weir/events/codec';
import { newFold } from '@weir/service-kit/testing/fold-run';
import type { Scenario } from '@weir/service-kit/testing/scenario';
import { expect, test } from 'vitest';
import { createAnomalyProcessor } from '../src/processor.ts';
import { at, cleanTurn, NOW_MS, predictionAt, registered, SCENE_CONFIG } from './scene.ts';

const INTERVAL_MS = 10_000;

function stage(expectedIntervalMs = INTERVAL_MS) {
  const config = { ...SCENE_CONFIG, expectedIntervalMs };
  const fold = newFold({ processor: createAnomalyProcessor(), config, nowMs: NOW_MS } as unknown as Scenario);
  const told: string[] = [];
  const sink = {
    output: ({ value }: { readonly value: Uint8Array | null }) => {
      const { name, event } = decode(value as Uint8Array);
      if (name === 'AlertRaised' || name === 'AlertResolved') told.push(`${name} ${event.rule}: ${event.summary}`);
    },
    reject: () => {},
  };
  const feed = ({ topic, key, value }: ReturnType<typeof at>): void => {
    fold.records(topic, [{ offset: 0n, key, value, headers: [], timestampMs: 0 }], sink);
  };
  for (const record of registered('m')) feed(record);
  return {
    told,
    event: (turn: number) => feed(at('predictions', 'm', predictionAt('m', turn, cleanTurn(turn)))),
    tick: (afterMs: number) => fold.tick(NOW_MS + afterMs, sink),
  };
}

test('a silent model is told of within twice its expected interval, and when it comes back', () => {
  const { told, event, tick } = stage();
  event(0);
  for (let second = 1; second <= 19; second += 1) tick(second * 1_000);
  expect(told).toEqual([]);
  tick(20_000);
  expect(told).toEqual([expect.stringMatching(/AlertRaised absence: m: no event since .* every 10 s at least/)]);
  tick(60_000);
  expect(told).toHaveLength(1);
  event(1);
  expect(told[1]).toMatch(/AlertResolved absence: m: events come again/);
});

test('events within the interval keep it quiet', () => {
  const { told, event, tick } = stage();
  for (let turn = 0; turn < 30; turn += 1) {
    event(turn);
    tick(8_000 * (turn + 1));
  }
  expect(told).toEqual([]);
});

test('the time during which no process ran is no silence of the model', () => {
  const { told, event, tick } = stage();
  event(0);
  tick(1_000);
  // The next process begins an hour later, and finds what has come meanwhile.
  tick(3_600_000);
  expect(told).toEqual([]);
  event(1);
  tick(3_605_000);
  expect(told).toEqual([]);
});

test('an interval that is not set is the longest gap while the model warmed up, a minute at least', () => {
  const { told, event, tick } = stage(0);
  event(0);
  tick(90_000);
  event(1);
  for (let second = 91; second <= 90 + 175; second += 1) tick(second * 1_000);
  expect(told).toEqual([]);
  for (let second = 266; second <= 290; second += 1) tick(second * 1_000);
  expect(told).toHaveLength(1);
});
