/**
 * Guardrail on how often something happens to a prediction: an error, a latency above the usual, an outcome that arrived in time. The e-process
 * of e-process.ts on x = 1 when it happened.
 */
import { betOnHigher, createEProcess, type EProcess, visitProcess } from './e-process.ts';
import { checkGrid, type EffectGrid, unitAt } from './effect-grid.ts';
import { checkObservation } from './observation.ts';
import { loadNumbers, saveNumbers, type Visit } from './saved-numbers.ts';

export interface RateGuardSettings {
  readonly grid: EffectGrid;
  /** `higher`: the challenger's rate may not be above the champion's. `different`: neither may differ, as for arrivals of outcomes. */
  readonly against: 'higher' | 'different';
}

export interface RateGuard {
  readonly settings: RateGuardSettings;
  readonly higher: EProcess;
  readonly lower: EProcess | undefined;
  outcomes: number;
  events: number;
}

export const RATE_GUARD_VERSION = 1;

/** @throws {BanditError} BAD_GRID */
export function createRateGuard(settings: RateGuardSettings): RateGuard {
  const { grid, against } = settings;
  checkGrid(grid);
  const lower = against === 'different' ? createEProcess(grid) : undefined;
  return { settings, higher: createEProcess(grid), lower, outcomes: 0, events: 0 };
}

/**
 * @param happened x in [0, 1]; @param propensity of the challenger out of the two arms, in (0, 1)
 * @throws {BanditError} BAD_OBSERVATION; the state is unchanged then. O(G), allocates nothing.
 */
export function observeRate(guard: RateGuard, challenger: boolean, happened: number, propensity: number): void {
  checkObservation(happened, propensity);
  const { grid } = guard.settings;
  const mean = (guard.events + 0.5) / (guard.outcomes + 1);
  const unit = unitAt(grid, mean);
  betOnHigher(guard.higher, grid, unit, mean, challenger, happened, propensity, 0);
  if (guard.lower !== undefined)
    betOnHigher(guard.lower, grid, unit, 1 - mean, challenger, 1 - happened, propensity, 0);
  guard.outcomes += 1;
  guard.events += happened;
}

/** Largest e-value so far. Of both directions each carries half of the level, so half of the larger peak is compared with 1/α. */
export function peakOfRate({ higher, lower }: RateGuard): number {
  return lower === undefined ? higher.peak : Math.max(higher.peak, lower.peak) / 2;
}

export function saveRateGuard(guard: RateGuard): Uint8Array {
  return saveNumbers(RATE_GUARD_VERSION, shapeOf(guard.settings), visitRateGuard(guard));
}

/** @throws {BanditError} BAD_STATE */
export function loadRateGuard(bytes: Uint8Array, settings: RateGuardSettings): RateGuard {
  const guard = createRateGuard(settings);
  loadNumbers(bytes, RATE_GUARD_VERSION, shapeOf(settings), visitRateGuard(guard));
  return guard;
}

function shapeOf({ grid, against }: RateGuardSettings): number[] {
  return [grid.sizes.length, against === 'different' ? 2 : 1];
}

export function visitRateGuard(guard: RateGuard): Visit {
  return (pass) => {
    visitProcess(guard.higher, pass);
    if (guard.lower !== undefined) visitProcess(guard.lower, pass);
    guard.outcomes = pass(guard.outcomes);
    guard.events = pass(guard.events);
  };
}
