/** Bad events as pipelines get them: their bytes, where they lay, and why they are bad. */
import { createHash } from 'node:crypto';
import { type Decoded, decode } from '@weir/events/codec';
import type { EventQuarantined, PredictionLogged } from '@weir/events/generated/events';
import { parseFault } from '@weir/flights/inject';
import type { Output } from '@weir/service-kit/processor';
import { newFold } from '@weir/service-kit/testing/fold-run';
import { expect, test } from 'vitest';
import type { AnomalyConfig } from '../src/config.ts';
import { FLIGHTS_CONFIG, flightRun } from './flight-run.ts';
import { SCENARIO } from './scenario.ts';
import { at, NOW_MS, predictionAt, registered, SCENE_CONFIG, turnOf, WARM } from './scene.ts';

const FROM_MS = Date.parse('2001-02-02T10:30Z');
const FAULTS = ['nulls:originRecentDelay', 'unit:distance'].map((fault) => parseFault(`${fault}@2001-02-02T10:30Z`));
const BAD = { x: 900, y: -900, city: 'Aachen' };
const SETTINGS = { ...FLIGHTS_CONFIG, eventsPerAlarm: 1_000 };
const UNTIL_MS = Date.parse('2001-02-02T13:30Z');

// January trains the models of the flights.
test('flights with a missing value or half a mile are copied with their reasons, and none that are whole', {
  timeout: 60_000,
}, async () => {
  const { quarantined, predictions } = await flightRun(FAULTS, UNTIL_MS, { ...SETTINGS, quarantine: true });
  const records = new Map(predictions.map((record) => [Number(record.offset), record]));
  const reasons = new Map(quarantined.map((each) => [each.eventId, each]));
  const wrong: string[] = [];
  let [missing, halves] = [0, 0];
  for (const { value } of predictions) {
    const { id, model, eventTimeMs, numeric } = decode(value as Uint8Array).event as PredictionLogged;
    if (model !== 'flight-delay' || eventTimeMs < FROM_MS) continue;
    const broken = (reasons.get(id)?.violations ?? []).map(({ rule, field }) => `${rule} ${field}`);
    const [distance, , , recentDelay] = numeric as [number, number, number, number];
    const isTold = [broken.includes('MISSING originRecentDelay'), broken.includes('NOT_INTEGER distance')];
    if (isTold[0] !== Number.isNaN(recentDelay) || isTold[1] === Number.isInteger(distance)) wrong.push(id);
    if (Number.isNaN(recentDelay)) missing += 1;
    if (!Number.isInteger(distance)) halves += 1;
  }
  expect(wrong).toEqual([]);
  expect(Math.min(missing, halves)).toBeGreaterThan(1_000);
  for (const { offset, topic, partition, value, length, sha256, violations, violationCount, anomaly } of quarantined) {
    expect(Buffer.from(value).equals(records.get(offset)?.value as Uint8Array)).toBe(true);
    expect({ topic, partition, sha256 }).toEqual({ topic: 'predictions', partition: 0, sha256: null });
    expect(value.length).toBe(length);
    expect(violationCount).toBe(violations.length);
    expect(violations.length > 0 || anomaly !== null).toBe(true);
  }
  expect(quarantined.find(({ violations }) => violations[0]?.rule === 'NOT_INTEGER')?.violations[0]).toEqual({
    rule: 'NOT_INTEGER',
    field: 'distance',
    observed: expect.stringMatching(/^\d+\.\d+$/) as unknown,
    bound: 'whole numbers',
  });
  const odd = quarantined.flatMap(({ anomaly }) => anomaly ?? []);
  expect(odd.length).toBeGreaterThan(3);
  for (const { pValue, features, episode } of odd) {
    expect(pValue).toBeLessThanOrEqual(1 / SETTINGS.eventsPerAlarm);
    expect(features.length).toBeGreaterThan(0);
    expect(episode).toBeNull();
  }
});

/** What leaves after predictions of a warm-up and of `turns` more, and one last event. */
function outputsOf(config: AnomalyConfig, turns: number, change: object): readonly Decoded[] {
  const fold = newFold({ ...SCENARIO, config });
  const events = Array.from({ length: WARM + turns }, (_, turn) => predictionAt('m', turn, turnOf(turn)));
  const last = predictionAt('m', WARM + turns, BAD, change);
  const found: Decoded[] = [];
  const sink = { output: ({ value }: Output) => void found.push(decode(value as Uint8Array)), reject: () => {} };
  const predictions = [...events, last].map((each) => at('predictions', 'm', each));
  for (const [offset, { topic, key, value }] of [...registered('m'), ...predictions].entries())
    fold.records(topic, [{ offset: BigInt(offset), key, value, headers: [], timestampMs: 0 }], sink);
  return found;
}

test('the copies change nothing else', () => {
  const on = outputsOf({ ...SCENE_CONFIG, quarantine: true }, 500, {});
  const copies = on.filter(({ name }) => name === 'EventQuarantined');
  expect(copies.length).toBeGreaterThan(50);
  expect(on.filter(({ name }) => name !== 'EventQuarantined')).toEqual(outputsOf(SCENE_CONFIG, 500, {}));
  expect(new Set(copies.map(({ event }) => (event as EventQuarantined).id)).size).toBe(copies.length);
});

function lastCopy(change: object): EventQuarantined {
  return outputsOf({ ...SCENE_CONFIG, quarantine: true }, 0, change).at(-1)?.event as EventQuarantined;
}

test('every rule that an event broke stands in its reasons, and what made it odd', () => {
  expect(lastCopy({ id: 'bad' })).toMatchObject({
    model: 'm',
    version: '1',
    eventId: 'bad',
    eventTimeMs: NOW_MS - 4e6 + 100 * WARM,
    violations: [
      { rule: 'ABOVE_MAX', field: 'x', observed: '900' },
      { rule: 'BELOW_MIN', field: 'y', observed: '-900' },
    ],
    violationCount: 2,
    anomaly: {
      guarantee: 'reference',
      features: expect.arrayContaining([
        expect.objectContaining({ feature: 'x', direction: 1, observed: 900 }),
        expect.objectContaining({ feature: 'y', direction: -1, observed: -900 }),
      ]) as unknown,
    },
  });
});

test('an event of a megabyte is copied by its head and digest, so that the copy can always be written', () => {
  const segment = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, index) => [`${index} ${'n'.repeat(500)}`, 'v'.repeat(500)]),
  );
  const value = predictionAt('m', WARM, BAD, { segment });
  const last = lastCopy({ segment });
  expect(last).toMatchObject({ length: value.length, violationCount: 2 });
  expect(value.length).toBeGreaterThan(1_000_000);
  expect(Buffer.from(last.value).equals(value.subarray(0, 1_024))).toBe(true);
  expect(Buffer.from(last.sha256 ?? []).equals(createHash('sha256').update(value).digest())).toBe(true);
});
