import { expect, test } from 'vitest';
import { RecentIds } from '../../src/quality/recent-ids.ts';
import { StateReader } from '../../src/state/state-reader.ts';
import { StateWriter } from '../../src/state/state-writer.ts';

test('an id that comes again within the capacity is known, one of twice as long ago is not, and no other is', () => {
  const ids = new RecentIds(1_000);
  let wrong = 0;
  for (let i = 0; i < 20_000; i += 1) {
    if (ids.add(`prediction-${i}`)) wrong += 1;
    if (i % 10 === 0 && i >= 1_000 && !ids.add(`prediction-${i - 900}`)) wrong += 1;
  }
  expect(wrong).toBe(0);
  expect(ids.add('prediction-17000')).toBe(false);
});

test('restored, it knows the same ids', () => {
  const ids = new RecentIds(50);
  for (let i = 0; i < 120; i += 1) ids.add(`${i}`);
  const writer = new StateWriter();
  ids.write(writer);
  const kind = { id: 9, name: 'ids', version: 1, oldest: 1 };
  const restored = RecentIds.read(new StateReader(writer.finish(kind), kind));
  for (let i = 0; i < 200; i += 1) expect(restored.add(`${i}`)).toBe(ids.add(`${i}`));
});
