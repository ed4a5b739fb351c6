/**
 * Odd events of one layout: an isolation forest over all columns, and columns that go together, calibrated against held-out events.
 *
 *   learning   clean events become the forest; nothing is said of them
 *   scoring    the forest is kept, further clean events are scored: their scores are the reference
 *   ready      p-values; under the guarantee `budget`, which needs no reference, the forest goes on learning and `scoring` is left out
 *
 * Where columns go together, an event has two p-values, of the forest and of the strain of its pairs; twice the smaller one is its own, so that the
 * rate stays what it is. The budget is of the forest alone.
 *
 * When p-values below α come much more often than α, the data has left the reference: then the budget decides until they do not, or until
 * a person has it re-anchored.
 */
import { BudgetCalibration } from '@weir/anomaly/calibration/budget';
import { type RateRange, rateRange } from '@weir/anomaly/calibration/rate-range';
import { ReferenceCalibration } from '@weir/anomaly/calibration/reference';
import { Surprisal } from '@weir/anomaly/categorical/surprisal';
import { Episodes } from '@weir/anomaly/episodes';
import { readForest, writeForest } from '@weir/anomaly/forest/forest-state';
import { RollingForest, SMALL, STANDARD } from '@weir/anomaly/forest/rolling-forest';
import { type BrokenPair, ColumnPairs } from '@weir/anomaly/pairs/column-pairs';
import { hashText } from '@weir/anomaly/sequential/distinct-rate';
import { ShareRise } from '@weir/anomaly/sequential/share-rise';
import type { StateReader } from '@weir/anomaly/state/state-reader';
import type { StateWriter } from '@weir/anomaly/state/state-writer';
import type { Dependence } from '@weir/stats/serial-dependence';
import type { AnomalyConfig, Guarantee } from './config.ts';
import { keyOf, type MonitoredColumns } from './monitored-columns.ts';

export type Phase = 'learning' | 'scoring' | 'ready';
const PHASES: readonly Phase[] = ['learning', 'scoring', 'ready'];

/** An event below this part of the alarm level's surprise is quiet. */
const QUIET_PART = 0.75;
/** Share of odd events that episodes may bring about while the data is as the reference. */
const MIN_USUAL_SHARE = 0.01;
const MAX_USUAL_SHARE = 0.3;
/** What the surprisals of categories may fill of a row. */
const MAX_TEXTS = 256;
const MAX_DIMENSIONS = 4_096;
/** Of the monitor's state. One of before goes on without pairs until it is re-anchored. */
const WITH_PAIRS = 4;

/** Of one event; the same object for every event of a forest. */
export interface Decision {
  score: number;
  pValue: number;
  /** Which calibration decided. */
  guarantee: Guarantee;
  /** −ln p. */
  strength: number;
  isAlarm: boolean;
}

export class Outliers {
  /** Columns of the forest's rows by name: numbers, then categories by their surprisal, then their pairs. */
  readonly dimensions: readonly string[];
  readonly decision: Decision = { score: 0.5, pValue: 1, guarantee: 'budget', strength: 0, isAlarm: false };
  readonly row: Float64Array;
  readonly episodes: Episodes;
  /** Of p-values below α. */
  readonly alarmShare: ShareRise;
  phase: Phase = 'learning';
  /** Alarms so far. */
  alarms = 0;
  forest: RollingForest;
  readonly #config: AnomalyConfig;
  readonly #columns: MonitoredColumns;
  readonly #budget: BudgetCalibration;
  #surprisal: Surprisal | undefined;
  #held: number[] = [];
  #reference: ReferenceCalibration | undefined;
  /** Follow from the rows of a forest that is kept. */
  #pairs: ColumnPairs | undefined;
  #heldStrains: number[] = [];
  #strains: ReferenceCalibration | undefined;

  constructor(model: string, columns: MonitoredColumns, config: AnomalyConfig) {
    const { texts, numbers, outputs } = columns;
    const categories = texts.length > 0 && texts.length <= MAX_TEXTS ? texts : [];
    this.#columns = { numbers, outputs, texts: categories };
    this.#config = config;
    this.dimensions = [...numbers, ...categories, ...(categories.length > 0 ? ['pairs of categories'] : [])];
    this.row = new Float64Array(this.dimensions.length);
    const profile = config.forest === 'small' ? SMALL : STANDARD;
    this.forest = new RollingForest({
      ...profile,
      meanAge: Math.max(profile.meanAge, config.learnEvents),
      dimensions: this.dimensions.length,
      seed: hashText(`${model} ${keyOf(columns)}`),
    });
    this.#surprisal = categories.length > 0 ? new Surprisal(categories.length) : undefined;
    const alpha = 1 / config.eventsPerAlarm;
    this.#budget = new BudgetCalibration(alpha);
    const usual = Math.min(MAX_USUAL_SHARE, Math.max(MIN_USUAL_SHARE, 10 * alpha));
    this.alarmShare = new ShareRise(usual, Math.max(1_000_000, 100 * config.eventsPerAlarm));
    this.episodes = new Episodes({ quietBelow: QUIET_PART * this.level, hold: config.episodeHold });
  }

  /** Whether a forest can be made of the columns. */
  static isPossible({ numbers, texts }: MonitoredColumns): boolean {
    const dimensions = numbers.length + (texts.length <= MAX_TEXTS && texts.length > 0 ? texts.length + 1 : 0);
    return dimensions > 0 && dimensions <= MAX_DIMENSIONS;
  }

  /** How many of `dimensions` are numbers of the event. */
  get numbers(): number {
    return this.#columns.numbers.length;
  }

  /** Surprise from which an event is an alarm, −ln α. */
  get level(): number {
    return Math.log(this.#config.eventsPerAlarm);
  }

  /** Which calibration decides now. */
  get guarantee(): Guarantee {
    return this.#reference === undefined || this.alarmShare.open ? 'budget' : 'reference';
  }

  /** Of the last 1,024 scores on those before them. For alerts and views. */
  get dependence(): Dependence {
    return this.#budget.dependence;
  }

  /** Clean events that are there of those that the phase needs. */
  get progress(): { readonly have: number; readonly need: number } {
    if (this.phase === 'scoring') return { have: this.#held.length, need: this.#config.heldOutEvents };
    return { have: Math.min(this.forest.learned, this.#config.learnEvents), need: this.#config.learnEvents };
  }

  /** Scores in the reference; 0 without one. */
  get referenceSize(): number {
    return this.#reference?.size ?? 0;
  }

  /** Shares of usual events that nine references of ten of this size call odd; null without a reference. For alerts and views. */
  get rateRange(): RateRange | null {
    return this.#reference === undefined ? null : rateRange(1 / this.#config.eventsPerAlarm, this.#reference.size);
  }

  /** An event of the warm-up that is clean. */
  warm(numbers: Float64Array, at: number, texts: readonly (string | null)[], textAt: number): void {
    if (this.phase === 'learning') {
      this.#load(numbers, at, texts, textAt, true);
      this.forest.learn(this.row);
      if (this.forest.learned >= this.#config.learnEvents) this.#endLearning();
      return;
    }
    this.#held.push(this.score(numbers, at, texts, textAt));
    if (this.#pairs !== undefined) this.#heldStrains.push(this.#pairs.strain(this.row));
    if (this.#held.length < this.#config.heldOutEvents) return;
    this.#reference = ReferenceCalibration.from(this.#held);
    if (this.#pairs !== undefined) this.#strains = ReferenceCalibration.from(this.#heldStrains);
    this.#held = [];
    this.#heldStrains = [];
    this.phase = 'ready';
  }

  #endLearning(): void {
    this.phase = this.#config.guarantee === 'budget' ? 'ready' : 'scoring';
    if (this.phase === 'scoring') this.#findPairs();
  }

  #findPairs(): void {
    const { rows, places, settings } = this.forest;
    this.#pairs = ColumnPairs.of(rows, settings.dimensions, this.numbers, places[0] as number);
  }

  /** An event when `ready`. The result is valid until the next call. */
  decide(numbers: Float64Array, at: number, texts: readonly (string | null)[], textAt: number): Decision {
    const learns = this.#reference === undefined;
    this.#load(numbers, at, texts, textAt, learns);
    const { decision } = this;
    decision.score = learns ? this.forest.observe(this.row) : this.forest.score(this.row);
    const isOverBudget = this.#budget.add(decision.score);
    const pValue = this.referencePValue(decision.score);
    const isOdd = this.isOdd(pValue);
    // The budget decides about the event with which the data has left the reference, too.
    if (this.#reference !== undefined) this.alarmShare.add(isOdd);
    decision.guarantee = this.guarantee;
    const isReference = decision.guarantee === 'reference';
    decision.pValue = isReference ? pValue : Math.exp(-this.#budget.surprise);
    decision.strength = isReference ? -Math.log(pValue) : this.#budget.surprise;
    decision.isAlarm = isReference ? isOdd : isOverBudget;
    if (decision.isAlarm) this.alarms += 1;
    return decision;
  }

  /** Score of an event by the forest as it is; nothing is learnt from it or decided on it. Its values are left in `row`. */
  score(numbers: Float64Array, at: number, texts: readonly (string | null)[], textAt: number): number {
    this.#load(numbers, at, texts, textAt, false);
    return this.forest.score(this.row);
  }

  /** Of the event that was scored last, against the held-out ones; 1 while there are none. */
  referencePValue(score: number): number {
    const pValue = this.#reference?.pValue(score) ?? 1;
    return this.#pairs === undefined ? pValue : Math.min(1, 2 * Math.min(pValue, this.#strainPValue(this.#pairs)));
  }

  /** The columns of the event that was scored last that do not go together, where that makes it odder than the forest says. */
  get brokenPair(): BrokenPair | undefined {
    if (this.#pairs === undefined || this.guarantee === 'budget') return undefined;
    const byForest = this.#reference?.pValue(this.forest.score(this.row)) ?? 1;
    return this.#strainPValue(this.#pairs) < byForest ? this.#pairs.broken(this.row) : undefined;
  }

  /** Pairs of columns that go together; for views. */
  get pairs(): number {
    return this.#pairs?.size ?? 0;
  }

  #strainPValue(pairs: ColumnPairs): number {
    return this.#strains?.pValue(pairs.strain(this.row)) ?? 1;
  }

  /** p ≤ α. */
  isOdd(pValue: number): boolean {
    return pValue * this.#config.eventsPerAlarm <= 1;
  }

  #load(numbers: Float64Array, at: number, texts: readonly (string | null)[], textAt: number, learns: boolean): void {
    const { row } = this;
    const count = this.#columns.numbers.length;
    for (let i = 0; i < count; i += 1) row[i] = numbers[at + i] as number;
    if (this.#surprisal === undefined) return;
    const values = texts.slice(textAt, textAt + this.#columns.texts.length);
    if (learns) this.#surprisal.observe(values, row, count);
    else this.#surprisal.measure(values, row, count);
  }

  write(writer: StateWriter): void {
    writer.u32(PHASES.indexOf(this.phase));
    writer.f64(this.alarms);
    writeForest(this.forest, writer);
    this.#surprisal?.write(writer);
    writer.u32(this.#held.length);
    writer.numbers(Float64Array.from(this.#held));
    writer.flag(this.#reference !== undefined);
    this.#reference?.write(writer);
    writer.u32(this.#heldStrains.length);
    writer.numbers(Float64Array.from(this.#heldStrains));
    writer.flag(this.#pairs !== undefined);
    writer.flag(this.#strains !== undefined);
    this.#strains?.write(writer);
    this.#budget.write(writer);
    this.alarmShare.write(writer);
    this.episodes.write(writer);
  }

  read(reader: StateReader): void {
    const phase = PHASES[reader.u32()];
    if (phase === undefined) throw reader.refusal('names a phase that is not known');
    this.phase = phase;
    this.alarms = reader.f64();
    this.forest = readForest(reader);
    if (this.forest.settings.dimensions !== this.row.length)
      throw reader.refusal(
        `has a forest of ${this.forest.settings.dimensions} columns; the layout has ${this.row.length}`,
      );
    if (this.#surprisal !== undefined) this.#surprisal = Surprisal.read(reader);
    const held = new Float64Array(reader.u32());
    reader.numbers(held);
    this.#held = Array.from(held);
    this.#reference = reader.flag() ? ReferenceCalibration.read(reader) : undefined;
    if (reader.version >= WITH_PAIRS) this.#readPairs(reader);
    this.#budget.read(reader);
    this.alarmShare.read(reader);
    this.episodes.read(reader);
  }

  #readPairs(reader: StateReader): void {
    const strains = new Float64Array(reader.u32());
    reader.numbers(strains);
    this.#heldStrains = Array.from(strains);
    if (reader.flag()) this.#findPairs();
    this.#strains = reader.flag() ? ReferenceCalibration.read(reader) : undefined;
  }
}
