/** Events of two models with a reference, clean until a turn, then broken in every way in turn. */
import type { NewRecord } from '@weir/event-log/port';
import { encode } from '@weir/events/codec';
import { categoricalReferenceHash } from '@weir/events/reference-hash';
import { predictionOf, referenceSetOf, registrationOf } from '@weir/testkit/events';
import { ANOMALY_DEFAULTS, type AnomalyConfig } from '../src/config.ts';

export const NOW_MS: number = Date.parse('2026-11-24T00:00:00Z');
const CITIES = ['Aachen', 'Bonn', 'Celle', 'Dresden'];

export const SCENE_CONFIG: AnomalyConfig = {
  ...ANOMALY_DEFAULTS,
  learnEvents: 200,
  heldOutEvents: 1_000,
  eventsPerAlarm: 100,
  eventsBetweenFalseAlarms: 1_000,
  episodeHold: 8,
  forest: 'small',
  // The clock of the simulation jumps, so silence is tested by itself.
  expectedIntervalMs: 604_800_000,
};

/** Turns of a model at which it is warm. */
export const WARM: number = SCENE_CONFIG.learnEvents + SCENE_CONFIG.heldOutEvents;

export function at(topic: string, model: string, value: Uint8Array): NewRecord {
  return { topic, partition: 0, key: Buffer.from(model), value };
}

export function registered(model: string): readonly NewRecord[] {
  const eventTimeMs = NOW_MS - 1e9;
  const values = Array.from({ length: 1_000 }, (_, index) => index / 1_000);
  const features = [
    ...['x', 'y'].map((name) => ({ name, type: 'numeric' as const, unit: 'mi', protected: false })),
    { name: 'city', type: 'categorical' as const, unit: null, protected: false },
  ];
  const counts = CITIES.map(() => 500);
  const hash = categoricalReferenceHash(CITIES, counts, 0);
  return [
    at(
      'models',
      model,
      registrationOf([], {
        model,
        eventTimeMs,
        featureSet: { id: 'fs', features },
        outputs: [{ name: 'score', unit: null }],
      }),
    ),
    ...['x', 'y', 'score'].map((column) =>
      at('references', model, referenceSetOf({ model, column, values, counts: values.map(() => 2), eventTimeMs })),
    ),
    at(
      'references',
      model,
      referenceSetOf({ model, column: 'city', values: [], counts, categories: CITIES, hash, eventTimeMs }),
    ),
  ];
}

/** In [0, 1), spread evenly and as good as independent from turn to turn. */
export function even(turn: number, stream: number): number {
  let h = Math.imul(turn + 1, 0x9e37_79b1) ^ Math.imul(stream + 1, 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b_3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a_2d39);
  return ((h ^ (h >>> 15)) >>> 0) / 2 ** 32;
}

export interface Turn {
  readonly x: number;
  readonly y: number;
  readonly city: string | null;
}

export function cleanTurn(turn: number): Turn {
  return { x: even(turn, 1), y: even(turn, 2), city: CITIES[Math.floor(4 * even(turn, 3))] as string };
}

/** Stretches of 150 turns after the warm-up: missing values, odd events, a stuck value, lower case, all clean again, and so on. */
export function turnOf(turn: number): Turn {
  const clean = cleanTurn(turn);
  if (turn < WARM + 50) return clean;
  const stretch = Math.floor((turn - WARM - 50) / 150) % 5;
  if (stretch === 0 && turn % 2 === 0) return { ...clean, x: Number.NaN };
  if (stretch === 1 && turn % 40 < 3) return { ...clean, x: 40 + clean.x, y: clean.y - 9 };
  if (stretch === 2) return { ...clean, y: 0.25 };
  if (stretch === 3) return { ...clean, city: turn % 5 === 0 ? null : (clean.city as string).toLowerCase() };
  return clean;
}

export function predictionAt(model: string, turn: number, { x, y, city }: Turn, change: object = {}): Buffer {
  return predictionOf({
    model,
    id: `${model}-${turn}`,
    eventTimeMs: NOW_MS - 4e6 + 100 * turn,
    numeric: [x, y],
    categorical: [city],
    outputs: [even(turn, 4)],
    ...change,
  });
}

export function commandOf(model: string, action: string, subject: Readonly<Record<string, string>> = {}): Buffer {
  return encode('CommandIssued', {
    id: `${action} ${JSON.stringify(subject)}`,
    model,
    action,
    subject,
    reason: 'seen',
    principal: { id: 'ada', roles: ['command'] },
    issuedMs: NOW_MS - 1_000,
  });
}
