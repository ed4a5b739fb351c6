import { expect, test } from 'vitest';
import { runSequences } from './approvals-law.ts';

const SEQUENCES = 1_000;

test(`the law of approvals holds in ${SEQUENCES} random sequences, and promotions happen among them`, () => {
  const seen = runSequences(1, SEQUENCES);
  const rare = ['promoted', 'rolled-back', 'approvals-void', 'reset', 'frozen', 'killed', 'retired'].filter(
    (action) => (seen.get(action) ?? 0) <= SEQUENCES / 1_000,
  );
  expect(rare).toEqual([]);
  expect(seen.has('break-glass')).toBe(false);
}, 300_000);
