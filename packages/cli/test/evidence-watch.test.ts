import { createMemoryViews } from '@weir/service-kit/views/memory';
import { expect, test } from 'vitest';
import { EvidenceWatch } from '../src/commands/dev/evidence-watch.ts';

const OPENED_MS = Date.UTC(2001, 1, 1);
const HOUR_MS = 3_600_000;

async function linesOf(steps: readonly (readonly [hours: number, eValue: number])[]): Promise<readonly number[]> {
  const views = createMemoryViews();
  const watch = new EvidenceWatch();
  const counts: number[] = [];
  for (const [hours, better] of steps) {
    const test = { id: 'test-1', openedMs: OPENED_MS, elapsedMs: hours * HOUR_MS, challenger: 'b', champion: 'a' };
    const json = JSON.stringify({
      model: 'm',
      test,
      weights: { a: 750_000, b: 250_000 },
      eValue: { better, needed: 100 },
      samples: { champion: 30, challenger: 10 },
      means: { champion: 0.9, challenger: null },
    });
    await views.put({ service: 'promotion', partition: 0 }, [{ key: 'evidence/m', json }]);
    const lines = await watch.look(views);
    counts.push(lines.length);
    for (const { text } of lines)
      expect(text).toMatch(/b has 25 % of the traffic, e-value .* of 100 after 40 joined outcomes; .* –, a 10.00 %/);
  }
  return counts;
}

test('a line a day, and one more when the e-value has moved by a factor of ten either way', async () => {
  const steps = [
    [1, 1],
    [2, 5],
    [3, 11],
    [4, 2],
    [5, 1],
    [23, 1.2],
    [25, 1.2],
    [26, 1.2],
  ] as const;
  expect(await linesOf(steps)).toEqual([1, 0, 1, 0, 1, 0, 1, 0]);
});
