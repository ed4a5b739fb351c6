import type { RowHead } from '@weir/events/prediction-reader';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { missingForReference, missingRegistrations } from '../src/missing-registrations.ts';
import { registered, registration } from './scene.ts';

type Heads = Parameters<typeof missingRegistrations>[1];
const catalogue = registered(registration(), registration({ version: '2' }));

function prediction(featureSet: string, version: string): Heads[number] {
  return { key: 'delay', name: 'PredictionLogged', head: { model: 'delay', featureSet, version } };
}

test('of a model that is not registered the model is missing, once', () => {
  const rows = [prediction('fs', '1'), prediction('fs', '2')];
  expect(missingRegistrations(undefined, rows)).toEqual(['["delay"]']);
  expect(missingRegistrations(undefined, [])).toEqual([]);
});

test('feature events need no version', () => {
  const head: RowHead = { model: 'delay', featureSet: 'fs', version: '' };
  expect(missingRegistrations(catalogue, [{ key: 'delay', name: 'FeaturesLogged', head }])).toEqual([]);
  expect(missingRegistrations(catalogue, [{ key: 'delay', name: 'PredictionLogged', head }])).toHaveLength(1);
});

test('every head that is not registered is named once, whether heads are shared objects or not', () => {
  const heads = fc.record({ featureSet: fc.constantFrom('fs', 'other'), version: fc.constantFrom('1', '2', '3') });
  fc.assert(
    fc.property(fc.array(heads, { maxLength: 20 }), fc.boolean(), (run, areShared) => {
      const shared = new Map<string, Heads[number]>();
      const rows = run.map(({ featureSet, version }) => {
        const key = `${featureSet} ${version}`;
        const row = (areShared ? shared.get(key) : undefined) ?? prediction(featureSet, version);
        shared.set(key, row);
        return row;
      });
      const wanted = run.filter(({ featureSet, version }) => featureSet === 'other' || version === '3');
      const names = wanted.map(({ featureSet, version }) => JSON.stringify(['delay', 'layout', featureSet, version]));
      expect(missingRegistrations(catalogue, rows)).toEqual([...new Set(names)]);
    }),
  );
});

test('a reference needs its model and the version that has its column', () => {
  expect(missingForReference(undefined, { model: 'delay', column: 'x' })).toEqual(['["delay"]']);
  expect(missingForReference(catalogue, { model: 'delay', column: 'x' })).toEqual(['["delay","column","x"]']);
  for (const column of ['distance', 'carrier', 'minutes'])
    expect(missingForReference(catalogue, { model: 'delay', column })).toEqual([]);
});
