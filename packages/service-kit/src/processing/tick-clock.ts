/**
 * Which times may become ticks. Wall clocks jump; a tick is recorded for ever and moves watermarks, so one that is far from where the
 * monotonic clock says it should be is refused until it has stood for a while.
 */

/** How far the wall clock may run away from the monotonic one between two looks, ms. */
export const MAX_JUMP_MS = 60_000;
/** A jump that has lasted this long is the new time, ms. */
export const JUMP_STANDS_MS = 60_000;
/** A recorded clock that is further ahead of the wall clock than this was wrong, and is set back, ms. */
const MAX_AHEAD_MS = 3_600_000;

export interface Clocks {
  /** ms since 1970. */
  readonly now: () => number;
  /** ms since any fixed point; never goes back. */
  readonly monotonic: () => number;
}

export class TickClock {
  readonly #clocks: Clocks;
  /** Wall time and monotonic time of the last look that agreed. */
  #wallMs: number;
  #monotonicMs: number;
  #jumpedAtMs: number | undefined;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
    this.#wallMs = clocks.now();
    this.#monotonicMs = clocks.monotonic();
  }

  /** Wall time to show to the fold; undefined while the wall clock is not to be trusted. */
  read(): number | undefined {
    const wallMs = this.#clocks.now();
    const monotonicMs = this.#clocks.monotonic();
    const jumpMs = wallMs - this.#wallMs - (monotonicMs - this.#monotonicMs);
    if (Math.abs(jumpMs) > MAX_JUMP_MS) {
      this.#jumpedAtMs ??= monotonicMs;
      if (monotonicMs - this.#jumpedAtMs < JUMP_STANDS_MS) return undefined;
    }
    this.#jumpedAtMs = undefined;
    this.#wallMs = wallMs;
    this.#monotonicMs = monotonicMs;
    return wallMs;
  }

  /** Since when the wall clock has not been trusted, as a time of the monotonic clock; undefined while it is. */
  get jumpedAtMs(): number | undefined {
    return this.#jumpedAtMs;
  }
}

/** Whether a tick at `wallMs` tells a fold whose clock stands at `clockMs` something new. */
export function isTickDue(wallMs: number, clockMs: number, everyMs: number): boolean {
  return wallMs - clockMs >= everyMs || clockMs - wallMs > MAX_AHEAD_MS;
}
