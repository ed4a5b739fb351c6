/** The stated error of the whole-file verdict is kept: files without drift, several columns, some with missing values. */
import { EVALUATION_DEFAULTS } from '@weir/drift/evaluation';
import { binomialLimit } from '@weir/stats/binomial';
import { expect, test } from 'vitest';
import { ColumnScan } from '../src/commands/scan-drift/column-scan.ts';
import { verdictsOf } from '../src/commands/scan-drift/verdict.ts';
import { type ReferenceSample, referenceSample } from '../src/tables/reference-sample.ts';
import { uniforms } from './fixtures/uniform.ts';

const SCANS = 2_000;
const ALPHA = 0.05;
const ROWS = 300;

test('at most one scan in twenty says drift of any column when none has drifted', () => {
  const uniform = uniforms(20_261_130);
  const values = (missingShare: number): Float64Array =>
    Float64Array.from({ length: ROWS }, () => (uniform() < missingShare ? Number.NaN : uniform()));
  let wrong = 0;
  for (let round = 0; round < SCANS; round += 1) {
    const scans = [0, 0, 0.05, 0.3].map((share, at) => {
      const sample = referenceSample([values(share)]) as ReferenceSample;
      const scan = new ColumnScan(`c${at}`, sample, 1_000, EVALUATION_DEFAULTS);
      scan.add(values(share), 0, ROWS, 1, () => {});
      return scan;
    });
    if (verdictsOf(scans, ALPHA, 0).some(({ drifted }) => drifted)) wrong += 1;
  }
  // At 5 % of all scans, more than this would come once in a million runs of the test.
  expect(wrong).toBeLessThan(binomialLimit(SCANS, ALPHA, 1e-6));
  expect(wrong).toBeGreaterThan(SCANS * 0.01);
});
