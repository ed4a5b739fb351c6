import type { Feature } from '@weir/events/generated/events';
import { expect, test } from 'vitest';
import { columnsNamed, protectedColumns } from '../src/model-catalogue.ts';
import { registerVersion } from '../src/register-version.ts';
import { accepted, bytesOf, FEATURES, registered, registration } from './scene.ts';

test('the first version makes the catalogue', () => {
  const { catalogue, change, warnings } = accepted(registerVersion(undefined, registration()));
  expect([change, warnings]).toEqual(['added', []]);
  expect(catalogue.model).toBe('delay');
  expect([...catalogue.versions.values()]).toEqual([
    {
      version: '1',
      featureSet: 'fs',
      outputs: [{ name: 'minutes', unit: 'min' }],
      access: null,
      digest: 'sha256:1',
      eventTimeMs: 1,
      id: 'delay/1',
    },
  ]);
  expect([...catalogue.featureSets.values()]).toEqual([{ id: 'fs', features: FEATURES }]);
});

test('columns keep units and protection, and outputs are among them', () => {
  const catalogue = registered(registration());
  expect(columnsNamed(catalogue, 'age')).toEqual([
    { name: 'age', type: 'numeric', isOutput: false, unit: 'a', isProtected: true },
  ]);
  expect(columnsNamed(catalogue, 'minutes')).toEqual([
    { name: 'minutes', type: 'numeric', isOutput: true, unit: 'min', isProtected: false },
  ]);
  expect(columnsNamed(catalogue, 'other')).toEqual([]);
  expect(protectedColumns(catalogue)).toEqual(new Set(['age', 'sex']));
});

test('a registration that comes again changes nothing: the catalogue stays the same object', () => {
  const catalogue = registered(registration());
  const again = accepted(registerVersion(catalogue, registration({ id: 'again', eventTimeMs: 9 })));
  expect(again).toEqual({ catalogue, change: 'none', warnings: [] });
  expect(again.catalogue).toBe(catalogue);
});

test('a catalogue that was given stays as it was', () => {
  const catalogue = registered(registration());
  const before = bytesOf(catalogue);
  const second = registration({ version: '2', featureSet: { id: 'fs2', features: FEATURES.slice(0, 2) } });
  const { catalogue: after } = accepted(registerVersion(catalogue, second));
  expect(bytesOf(catalogue)).toBe(before);
  expect([...after.versions.keys(), ...after.featureSets.keys()]).toEqual(['1', '2', 'fs', 'fs2']);
});

test('access and digest of a known version may be set again; another digest is a warning', () => {
  const access = { kind: 'http', location: 'models:8080' };
  const first = registered(registration({ digest: null }));
  const opened = accepted(registerVersion(first, registration({ access })));
  expect(opened).toMatchObject({ change: 'updated', warnings: [] });
  expect(opened.catalogue.versions.get('1')).toMatchObject({ access, digest: 'sha256:1' });
  expect(accepted(registerVersion(opened.catalogue, registration({ access }))).change).toBe('none');
  const swapped = accepted(registerVersion(opened.catalogue, registration({ access, digest: 'sha256:2' })));
  expect(swapped).toMatchObject({ change: 'updated', warnings: [{ name: 'digest-changed' }] });
});

const [distance, carrier] = FEATURES as readonly [Feature, Feature];

test.each<[string, Feature[], RegExp]>([
  [
    'another name',
    [{ ...distance, name: 'd' }, ...FEATURES.slice(1)],
    /feature 0 was distance \(numeric, mi\) and is d \(/,
  ],
  ['another unit', [{ ...distance, unit: 'km' }, ...FEATURES.slice(1)], /is distance \(numeric, km\)/],
  ['another type', [{ ...distance, type: 'categorical' }, ...FEATURES.slice(1)], /is distance \(categorical, mi\)/],
  [
    'another protection',
    [{ ...distance, protected: true }, ...FEATURES.slice(1)],
    /is distance \(numeric, mi, protected\)/,
  ],
  ['another order', [carrier, distance, ...FEATURES.slice(2)], /feature 0 was distance/],
  ['one feature less', FEATURES.slice(0, 3), /feature 3 was sex .* and is not there/],
  ['one feature more', [...FEATURES, { ...distance, name: 'e' }], /feature 4 was not there and is e/],
])('a feature set id with %s is refused, also for another version', (_, features, message) => {
  const catalogue = registered(registration());
  for (const version of ['1', '2']) {
    const outcome = registerVersion(catalogue, registration({ version, featureSet: { id: 'fs', features } }));
    expect(outcome).toMatchObject({ code: 'FEATURE_SET_CONFLICT', message: expect.stringMatching(message) as string });
  }
});

test.each([
  ['two features', { featureSet: { id: 'fs', features: [distance, distance] } }],
  ['a feature and an output', { outputs: [{ name: 'age', unit: null }] }],
  [
    'two outputs',
    {
      outputs: [
        { name: 'minutes', unit: 'min' },
        { name: 'minutes', unit: 's' },
      ],
    },
  ],
])('a name that %s share is refused', (_, changes) => {
  expect(registerVersion(undefined, registration(changes))).toMatchObject({ code: 'DUPLICATE_NAME' });
});

test.each([
  ['other outputs', { outputs: [{ name: 'hours', unit: 'h' }] }, /outputs minutes \(min\), not with .* hours \(h\)/],
  ['another feature set', { featureSet: { id: 'fs2', features: FEATURES } }, /feature set fs and .* feature set fs2/],
])('a known version with %s is refused: its events are read by what is registered', (_, changes, message) => {
  const outcome = registerVersion(registered(registration()), registration(changes));
  expect(outcome).toMatchObject({ code: 'VERSION_CONFLICT', message: expect.stringMatching(message) as string });
});

test('a column that changes its unit or type from one feature set to the next is a warning', () => {
  const features: Feature[] = [
    { ...distance, unit: 'km' },
    { ...carrier, type: 'numeric' },
    { name: 'new', type: 'numeric', unit: 'x', protected: false },
  ];
  const second = registration({
    version: '2',
    featureSet: { id: 'fs2', features },
    outputs: [{ name: 'minutes', unit: 's' }],
  });
  const { change, warnings } = accepted(registerVersion(registered(registration()), second));
  expect(change).toBe('added');
  expect(warnings.map(({ name, message }) => `${name}: ${message.split(/[ :]/)[0]}`)).toEqual([
    'unit-changed: distance',
    'type-changed: carrier',
    'unit-changed: minutes',
  ]);
});
