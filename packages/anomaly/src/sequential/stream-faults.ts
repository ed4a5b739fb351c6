/**
 * All sequential tests of a stream, made from the profile of its reference: null rate, stuck value, cardinality, recoding, change of
 * unit, shifted columns, volume and absence. Together they raise at most one false alarm per `eventsPerFalseAlarm` events on average
 * while events are independent and of the reference's law: each of T tests gets T times that number.
 */
import { checkWhole } from '../anomaly-error.ts';
import type { QualityEvent } from '../quality/event.ts';
import type { CategoricalProfile, NumericProfile, Profile } from '../quality/profile.ts';
import { wilsonLower } from '../quality/wilson.ts';
import type { StateKind } from '../state/state-kind.ts';
import { StateReader } from '../state/state-reader.ts';
import { StateWriter } from '../state/state-writer.ts';
import { DISTINCT_WINDOW, DistinctRate, hashText } from './distinct-rate.ts';
import { DistributionFaults } from './distribution-faults.ts';
import { EVENTS_PER_FALSE_ALARM, type Fault, type FaultKind } from './fault.ts';
import { RecodingTest } from './recoding.ts';
import { ShareRise } from './share-rise.ts';
import { StuckValue } from './stuck-value.ts';
import { Volume, type VolumeReference } from './volume.ts';

export const FAULTS_STATE: StateKind = { id: 2, name: 'faults', version: 3, oldest: 1 };

export interface FaultSettings {
  readonly eventsPerFalseAlarm?: number;
  /** Absent: neither volume nor absence is tested. */
  readonly volume?: VolumeReference;
}

/** A null share above this is not tested for a rise: half of the events without the field are no fault then. */
const MAX_NULL_SHARE = 0.3;
/** Values of which all are kept, and each came this often on average, form a closed set. */
const MAX_CLOSED = 256;
const MIN_REPEATS = 2;

export class StreamFaults {
  readonly #numeric: readonly NumericTests[];
  readonly #categorical: readonly CategoricalTests[];
  readonly #distribution: DistributionFaults;
  readonly #volume: Volume | undefined;
  readonly #found: Fault[] = [];
  #events = 0;

  /** @throws {AnomalyError} BAD_SETTING. */
  constructor(profile: Profile, settings: FaultSettings = {}) {
    const { eventsPerFalseAlarm = EVENTS_PER_FALSE_ALARM, volume } = settings;
    checkWhole('eventsPerFalseAlarm', eventsPerFalseAlarm, 1_000, 1e12);
    const tests = 2 * profile.numeric.length + 3 * profile.categorical.length + 2;
    const each = eventsPerFalseAlarm * tests;
    this.#numeric = profile.numeric.map((column) => numericTests(column, column.rows ?? profile.rows, each));
    this.#categorical = profile.categorical.map((column) =>
      categoricalTests(column, column.rows ?? profile.rows, each),
    );
    this.#distribution = new DistributionFaults(profile.numeric, each);
    this.#volume = volume === undefined ? undefined : new Volume(volume, each);
  }

  /**
   * One event; the faults that begin with it, usually none. The array is valid until the next call. O(columns).
   * @param timeMs when it came, for volume and absence
   */
  add(event: QualityEvent, timeMs: number): readonly Fault[] {
    const found = this.#found;
    if (found.length > 0) found.length = 0;
    this.#events += 1;
    const distribution = this.#distribution.add(event.numeric);
    if (distribution.length > 0) found.push(...distribution);
    for (let i = 0; i < this.#numeric.length; i += 1)
      addNumber(this.#numeric[i] as NumericTests, event.numeric[i] as number, this.#events, found);
    for (let i = 0; i < this.#categorical.length; i += 1)
      addText(this.#categorical[i] as CategoricalTests, event.categorical[i] ?? null, this.#events, found);
    const volume = this.#volume?.add(timeMs);
    if (volume !== undefined) found.push(volume);
    return found;
  }

  /** Time has come to `nowMs`: the absence that begins, if any. */
  tick(nowMs: number): Fault | undefined {
    return this.#volume?.tick(nowMs);
  }

  /** Whether a fault that was raised still holds. @param field as the fault names it. O(columns). */
  isOpen(fault: FaultKind, field: string): boolean {
    if (fault === 'volume' || fault === 'absence') return this.#volume?.open === fault;
    if (fault === 'unit-change' || fault === 'shifted-columns') return this.#distribution.isOpen(fault, field);
    const number = this.#numeric.find(({ name }) => name === field);
    if (fault === 'stuck-value') return number?.stuck.open === true;
    const text = this.#categorical.find(({ name }) => name === field);
    if (fault === 'null-rate') return (number ?? text)?.nulls?.open === true;
    return text?.recoding?.open === true || (fault === 'cardinality' && text?.distinct.open === true);
  }

  save(): ArrayBuffer {
    const writer = new StateWriter();
    this.write(writer);
    return writer.finish(FAULTS_STATE);
  }

  /** Takes up a state that was saved with the same profile and settings. @throws {AnomalyError} BAD_STATE, OLD_STATE. */
  restore(state: ArrayBuffer): void {
    const reader = new StateReader(state, FAULTS_STATE);
    this.read(reader);
    reader.end();
  }

  /** Part of a larger state. */
  write(writer: StateWriter): void {
    for (const count of [this.#numeric.length, this.#categorical.length]) writer.u32(count);
    writer.flag(this.#volume !== undefined);
    writer.f64(this.#events);
    for (const part of this.#parts()) part.write(writer);
  }

  /** @throws {AnomalyError} BAD_STATE when the state is of other columns. */
  read(reader: StateReader): void {
    const [numeric, categorical, volume] = [reader.u32(), reader.u32(), reader.flag()];
    const [wantedNumeric, wantedCategorical] = [this.#numeric.length, this.#categorical.length];
    if (numeric !== wantedNumeric || categorical !== wantedCategorical || volume !== (this.#volume !== undefined))
      throw reader.refusal(
        `is of ${numeric} numeric and ${categorical} categorical columns ${volume ? 'with' : 'without'} volume; the profile has ${wantedNumeric} and ${wantedCategorical}: restore it with the profile it was saved with`,
      );
    this.#events = reader.f64();
    for (const part of this.#parts()) part.read(reader);
  }

  *#parts(): Iterable<{ write(writer: StateWriter): void; read(reader: StateReader): void }> {
    for (const { nulls, stuck } of this.#numeric) yield* [nulls, stuck].filter((test) => test !== undefined);
    for (const { nulls, distinct, recoding } of this.#categorical)
      yield* [nulls, distinct, recoding].filter((test) => test !== undefined);
    yield this.#distribution;
    if (this.#volume !== undefined) yield this.#volume;
  }
}

interface NumericTests {
  readonly name: string;
  readonly nulls: ShareRise | undefined;
  readonly stuck: StuckValue;
}

interface CategoricalTests {
  readonly name: string;
  readonly nulls: ShareRise | undefined;
  readonly distinct: DistinctRate;
  readonly recoding: RecodingTest | undefined;
}

function nullTest(present: number, rows: number, eventsPerFalseAlarm: number): ShareRise | undefined {
  const share = 1 - wilsonLower(rows, present);
  return share > MAX_NULL_SHARE ? undefined : new ShareRise(share, eventsPerFalseAlarm);
}

function numericTests(profile: NumericProfile, rows: number, eventsPerFalseAlarm: number): NumericTests {
  const pairs = Math.max(1, profile.present - 1);
  const repeatShare = 1 - wilsonLower(pairs, pairs - profile.repeats);
  return {
    name: profile.name,
    nulls: nullTest(profile.present, rows, eventsPerFalseAlarm),
    stuck: new StuckValue(repeatShare, profile.longestRun, eventsPerFalseAlarm),
  };
}

function categoricalTests(profile: CategoricalProfile, rows: number, eventsPerFalseAlarm: number): CategoricalTests {
  const isClosed =
    profile.distinct <= MAX_CLOSED && profile.present >= MIN_REPEATS * profile.distinct && profile.present > 0;
  return {
    name: profile.name,
    nulls: nullTest(profile.present, rows, eventsPerFalseAlarm),
    distinct: new DistinctRate(profile.windowDistinct, profile.windows, eventsPerFalseAlarm),
    recoding: isClosed ? new RecodingTest(profile, eventsPerFalseAlarm) : undefined,
  };
}

function addNumber(tests: NumericTests, value: number, position: number, found: Fault[]): void {
  const { name, nulls, stuck } = tests;
  const missing = Number.isNaN(value);
  if (nulls?.add(missing)) found.push(nullFault(name, nulls));
  if (!missing && stuck.add(value))
    found.push({
      fault: 'stuck-value',
      field: name,
      since: position - stuck.run + 1,
      factor: stuck.run,
      share: 1,
      ...(Number.isFinite(value) ? { value } : {}),
      detail: `the last ${stuck.run} values are ${value}; the reference allows runs below ${stuck.limit}`,
    });
}

function addText(tests: CategoricalTests, value: string | null, position: number, found: Fault[]): void {
  const { name, nulls, distinct, recoding } = tests;
  if (nulls?.add(value === null)) found.push(nullFault(name, nulls));
  if (value === null) return;
  const recoded = recoding?.add(value);
  if (recoded !== undefined) found.push(recoded);
  if (distinct.add(hashText(value)) && recoding?.open !== true)
    found.push({
      fault: 'cardinality',
      field: name,
      since: Math.max(1, position - DISTINCT_WINDOW + 1),
      factor: distinct.distinct / distinct.expected,
      share: Math.min(1, Math.abs(distinct.distinct - distinct.expected) / DISTINCT_WINDOW),
      detail: `${distinct.distinct} distinct among ${DISTINCT_WINDOW} values; the reference has ${distinct.expected.toFixed(1)} ± ${distinct.slack.toFixed(1)}`,
    });
}

function nullFault(field: string, test: ShareRise): Fault {
  return {
    fault: 'null-rate',
    field,
    since: test.since,
    factor: test.share / test.p0,
    share: test.share,
    detail: `${(test.share * 100).toFixed(2)} % are missing; the reference allows ${(test.p0 * 100).toFixed(2)} %`,
  };
}
