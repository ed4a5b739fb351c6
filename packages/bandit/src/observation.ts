/** What every test asks of an observation, checked before its state is touched. */
import { BanditError, requireInside } from './errors.ts';

/**
 * @param reward in [0, 1]; @param propensity in (0, 1)
 * @throws {BanditError} BAD_OBSERVATION
 */
export function checkObservation(reward: number, propensity: number): void {
  if (!(reward >= 0 && reward <= 1))
    throw new BanditError('BAD_OBSERVATION', `reward is ${reward}; it must be in [0, 1]; scale it by its known bounds`);
  requireInside('BAD_OBSERVATION', 'propensity', propensity, 0, 1, 'log the one that the assignment was drawn with');
}
