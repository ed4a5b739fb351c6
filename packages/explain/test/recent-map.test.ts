import { expect, test } from 'vitest';
import { RecentMap } from '../src/fairness/recent-map.ts';
import { seeded } from './random.ts';

test('keeps the most recent keys, as a plain list does, through deletions and returns', () => {
  const uniform = seeded(6);
  const map = new RecentMap<number>(50);
  let list: [string, number][] = [];
  for (let step = 0; step < 20_000; step += 1) {
    const key = `k${Math.floor(uniform() * 120)}`;
    if (uniform() < 0.3) {
      map.delete(key);
      list = list.filter(([each]) => each !== key);
    } else {
      map.set(key, step);
      const known = list.find(([each]) => each === key);
      if (known === undefined) list.push([key, step]);
      else known[1] = step;
      if (list.length > 50) list.shift();
    }
    expect(map.get(key)).toBe(list.find(([each]) => each === key)?.[1]);
  }
  expect([...map.entries()]).toEqual(list);
});
