/** An upgrade goes on from states of earlier versions: inputs older than their retention could not be processed again. */
import { gzipSync } from 'node:zlib';
import { decodeState } from '@weir/service-kit/state-codec';
import { expect, test } from 'vitest';
import { loadModel, STATE_VERSION, saveModel } from '../src/saved-state.ts';
import { goldenStates, outputIdsAfter, packedState, writtenNow } from './golden-state.ts';
import { SCENE_CONFIG } from './scene.ts';

const stateOf = (bytes: Uint8Array): Uint8Array => new Uint8Array(decodeState(bytes).part(0));

test('the committed state of this version is what this build writes', async () => {
  const written = writtenNow();
  const known = goldenStates().find(({ stateVersion }) => stateVersion === STATE_VERSION);
  // Another zlib may compress to other bytes: what counts is what comes out.
  const isSame = known?.bytes !== undefined && written.equals(known.bytes);
  const packed = isSame ? packedState(STATE_VERSION) : `${gzipSync(written).toString('base64')}\n`;
  await expect(packed).toMatchFileSnapshot(`state/${STATE_VERSION}.base64`);
});

test('and these are the outputs that follow from it', async () => {
  const ids = outputIdsAfter(STATE_VERSION, writtenNow());
  expect(ids.length).toBeGreaterThan(5);
  await expect(`${JSON.stringify(ids, null, 2)}\n`).toMatchFileSnapshot(`state/${STATE_VERSION}.outputs.json`);
});

test.each(goldenStates())('goes on from a state of $name', ({ stateVersion, bytes, outputIds }) => {
  expect(outputIdsAfter(stateVersion, bytes)).toEqual(outputIds);
});

test('a state is read, and written as the same bytes', () => {
  const bytes = stateOf(writtenNow());
  const model = loadModel(bytes, STATE_VERSION, SCENE_CONFIG);
  expect(model.acknowledged.size).toBe(1);
  expect(Buffer.from(saveModel(model)).equals(bytes)).toBe(true);
});

test('a version that this build does not read is refused by its number', () => {
  expect(() => loadModel(new Uint8Array(8), 9, SCENE_CONFIG)).toThrow(
    /has version 9, this build reads versions 1 to 4/,
  );
});

test('a flipped bit of a monitor is noticed', () => {
  const bytes = Buffer.from(stateOf(writtenNow()));
  bytes[bytes.length - 100] = (bytes[bytes.length - 100] as number) ^ 4;
  expect(() => loadModel(bytes, STATE_VERSION, SCENE_CONFIG)).toThrow(/CRC32C/);
});
