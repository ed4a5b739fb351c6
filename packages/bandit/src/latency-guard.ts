/**
 * Guardrail on tail latency: x = 1 when an answer took longer than the champion's running 99th percentile, known before it. Both arms meet
 * the same threshold, so the test is valid whatever the threshold is; that it is near the percentile only makes it sharp.
 */

import type { EffectGrid } from './effect-grid.ts';
import { BanditError } from './errors.ts';
import { createRateGuard, observeRate, peakOfRate, type RateGuard, visitRateGuard } from './rate-guard.ts';
import { createRunningQuantile, follow, type RunningQuantile } from './running-quantile.ts';
import { loadNumbers, saveNumbers, type Visit } from './saved-numbers.ts';

export const TAIL = 0.99;

/** Champion answers before the threshold is used: two of them are expected above it. */
const WARM_UP = 200;

export const LATENCY_GUARD_VERSION = 1;

export interface LatencyGuard {
  readonly threshold: RunningQuantile;
  readonly rate: RateGuard;
}

/** @throws {BanditError} BAD_GRID */
export function createLatencyGuard(grid: EffectGrid): LatencyGuard {
  return { threshold: createRunningQuantile(), rate: createRateGuard({ grid, against: 'higher' }) };
}

/**
 * @param latencyMs above 0, finite; @param propensity of the challenger out of the two arms, in (0, 1)
 * @throws {BanditError} BAD_OBSERVATION; the state is unchanged then. O(G), allocates nothing.
 */
export function observeLatency(guard: LatencyGuard, challenger: boolean, latencyMs: number, propensity: number): void {
  const { threshold, rate } = guard;
  if (!(latencyMs > 0 && Number.isFinite(latencyMs)))
    throw new BanditError(
      'BAD_OBSERVATION',
      `latencyMs is ${latencyMs}; it must be above 0 and finite; leave out an answer that never came and count it as an error`,
    );
  if (threshold.count >= WARM_UP) observeRate(rate, challenger, latencyMs > threshold.estimate ? 1 : 0, propensity);
  if (!challenger) follow(threshold, latencyMs, TAIL);
}

/** Largest e-value so far. */
export function peakOfLatency({ rate }: LatencyGuard): number {
  return peakOfRate(rate);
}

export function saveLatencyGuard(guard: LatencyGuard): Uint8Array {
  return saveNumbers(LATENCY_GUARD_VERSION, [guard.rate.settings.grid.sizes.length], visitOf(guard));
}

/** @throws {BanditError} BAD_STATE */
export function loadLatencyGuard(bytes: Uint8Array, grid: EffectGrid): LatencyGuard {
  const guard = createLatencyGuard(grid);
  loadNumbers(bytes, LATENCY_GUARD_VERSION, [grid.sizes.length], visitOf(guard));
  return guard;
}

function visitOf({ threshold, rate }: LatencyGuard): Visit {
  return (pass) => {
    threshold.estimate = pass(threshold.estimate);
    threshold.count = pass(threshold.count);
    visitRateGuard(rate)(pass);
  };
}
