/** An upgrade goes on from states of earlier versions: inputs older than their retention could not be processed again. */

import { decodeState } from '@weir/service-kit/state-codec';
import type { GoldenState } from '@weir/service-kit/testing/scenario';
import { registrationOf } from '@weir/testkit/events';
import { expect, test } from 'vitest';
import { loadModel, STATE_VERSION, saveModel } from '../src/saved-state.ts';
import { Folded } from './folded.ts';
import { GOLDEN_CONFIG, goldenStates, outputIdsAfter, writtenNow } from './golden-state.ts';

const stateOf = (bytes: Uint8Array): Uint8Array => new Uint8Array(decodeState(bytes).part(0));

test('the committed state of this version is what this build writes', async () => {
  await expect(`${writtenNow().toString('base64')}\n`).toMatchFileSnapshot(`state/${STATE_VERSION}.base64`);
});

test('and these are the outputs that follow from it', async () => {
  const state = goldenStates().find(({ stateVersion }) => stateVersion === STATE_VERSION);
  const ids = outputIdsAfter(state as NonNullable<typeof state>);
  await expect(`${JSON.stringify(ids, null, 2)}\n`).toMatchFileSnapshot(`state/${STATE_VERSION}.outputs.json`);
});

test.each(goldenStates())(
  '$name is read, and written as a state that reads the same; versions from 6 on are alike without what they did not know',
  ({ bytes, stateVersion }) => {
    const saved = saveModel(loadModel(stateOf(bytes), stateVersion, GOLDEN_CONFIG));
    expect(Buffer.from(saveModel(loadModel(saved, STATE_VERSION, GOLDEN_CONFIG))).equals(saved)).toBe(true);
    expect(Buffer.from(saved).equals(stateOf(bytes))).toBe(stateVersion > 4);
  },
);

test('the reference is kept once, in memory and in the state', () => {
  const model = loadModel(stateOf(writtenNow()), STATE_VERSION, GOLDEN_CONFIG);
  const column = model.columns.get('x');
  const entry = model.catalogue.references.get('x') as { readonly values: Float64Array; readonly counts: Uint32Array };
  expect(column?.reference.values).toBe(entry.values);
  expect(column?.reference.counts).toBe(entry.counts);
  const saved = Buffer.from(saveModel(model));
  const bytes = Buffer.from(entry.values.buffer);
  // x and y have the same values.
  const first = saved.indexOf(bytes);
  const second = saved.indexOf(bytes, first + 1);
  expect(first).toBeGreaterThan(0);
  expect(saved.indexOf(bytes, second + 1)).toBe(-1);
});

test('a version that this build does not read is refused by its number', () => {
  expect(() => loadModel(new Uint8Array(8), 5, GOLDEN_CONFIG)).toThrow(/has version 5, this build reads 4, 6, 7 and 8/);
});

test('a registration that is sent again completes what version 4 kept of it, and one that contradicts it is refused', () => {
  const golden = goldenStates().find(({ stateVersion }) => stateVersion === 4) as GoldenState;
  const folded = new Folded(GOLDEN_CONFIG);
  folded.fold.load(golden);
  const feature = (name: string, unit: string) => ({ name, type: 'numeric' as const, unit, protected: true });
  const featureSet = { id: 'fs', features: [feature('x', 'km'), feature('z', 's')] };
  folded.records('models', [registrationOf([], { model: 'm', featureSet })]);
  expect(folded.rejections.map(({ code }) => code)).toEqual(['FEATURE_SET_CONFLICT']);
  const same = { id: 'fs', features: [feature('x', 'km'), feature('y', 's')] };
  for (const version of ['1', '2'])
    folded.records('models', [registrationOf([], { model: 'm', version, featureSet: same })]);
  expect(folded.rejections).toHaveLength(1);
  const catalogue = folded.fold.keys.get('m')?.state.catalogue;
  expect([...(catalogue?.versions.keys() ?? [])]).toEqual(['1', '2']);
  expect(catalogue?.featureSets.get('fs')?.features).toEqual(same.features);
  // From here on it is as registered.
  folded.records('models', [registrationOf(['x', 'y'], { model: 'm' })]);
  expect(folded.rejections.at(-1)?.code).toBe('FEATURE_SET_CONFLICT');
});
