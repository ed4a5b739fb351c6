/** G1. A nightly run has the bar's own number: `WEIR_TEST_SEQUENCES=1000000 npm test -- statistical services/promotion/test/approvals`. */
import { expect, test } from 'vitest';
import { runSequences } from './approvals-law.ts';

const SEQUENCES = Number(process.env['WEIR_TEST_SEQUENCES'] ?? 20_000);
/** A sequence takes a millisecond or two; on a busy machine more. */
const MS_PER_SEQUENCE = 15;

test(
  `the law of approvals holds in ${SEQUENCES} random sequences, and promotions happen among them`,
  () => {
    const seen = runSequences(2, SEQUENCES);
    const rare = ['promoted', 'rolled-back', 'approvals-void', 'reset', 'frozen', 'killed', 'retired'].filter(
      (action) => (seen.get(action) ?? 0) <= SEQUENCES / 1_000,
    );
    expect(rare).toEqual([]);
    expect(seen.has('break-glass')).toBe(false);
  },
  SEQUENCES * MS_PER_SEQUENCE,
);
