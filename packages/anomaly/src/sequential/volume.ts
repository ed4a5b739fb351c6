import { checkBetween } from '../anomaly-error.ts';
import type { StateReader } from '../state/state-reader.ts';
import type { StateWriter } from '../state/state-writer.ts';
import type { Fault } from './fault.ts';
import { ShiryaevRoberts } from './shiryaev-roberts.ts';

export interface VolumeReference {
  /** Lowest and highest rate that is no fault, events per ms, both above 0. */
  readonly lowest: number;
  readonly highest: number;
  /** Longest time between two events that is no fault, ms; 0 = unknown. */
  readonly longestGapMs: number;
}

/** A fall is to half the lowest rate, a rise to twice the highest. */
const CHANGE = 2;
/** A gap of the reference, times this, is the least that counts as an absence. */
const GAP_SLACK = 1.5;

/**
 * Arrivals: too few, too many, none. For Poisson arrivals whose rate stays within the reference's bounds the mean number of events to a
 * false alarm is at least `eventsPerFalseAlarm`: a third of it goes to each of the two Shiryaev–Roberts tests on the times between
 * events, and to the longest gap g with exp(−lowest·g) = 1/(3A). O(1).
 */
export class Volume {
  readonly reference: VolumeReference;
  /** Time without an event after which it is absent, ms. */
  readonly absentAfterMs: number;
  readonly #fall: ShiryaevRoberts;
  readonly #rise: ShiryaevRoberts;
  /** A fall or a rise ends by as much evidence as it began. */
  readonly #recovery: ShiryaevRoberts;
  #lastMs = Number.NaN;
  #open: '' | 'fall' | 'rise' | 'absence' = '';

  /** @throws {AnomalyError} BAD_SETTING for rates that are not positive or not in order. */
  constructor(reference: VolumeReference, eventsPerFalseAlarm: number) {
    checkBetween('highest', reference.highest, 0, Infinity);
    checkBetween('lowest', reference.lowest, 0, reference.highest * (1 + Number.EPSILON));
    this.reference = reference;
    const third = 3 * eventsPerFalseAlarm;
    this.absentAfterMs = Math.max(Math.log(third) / reference.lowest, reference.longestGapMs * GAP_SLACK);
    this.#fall = new ShiryaevRoberts(1, third);
    this.#rise = new ShiryaevRoberts(1, third);
    this.#recovery = new ShiryaevRoberts(1, third);
  }

  /** What does not hold now. */
  get open(): 'volume' | 'absence' | undefined {
    if (this.#open === '') return undefined;
    return this.#open === 'absence' ? 'absence' : 'volume';
  }

  /** An event of time `timeMs` came; times that go back count as no time passed. */
  add(timeMs: number): Fault | undefined {
    const gap = Number.isNaN(this.#lastMs) ? Number.NaN : Math.max(0, timeMs - this.#lastMs);
    if (!(timeMs <= this.#lastMs)) this.#lastMs = timeMs;
    if (Number.isNaN(gap)) return undefined;
    if (this.#open === 'absence') this.#open = '';
    const { lowest, highest } = this.reference;
    const fall = (lowest - lowest / CHANGE) * gap - Math.log(CHANGE);
    const rise = Math.log(CHANGE) - (highest * CHANGE - highest) * gap;
    if (this.#open !== '') {
      this.#recovery.add(0, this.#open === 'fall' ? -fall : -rise, timeMs);
      if (this.#recovery.fires) this.#open = '';
      return undefined;
    }
    this.#fall.add(0, fall, timeMs);
    this.#rise.add(0, rise, timeMs);
    if (this.#fall.fires) return this.#raise('fall', this.#fall.since);
    if (this.#rise.fires) return this.#raise('rise', this.#rise.since);
    return undefined;
  }

  /** Time has come to `nowMs` without a new event. */
  tick(nowMs: number): Fault | undefined {
    const silent = nowMs - this.#lastMs;
    if (!(silent > this.absentAfterMs) || this.#open === 'absence') return undefined;
    this.#open = 'absence';
    return {
      fault: 'absence',
      field: 'event',
      since: this.#lastMs,
      factor: 0,
      share: 1,
      detail: `no event for ${Math.round(silent)} ms; the reference allows ${Math.round(this.absentAfterMs)} ms`,
    };
  }

  #raise(change: 'fall' | 'rise', since: number): Fault {
    this.#open = change;
    this.#fall.restart();
    this.#rise.restart();
    this.#recovery.restart();
    const [factor, rate, which] =
      change === 'fall' ? [1 / CHANGE, this.reference.lowest, 'lowest'] : [CHANGE, this.reference.highest, 'highest'];
    return {
      fault: 'volume',
      field: 'event',
      since,
      factor,
      share: change === 'fall' ? 1 - factor : 1 - 1 / factor,
      detail: `events come at ${change === 'fall' ? 'half' : 'twice'} the ${which} rate of the reference, ${(rate * 1_000).toPrecision(4)} a second, or ${change === 'fall' ? 'less' : 'more'}`,
    };
  }

  write(writer: StateWriter): void {
    writer.f64(this.#lastMs);
    writer.text(this.#open);
    this.#fall.write(writer);
    this.#rise.write(writer);
    this.#recovery.write(writer);
  }

  read(reader: StateReader): void {
    this.#lastMs = reader.f64();
    const open = reader.text();
    if (open !== '' && open !== 'fall' && open !== 'rise' && open !== 'absence')
      throw reader.refusal(`names the volume fault ${open}`);
    this.#open = open;
    this.#fall.read(reader);
    this.#rise.read(reader);
    this.#recovery.read(reader);
  }
}
