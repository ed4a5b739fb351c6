import { describe, expect, test } from 'vitest';
import { sha256, verifiers } from '../src/node-crypto.ts';
import { judge, judgeMutation, miss, remembering } from './judge.ts';
import { MUTATORS, type Mutation, mutate } from './mutations.ts';
import { randomLog, type Scene } from './scene.ts';

const LOGS = 30;
const PER_LOG = 8;
const memory = { ...verifiers, ed25519: remembering(verifiers.ed25519) };
// One log is longer than a tile, so that mutations fall on its edges too.
const scenes: Scene[] = Array.from({ length: LOGS }, (_, seed) => randomLog(seed, seed === 9 ? 259 : 4 + (seed % 20)));

test('no clean log raises an alarm', () => {
  expect(scenes.map(({ files }) => judge(files, { verifiers: memory }))).toEqual(scenes.map(() => 'sound'));
});

describe.each(Object.keys(MUTATORS))('%s', (kind) => {
  test('is detected every time, at its index', () => {
    const misses: string[] = [];
    let tried = 0;
    for (const [at, scene] of scenes.entries())
      for (let round = 0; round < PER_LOG; round += 1) {
        const mutation = mutate(kind, scene, at * 1_000 + round);
        if (mutation === undefined) continue;
        tried += 1;
        const fault = miss(mutation, judgeMutation(mutation, memory));
        if (fault !== undefined) misses.push(`log ${at}, round ${round}: ${fault}`);
      }
    expect(misses).toEqual([]);
    expect(tried).toBeGreaterThan(0.6 * LOGS * PER_LOG);
  });
});

test('the checks of this file would notice a verifier that sees nothing', () => {
  const blind = { ...verifiers, ed25519: () => true };
  const { files } = scenes[3] as Scene;
  expect(judge(files, { verifiers: blind, sha256 })).toBe('sound');
  const undetected = Array.from(
    { length: 200 },
    (_, seed) => mutate('bit', scenes[3] as Scene, seed) as Mutation,
  ).filter((mutation) => judge(mutation.files, { verifiers: blind, mode: 'structure' }) === 'sound');
  expect(undetected.length).toBeGreaterThan(0);
});
