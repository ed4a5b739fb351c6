import { checkBetween } from '../anomaly-error.ts';
import type { StateReader } from '../state/state-reader.ts';
import type { StateWriter } from '../state/state-writer.ts';
import { ShiryaevRoberts } from './shiryaev-roberts.ts';

/** A rise is to three times the share, and to half of all events. */
const RISE = 3;
const LARGE = 0.5;

/**
 * Sequential test of whether a share of events, at most p0 so far, has risen. Mean events to a false alarm ≥ `eventsPerFalseAlarm`
 * for independent events of any share ≤ p0. Median delay for 1 % → 3 % at a million: about 700 events. O(1).
 */
export class ShareRise {
  /** Largest share that is no fault. */
  readonly p0: number;
  readonly #hit: Float64Array;
  readonly #miss: Float64Array;
  readonly #rise: ShiryaevRoberts;
  /** The same test the other way round: a fault ends by as much evidence as it began. */
  readonly #recovery: ShiryaevRoberts;
  #open = false;
  #events = 0;
  /** Events and hits since the likeliest start of the rise. */
  #hits = 0;

  /** @param p0 in (0, ½). @throws {AnomalyError} BAD_SETTING. */
  constructor(p0: number, eventsPerFalseAlarm: number) {
    checkBetween('p0', p0, 0, LARGE);
    this.p0 = p0;
    const risen = [Math.min((p0 + LARGE) / 2, RISE * p0), LARGE];
    this.#hit = Float64Array.from(risen, (p1) => Math.log(p1 / p0));
    this.#miss = Float64Array.from(risen, (p1) => Math.log((1 - p1) / (1 - p0)));
    this.#rise = new ShiryaevRoberts(risen.length, eventsPerFalseAlarm);
    this.#recovery = new ShiryaevRoberts(1, eventsPerFalseAlarm);
  }

  /** Whether the share is risen now. */
  get open(): boolean {
    return this.#open;
  }

  /** Number of the event from which on the share has probably been risen. */
  get since(): number {
    return this.#rise.since;
  }

  /** Hits since `since` over the events since then. */
  get share(): number {
    return this.#hits / Math.max(1, this.#events - this.#rise.since + 1);
  }

  /** Events so far. */
  get events(): number {
    return this.#events;
  }

  /** One event; true when it is the one that raises the fault. */
  add(hit: boolean): boolean {
    this.#events += 1;
    const ratios = hit ? this.#hit : this.#miss;
    if (this.#open) {
      this.#recovery.add(0, -(ratios[0] as number), this.#events);
      if (this.#recovery.fires) {
        this.#open = false;
        this.#rise.restart();
        this.#hits = 0;
      }
      return false;
    }
    const since = this.#rise.since;
    for (let i = 0; i < ratios.length; i += 1) this.#rise.add(i, ratios[i] as number, this.#events);
    if (this.#rise.since !== since) this.#hits = 0;
    if (hit) this.#hits += 1;
    if (!this.#rise.fires) return false;
    this.#open = true;
    this.#recovery.restart();
    return true;
  }

  write(writer: StateWriter): void {
    writer.f64(this.#events);
    writer.f64(this.#hits);
    writer.flag(this.#open);
    this.#rise.write(writer);
    this.#recovery.write(writer);
  }

  read(reader: StateReader): void {
    this.#events = reader.f64();
    this.#hits = reader.f64();
    this.#open = reader.flag();
    this.#rise.read(reader);
    this.#recovery.read(reader);
  }
}
