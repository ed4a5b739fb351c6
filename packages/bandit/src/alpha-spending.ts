/** How much of a model's lifetime α its k-th test may spend. */
import { BanditError, requireInside } from './errors.ts';

/**
 * α_k = min(perTest, 6·lifetime/(k²π²)): over all tests a model ever has, Σ α_k ≤ lifetime, because Σ 1/k² = π²/6. A test that is reset is a new
 * test with the next k.
 * @param k number of the test of this model, from 1; @param lifetime @param perTest probabilities in (0, 1)
 * @throws {BanditError} BAD_SETTING
 */
export function alphaOfTest(k: number, lifetime: number, perTest: number): number {
  requireInside('BAD_SETTING', 'lifetime', lifetime, 0, 1, 'give the chance that any test ever promotes wrongly');
  requireInside('BAD_SETTING', 'perTest', perTest, 0, 1, 'give the chance that one test promotes wrongly');
  if (!(Number.isSafeInteger(k) && k >= 1))
    throw new BanditError('BAD_SETTING', `k is ${k}; it must be a whole number from 1; count the tests of the model`);
  return Math.min(perTest, (6 * lifetime) / (k * k * Math.PI * Math.PI));
}
