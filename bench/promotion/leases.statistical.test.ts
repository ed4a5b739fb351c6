import { expect, test } from 'vitest';
import { simulateLeases } from './leases.ts';

test('no client serves a version longer than a lease after its end, and a client that never lets go is seen', async () => {
  const sound = await simulateLeases(1, { seed: 1, perStep: 2 });
  expect(sound).toMatchObject({ late: 0, twice: 0 });
  expect(sound.ended).toBeGreaterThan(20);
  expect(sound.withoutLease).toBeGreaterThan(1_000);
  const broken = await simulateLeases(1, { seed: 1, perStep: 2, isBroken: true });
  expect(broken.late).toBeGreaterThan(50);
});
