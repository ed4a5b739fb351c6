import { expect, test } from 'vitest';
import { FOREST_STATE, restoreForest, saveForest } from '../../src/forest/forest-state.ts';
import { RollingForest, SMALL } from '../../src/forest/rolling-forest.ts';
import { crc32c } from '../../src/state/crc32c.ts';
import { StateReader } from '../../src/state/state-reader.ts';
import { drawsOf, normalRow } from '../streams.ts';

const SETTINGS = { dimensions: 4, seed: 9, reservoirRows: 300, meanAge: 900, rangeShare: 0.3 };

test.each([0, 1, 2, 77, 300, 301, 2_500])('restored after %i events, it goes on as if it had never stopped', (cut) => {
  const draws = drawsOf(cut + 1);
  const whole = new RollingForest(SETTINGS);
  for (let i = 0; i < cut; i += 1) whole.learn(normalRow(draws, 4));
  const restored = restoreForest(saveForest(whole));
  for (let i = 0; i < 1_000; i += 1) {
    const row = normalRow(draws, 4);
    if (i % 5 === 0) row[i % 4] = Number.NaN;
    expect(restored.observe(row)).toBe(whole.observe(row));
  }
  expect(new Uint8Array(saveForest(restored))).toEqual(new Uint8Array(saveForest(whole)));
});

test('any flipped bit, and any byte too few or too many, is detected', () => {
  const forest = new RollingForest({ dimensions: 2, seed: 1, numberOfTrees: 3, reservoirRows: 8, meanAge: 8 });
  for (let i = 0; i < 20; i += 1) forest.learn([i, -i]);
  const state = saveForest(forest);
  for (let bit = 0; bit < state.byteLength * 8; bit += 1) {
    const flipped = new Uint8Array(state.slice(0));
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
    expect(() => restoreForest(flipped.buffer)).toThrow('forest state');
  }
  expect(() => restoreForest(state.slice(0, -1))).toThrow('forest state');
  expect(() => restoreForest(new Uint8Array([...new Uint8Array(state), 0]).buffer)).toThrow('forest state');
});

test('a version that is not read is refused by its number', () => {
  const state = saveForest(new RollingForest({ dimensions: 1, seed: 1 }));
  expect(() => new StateReader(state, { ...FOREST_STATE, oldest: 2, version: 3 })).toThrow(
    'forest state is of version 1; this release reads 2 to 3',
  );
});

test('a state of another kind is refused', () => {
  const state = saveForest(new RollingForest({ dimensions: 1, seed: 1 }));
  expect(() => new StateReader(state, { ...FOREST_STATE, id: 7, name: 'rules' })).toThrow(
    'rules state is of kind 1, not 7',
  );
});

test('CRC32C has the check value of RFC 3720', () => {
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe306_9283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a91_36aa);
});

test('a small model of ten features is saved in at most 150 KB', () => {
  const draws = drawsOf(4);
  const forest = new RollingForest({ dimensions: 10, seed: 3, ...SMALL });
  for (let i = 0; i < 8_000; i += 1) forest.learn(normalRow(draws, 10));
  expect(saveForest(forest).byteLength).toBeLessThan(150_000);
});
