import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode, encode } from '../src/codec.ts';
import type { FeaturesLogged, PredictionLogged } from '../src/generated/events.ts';
import { PredictionReader, type Row } from '../src/prediction-reader.ts';

const text = fc.string({ unit: 'binary', maxLength: 12 });
const number = fc.oneof(fc.double(), fc.constant(Number.NaN));
const shared = {
  model: text,
  featureSet: text,
  eventTimeMs: fc.oneof(fc.integer({ min: -8.64e15, max: 8.64e15 }), fc.integer({ min: -70, max: 70 })),
  numeric: fc.array(number, { maxLength: 70 }),
  categorical: fc.array(fc.option(text), { maxLength: 5 }),
  id: text,
};
const predictions = fc
  .record({
    ...shared,
    version: text,
    outputs: fc.array(number, { maxLength: 3 }),
    unit: fc.option(text),
    segment: fc.dictionary(text, text, { maxKeys: 3 }),
    routing: fc.option(fc.record({ epoch: fc.maxSafeInteger(), arm: text, propensity: fc.double({ noNaN: true }) })),
    latencyMs: fc.option(fc.double({ noNaN: true })),
  })
  .map((event) => encode('PredictionLogged', event as PredictionLogged));
const features = fc.record(shared).map((event) => encode('FeaturesLogged', event as FeaturesLogged));
const values = fc.oneof(predictions, features);

function shown(reader: PredictionReader, row: Row | undefined): unknown {
  if (row === undefined) return undefined;
  const outputsAt = row.at + row.numeric;
  return {
    name: row.name,
    ...row.head,
    eventTimeMs: row.eventTimeMs,
    numeric: Array.from(reader.values.subarray(row.at, outputsAt)),
    categorical: row.categorical,
    outputs: Array.from(reader.values.subarray(outputsAt, outputsAt + row.outputs)),
    id: String(row.id),
  };
}

function expected(value: Uint8Array): unknown {
  const { name, event } = decode(value);
  if (name !== 'PredictionLogged' && name !== 'FeaturesLogged') return undefined;
  const { model, featureSet, eventTimeMs, numeric, categorical, id } = event;
  const [version, outputs] = name === 'PredictionLogged' ? [event.version, event.outputs] : ['', []];
  return { name, model, version, featureSet, eventTimeMs, numeric, categorical: categorical.length, outputs, id };
}

test('a batch of events reads as decode reads each of them', () => {
  fc.assert(
    fc.property(fc.array(values, { maxLength: 20 }), (batch) => {
      const reader = new PredictionReader();
      // Twice: the second time the heads come from the cache.
      for (const round of [0, 1]) {
        reader.reset();
        // Records of a log are views into one buffer.
        const joined = Buffer.concat(batch);
        let from = 0;
        const rows = batch.map(({ length }) => {
          from += length;
          return reader.read(joined.subarray(from - length, from));
        });
        expect(
          rows.map((row) => shown(reader, row)),
          `round ${round}`,
        ).toEqual(batch.map(expected));
      }
    }),
  );
});

test('a damaged record is accepted and refused exactly as decode does', () => {
  const outcome = (read: () => unknown): unknown => {
    try {
      return read();
    } catch (error) {
      return (error as Error).message;
    }
  };
  let refused = 0;
  const reader = new PredictionReader();
  fc.assert(
    fc.property(values, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat(6), (value, at, byte, cut) => {
      const damaged = Buffer.from(value.subarray(0, value.length - cut));
      if (damaged.length > 0) damaged[at % damaged.length] = byte;
      reader.reset();
      const found = outcome(() => shown(reader, reader.read(damaged)));
      const wanted = outcome(() => expected(damaged));
      if (typeof wanted === 'string') refused += 1;
      expect(found).toEqual(wanted);
    }),
    { numRuns: 3_000 },
  );
  expect(refused).toBeGreaterThan(500);
});

test('another event is not a row', () => {
  const outcome = encode('OutcomeObserved', {
    model: 'm',
    predictionId: 'p',
    eventTimeMs: 1,
    label: null,
    reward: 1,
    revision: 0,
  });
  expect(new PredictionReader().read(outcome)).toBeUndefined();
});

test('categories are kept when they are asked for, from the straight path and from the slow one', () => {
  fc.assert(
    fc.property(fc.array(values, { maxLength: 20 }), (batch) => {
      const reader = new PredictionReader({ texts: true });
      // Twice: the second time the texts come from the cache.
      for (const round of [0, 1]) {
        reader.reset();
        const rows = batch.map((value) => reader.read(value));
        for (const [index, row] of rows.entries()) {
          const { event } = decode(batch[index] as Uint8Array) as { event: PredictionLogged | FeaturesLogged };
          const found = row === undefined ? undefined : reader.texts.slice(row.textAt, row.textAt + row.categorical);
          expect([round, found]).toEqual([round, event.categorical]);
        }
      }
    }),
  );
});
