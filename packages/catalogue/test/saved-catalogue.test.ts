import { categoricalReferenceHash, referenceHash } from '@weir/events/reference-hash';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyCatalogue, type ModelCatalogue } from '../src/model-catalogue.ts';
import { isRejection } from '../src/outcome.ts';
import { registerVersion } from '../src/register-version.ts';
import { loadCatalogue, saveCatalogue } from '../src/saved-catalogue.ts';
import { setReference } from '../src/set-reference.ts';
import { categorical, FEATURES, numeric, registered, registration, withReferences } from './scene.ts';

type Step = (before: ModelCatalogue | undefined) => ModelCatalogue | undefined;

const text = fc.string({ maxLength: 3 });
const registrations = fc
  .record({
    version: fc.constantFrom('1', '2', '3'),
    featureSet: fc.constantFrom('fs', 'fs2'),
    unit: fc.option(text),
    access: fc.option(fc.record({ kind: text, location: text })),
    digest: fc.option(text),
  })
  .map(({ version, featureSet, unit, access, digest }): Step => {
    const features =
      featureSet === 'fs' ? FEATURES : [...FEATURES, { name: 'x', type: 'numeric' as const, unit, protected: false }];
    const event = registration({ version, featureSet: { id: featureSet, features }, access, digest });
    return (before) => after(before, registerVersion(before, event));
  });
const references = fc
  .record({
    column: fc.constantFrom('distance', 'age', 'minutes', 'x'),
    values: fc.uniqueArray(fc.double({ noNaN: true, noDefaultInfinity: true }), {
      minLength: 1,
      maxLength: 9,
      selector: (value) => value + 0,
    }),
    missing: fc.nat(3),
  })
  .map(({ column, values, missing }): Step => {
    const sorted = values.sort((a, b) => a - b);
    const counts = sorted.map((_, at) => at + 1);
    const event = numeric({ column, values: sorted, counts, missing, hash: referenceHash(sorted, counts, missing) });
    return (before) => (before === undefined ? before : after(before, setReference(before, event)));
  });
const categories = fc
  .tuple(
    fc.constantFrom('carrier', 'sex'),
    fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 4 }), { minLength: 1, maxLength: 5 }),
  )
  .map(([column, names]): Step => {
    const sorted = names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const counts = sorted.map((_, at) => at + 1);
    const event = categorical({
      column,
      categories: sorted,
      counts,
      hash: categoricalReferenceHash(sorted, counts, 4),
    });
    return (before) => (before === undefined ? before : after(before, setReference(before, event)));
  });

function after(before: ModelCatalogue | undefined, outcome: ReturnType<typeof registerVersion | typeof setReference>) {
  return isRejection(outcome) ? before : outcome.catalogue;
}

const steps = fc.array(fc.oneof(registrations, references, categories), { maxLength: 15 });

test('a catalogue that was saved and loaded at any place is the one that never was', () => {
  let withReference = 0;
  fc.assert(
    fc.property(steps, fc.array(fc.boolean(), { minLength: 15, maxLength: 15 }), (run, restores) => {
      let whole: ModelCatalogue | undefined;
      let cut: ModelCatalogue | undefined;
      for (const [at, step] of run.entries()) {
        whole = step(whole);
        cut = step(cut);
        if (cut !== undefined && restores[at]) cut = loadCatalogue(saveCatalogue(cut));
      }
      expect(cut).toEqual(whole);
      const bytes = saveCatalogue(whole ?? emptyCatalogue('m'));
      expect(saveCatalogue(cut ?? emptyCatalogue('m'))).toEqual(bytes);
      expect(saveCatalogue(loadCatalogue(bytes))).toEqual(bytes);
      if ((whole?.references.size ?? 0) > 0) withReference += 1;
    }),
    { numRuns: 300 },
  );
  expect(withReference).toBeGreaterThan(100);
});

const full = withReferences(registered(registration()), numeric(), categorical());

test('bytes may lie anywhere in a buffer, and what is loaded does not hang on it', () => {
  const bytes = saveCatalogue(full);
  for (let offset = 0; offset < 9; offset += 1) {
    const buffer = new Uint8Array(offset + bytes.length + 3);
    buffer.set(bytes, offset);
    const loaded = loadCatalogue(buffer.subarray(offset, offset + bytes.length));
    buffer.fill(0xff);
    expect(loaded).toEqual(full);
  }
});

test('bytes that are cut short or go on are refused, wherever', () => {
  const bytes = saveCatalogue(full);
  for (let length = 0; length < bytes.length; length += 1)
    expect(() => loadCatalogue(bytes.subarray(0, length))).toThrow(/cut short/);
  expect(() => loadCatalogue(Buffer.concat([bytes, Buffer.alloc(3)]))).toThrow(/3 bytes follow/);
});

test('another version is refused by name', () => {
  const bytes = Buffer.from(saveCatalogue(full));
  bytes[0] = 2;
  expect(() => loadCatalogue(bytes)).toThrow(/has version 2, this build reads version 1/);
});
