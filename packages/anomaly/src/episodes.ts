import { checkBetween, checkWhole } from './anomaly-error.ts';
import type { StateReader } from './state/state-reader.ts';
import type { StateWriter } from './state/state-writer.ts';

export interface Episode {
  /** Position of the first alarm; names the episode. */
  readonly onset: number;
  /** Position and strength of the highest peak so far. */
  readonly peak: number;
  readonly strength: number;
  /** Peaks so far: alarms that rose again after the strength had fallen. */
  readonly peaks: number;
  /** Position of the last step that was not quiet; undefined while the episode is open. */
  readonly end: number | undefined;
}

/** `opened`: send the alert. `peak`: update it, a higher or a further peak. `closed`: resolve it. */
export type EpisodeChange = 'none' | 'opened' | 'peak' | 'closed';

export interface EpisodeSettings {
  /** Strength below which a step is quiet, above 0: looser than what raises an alarm. */
  readonly quietBelow: number;
  /** Quiet steps that end an episode: shingle size plus the steps to wait for. */
  readonly hold: number;
}

/** A further peak has fallen to this part of the peak before it, and risen by its inverse from the lowest step between. */
const FALL = 0.8;

/**
 * One alert per anomaly: alarms that belong together become an episode with onset, peak and end. A step has a position, a strength (any
 * measure that grows with oddness, such as a surprise) and whether it is an alarm. O(1).
 */
export class Episodes {
  readonly settings: EpisodeSettings;
  /** [open, onset, peak, strength, peaks, last loud position, quiet steps, height of the current rise, lowest since]. */
  readonly #values = new Float64Array(9);

  /** @throws {AnomalyError} BAD_SETTING. */
  constructor(settings: EpisodeSettings) {
    checkBetween('quietBelow', settings.quietBelow, 0, Infinity);
    checkWhole('hold', settings.hold, 1, 1_000_000);
    this.settings = settings;
  }

  /** The episode that is open, or the last one; undefined before the first. */
  get current(): Episode | undefined {
    const [open = 0, onset = 0, peak = 0, strength = 0, peaks = 0, loud = 0] = this.#values;
    return peaks === 0 ? undefined : { onset, peak, strength, peaks, end: open === 1 ? undefined : loud };
  }

  add(position: number, strength: number, alarm: boolean): EpisodeChange {
    const values = this.#values;
    if (values[OPEN] === 0) {
      if (!alarm) return 'none';
      values.set([1, position, position, strength, 1, position, 0, strength, strength]);
      return 'opened';
    }
    if (strength >= this.settings.quietBelow || alarm) {
      values[LOUD] = position;
      values[QUIET] = 0;
    } else {
      values[QUIET] = (values[QUIET] as number) + 1;
      if ((values[QUIET] as number) >= this.settings.hold) {
        values[OPEN] = 0;
        return 'closed';
      }
    }
    return this.#climb(position, strength, alarm);
  }

  #climb(position: number, strength: number, alarm: boolean): EpisodeChange {
    const values = this.#values;
    const lowest = Math.min(values[LOWEST] as number, strength);
    values[LOWEST] = lowest;
    const isFurther = alarm && lowest < FALL * (values[RISE] as number) && strength * FALL > lowest;
    const isHigher = strength > (values[STRENGTH] as number);
    if (isFurther) values[PEAKS] = (values[PEAKS] as number) + 1;
    if (isHigher) {
      values[PEAK] = position;
      values[STRENGTH] = strength;
    }
    if (isFurther || strength > (values[RISE] as number)) {
      values[RISE] = strength;
      values[LOWEST] = strength;
    }
    return isFurther || isHigher ? 'peak' : 'none';
  }

  write(writer: StateWriter): void {
    writer.numbers(this.#values);
  }

  read(reader: StateReader): void {
    reader.numbers(this.#values);
  }
}

const OPEN = 0;
const PEAK = 2;
const STRENGTH = 3;
const PEAKS = 4;
const LOUD = 5;
const QUIET = 6;
const RISE = 7;
const LOWEST = 8;
