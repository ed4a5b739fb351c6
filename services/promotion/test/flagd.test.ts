/** The document for flagd, as flagd's own code reads it: its schemas, and who gets which version. */
import type { Logger } from '@openfeature/core';
import { FlagdCore } from '@openfeature/flagd-core';
import { expect, test } from 'vitest';
import { flagdDocument } from '../src/flagd.ts';
import type { Split } from '../src/state.ts';

const PLACE = { model: 'fraud', champion: 'v1', owner: 3 };
const SPLIT: Split = {
  epoch: 7,
  decisionId: 'ab'.repeat(32),
  salt: 'fraud/test/2',
  timeMs: 0,
  weights: { v1: 949_999, 'v2 “new”': 50_001 },
  ranges: [],
};

/** @returns flagd's evaluator with the document, and what its schemas object to */
function flagd(document: object): { readonly core: FlagdCore; readonly faults: readonly string[] } {
  const faults: string[] = [];
  const note = (...said: unknown[]): void => void faults.push(said.join(' '));
  const logger: Logger = { error: note, warn: note, info: () => {}, debug: note };
  const core = new FlagdCore(undefined, logger);
  core.setConfigurations(JSON.stringify(document));
  return { core, faults };
}

const served = (core: FlagdCore, unit?: string) =>
  core.resolveStringEvaluation('fraud', 'none', unit === undefined ? {} : { targetingKey: unit });

test('the schemas of flagd accept it, and would tell of a fault', () => {
  const document = flagdDocument(PLACE, SPLIT, false);
  expect(flagd(document).faults).toEqual([]);
  const broken = structuredClone(document) as unknown as { flags: { fraud: { state: string; targeting: unknown } } };
  broken.flags.fraud.targeting = {
    fractional: [
      ['v1', 'half'],
      ['v2', -1],
    ],
  };
  expect(flagd(broken).faults.join()).toMatch(/invalid flagd flag configuration/);
});

test('versions get their shares, each unit always the same, another in another test', () => {
  const { core } = flagd(flagdDocument(PLACE, { ...SPLIT, weights: { v1: 700_000, v2: 300_000 } }, false));
  const other = flagd(flagdDocument(PLACE, { ...SPLIT, weights: { v1: 700_000, v2: 300_000 }, salt: 'next' }, false));
  const units = Array.from({ length: 20_000 }, (_, unit) => `account-${unit}`);
  const first = units.map((unit) => served(core, unit).value);
  expect(units.map((unit) => served(core, unit).value)).toEqual(first);
  const share = first.filter((version) => version === 'v2').length / units.length;
  // Five standard deviations.
  expect(Math.abs(share - 0.3)).toBeLessThan(0.0163);
  const moved = units.filter((unit, at) => served(other.core, unit).value !== first[at]).length / units.length;
  expect(Math.abs(moved - 2 * 0.3 * 0.7)).toBeLessThan(0.02);
});

test('a weight that grows takes units from the other arm alone', () => {
  const of = (v2: number): FlagdCore =>
    flagd(flagdDocument(PLACE, { ...SPLIT, weights: { v1: 1_000_000 - v2, v2 } }, false)).core;
  const [before, after] = [of(100_000), of(300_000)];
  const units = Array.from({ length: 5_000 }, (_, unit) => `u${unit}`).filter(
    (unit) => served(before, unit).value === 'v2',
  );
  expect(units.length).toBeGreaterThan(400);
  expect(units.filter((unit) => served(after, unit).value !== 'v2')).toEqual([]);
});

test('without a targeting key, or with the kill switch on, the champion serves', () => {
  const { core } = flagd(flagdDocument(PLACE, SPLIT, false));
  expect(served(core)).toMatchObject({ value: 'v1', reason: 'DEFAULT' });
  const stopped = flagd(flagdDocument(PLACE, { ...SPLIT, weights: { v2: 1_000_000 } }, true));
  expect(stopped.faults).toEqual([]);
  for (let unit = 0; unit < 100; unit += 1) expect(served(stopped.core, `u${unit}`).value).toBe('v1');
});

test('one version with all the traffic is served to all, and the split is in the metadata', () => {
  const { core, faults } = flagd(flagdDocument(PLACE, { ...SPLIT, weights: { v1: 0, v2: 1_000_000 } }, false));
  expect(faults).toEqual([]);
  expect(served(core, 'u1')).toMatchObject({
    value: 'v2',
    flagMetadata: { owner: 3, epoch: 7, decisionId: SPLIT.decisionId, 'weight.v2': 1_000_000 },
  });
  expect(served(core).value).toBe('v2');
});
