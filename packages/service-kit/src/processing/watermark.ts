/**
 * Event-time progress of one key. It advances with the key's own events only, so the result does not depend on how batches were cut
 * or on what other keys did; an idle key advances with recorded ticks. Plain state: it lies in snapshots as it is.
 */
import type { Lateness } from '../processor.ts';

export interface Watermark {
  /** Largest event time seen, ms; -Infinity before the first event. */
  maxEventTimeMs: number;
  /** Clock of the last tick at which the key had moved, ms. */
  activeAtMs: number;
  /** Event time granted because the key was idle, ms. */
  idleAdvanceMs: number;
}

export function createWatermark(): Watermark {
  return { maxEventTimeMs: Number.NEGATIVE_INFINITY, activeAtMs: Number.NEGATIVE_INFINITY, idleAdvanceMs: 0 };
}

/** Take an event into account; cheap enough for every record. */
export function observe(watermark: Watermark, eventTimeMs: number, clockMs: number): void {
  watermark.activeAtMs = clockMs;
  if (eventTimeMs > watermark.maxEventTimeMs) {
    // Time granted while idle is taken back only as far as the events themselves have caught up: a watermark never moves backwards.
    const granted = watermark.maxEventTimeMs + watermark.idleAdvanceMs - eventTimeMs;
    watermark.idleAdvanceMs = watermark.idleAdvanceMs === 0 ? 0 : Math.max(0, granted);
    watermark.maxEventTimeMs = eventTimeMs;
  }
}

/** The clock has moved without an event of this key. Returns true when the watermark advanced. */
export function observeIdle(watermark: Watermark, clockMs: number, lateness: Lateness): boolean {
  if (!Number.isFinite(watermark.maxEventTimeMs)) return false;
  const idleMs = clockMs - watermark.activeAtMs;
  if (idleMs < lateness.idleAfterMs || idleMs <= watermark.idleAdvanceMs) return false;
  watermark.idleAdvanceMs = idleMs;
  return true;
}

/** No event before this time is still expected, ms. */
export function watermarkMs(watermark: Watermark, lateness: Lateness): number {
  return watermark.maxEventTimeMs + watermark.idleAdvanceMs - lateness.allowedLatenessMs;
}

/** Clock time at which idleness alone would bring the watermark to `atMs`, ms. */
export function idleReachesMs(watermark: Watermark, atMs: number, lateness: Lateness): number {
  // Of an input that never carried an event: when it stops being waited for.
  if (!Number.isFinite(watermark.maxEventTimeMs)) return watermark.activeAtMs + lateness.idleAfterMs;
  const missingMs = atMs + lateness.allowedLatenessMs - watermark.maxEventTimeMs;
  if (missingMs <= watermark.idleAdvanceMs) return Number.NEGATIVE_INFINITY;
  return watermark.activeAtMs + Math.max(lateness.idleAfterMs, missingMs);
}
