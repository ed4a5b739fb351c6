/** The short form of `node e2e/mutated-records.ts`. */
import { expect, test } from 'vitest';
import { isFlat, runMutations } from './mutation-run.ts';

const RECORDS = 10_000;

test(`of ${RECORDS} damaged records each that must be refused is in the dead letters once, and every other is folded`, async () => {
  const { services } = await runMutations(RECORDS, 2, () => {});
  for (const { service, accepted, reasons, ...faults } of services) {
    expect({ service, ...faults }).toEqual({
      service,
      letteredTwice: 0,
      notLettered: 0,
      letteredThoughWhole: 0,
      otherBytes: 0,
      notFolded: 0,
      failures: [],
    });
    expect(accepted).toBeGreaterThan(RECORDS / 10);
    expect(Object.keys(reasons).length).toBeGreaterThan(10);
  }
  // Two seconds where nothing else runs.
}, 60_000);

test('memory that grows is told from memory that does not', () => {
  const report = { records: 0, services: [] };
  expect(isFlat({ ...report, residentMb: [300, 350, 340, 350, 345, 355] })).toBe(true);
  expect(isFlat({ ...report, residentMb: [300, 350, 400, 450, 500, 550] })).toBe(false);
});
