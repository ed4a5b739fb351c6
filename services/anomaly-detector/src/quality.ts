/** Rules and sequential tests over the columns of one layout that have a reference, and the alerts about them that are open. */
import type { OpenAlert } from '@weir/alerts/open-alert';
import { CODE_NAMES, CODES, type ViolationCode } from '@weir/anomaly/quality/codes';
import type { QualityEvent } from '@weir/anomaly/quality/event';
import { inferRules } from '@weir/anomaly/quality/infer';
import type { Profile } from '@weir/anomaly/quality/profile';
import { RuleTable } from '@weir/anomaly/quality/rule-table';
import type { SerialProfile } from '@weir/anomaly/quality/serial-profile';
import { wilsonLower } from '@weir/anomaly/quality/wilson';
import { MAX_STRAYS } from '@weir/anomaly/sequential/column-laws';
import type { Fault, FaultKind } from '@weir/anomaly/sequential/fault';
import { ShareRise } from '@weir/anomaly/sequential/share-rise';
import { StreamFaults } from '@weir/anomaly/sequential/stream-faults';
import type { StateReader } from '@weir/anomaly/state/state-reader';
import type { StateWriter } from '@weir/anomaly/state/state-writer';
import { EventTimes } from './event-times.ts';
import { profileFrom, type Referenced } from './monitored-columns.ts';

/** Shares of violating events up to this are no fault: single odd values are the forest's to find. */
const MIN_SHARE = 1e-3;
const MAX_SHARE = 0.3;
/** Rules of which a rise is tested here. Missing values and unseen categories have tests of their own among the faults. */
const TESTED: readonly ViolationCode[] = ['INF', 'BELOW_MIN', 'ABOVE_MAX', 'NOT_INTEGER', 'BAD_LENGTH', 'BAD_PATTERN'];
/**
 * Events that a rise of violations, or a stuck value, waits for an explanation, such as a change of unit: three windows of the tests that
 * explain, of which one is not wholly changed and two must agree.
 */
const PATIENCE = 768;

/** Counts of one rule of one field. */
export interface Violations {
  readonly field: number;
  readonly rule: ViolationCode;
  count: number;
  /** Null for rules of which no rise is tested. */
  readonly test: ShareRise | null;
  /** Number of the event until which a rise waits for an explanation; 0 = none waits. */
  waitsUntil: number;
}

/** A fault as alerts name it: one of a sequential test, or the rise of a rule's violations. */
export type QualityFault = FaultKind | ViolationCode;

export interface OpenQuality {
  readonly fault: QualityFault;
  readonly field: string;
  /** As raised: detail, factor and when it began. */
  readonly found: Fault;
  alert: OpenAlert;
  /** Events since it was raised and those of them that were affected, until its size has been measured. */
  seen: number;
  hits: number;
}

/** A fault that waits for an explanation until the event of number `until`. */
interface Waiting {
  readonly fault: QualityFault;
  readonly found: Fault;
  readonly until: number;
}

/** What comes of an event; `raised` faults are not open before `open` was told of them. */
export interface QualityFindings {
  /** Fields that broke a rule. */
  readonly violations: number;
  readonly raised: readonly { readonly fault: QualityFault; readonly found: Fault }[];
}

export class Quality {
  readonly referenced: Referenced;
  readonly profile: Profile;
  readonly table: RuleTable;
  readonly times: EventTimes = new EventTimes();
  /** By field and rule, in order of the first violation. */
  readonly violations: Map<string, Violations> = new Map();
  readonly open: Map<string, OpenQuality> = new Map();
  /** The event in hand, as rules see it. */
  readonly event: QualityEvent & { readonly numeric: Float64Array; readonly categorical: (string | null)[] };
  /** Events that broke a rule. */
  violating = 0;
  /** Whether tests know the order of clean events, and the number of the event before their first. */
  hasOrder: boolean;
  /** Columns whose values depend on those before them, or are not of their reference's law: part of their windows differs from it. */
  dependent: readonly { readonly name: string; readonly strayShare: number }[] = [];
  #faultsFrom = 0;
  #faults: StreamFaults;
  /** Stuck values that wait for an explanation, with the number of the event until which they do. */
  #waiting: Waiting[] = [];
  readonly #eventsBetweenFalseAlarms: number;

  /** @param serial undefined: the tests that need the order of values do not raise */
  constructor(referenced: Referenced, serial: SerialProfile | undefined, eventsBetweenFalseAlarms: number) {
    this.referenced = referenced;
    this.hasOrder = serial !== undefined;
    this.profile = profileFrom(referenced, serial);
    this.dependent = dependentIn(this.profile);
    this.table = new RuleTable(inferRules(this.profile));
    this.#eventsBetweenFalseAlarms = eventsBetweenFalseAlarms;
    this.#faults = this.#newFaults(this.profile);
    this.event = {
      numeric: new Float64Array(referenced.numbers.length),
      categorical: referenced.texts.map(() => null),
    };
  }

  /** Twice the promised distance for each half: sequential tests of the stream, and rises of violations. */
  #newFaults(profile: Profile): StreamFaults {
    return new StreamFaults(profile, { eventsPerFalseAlarm: 2 * this.#eventsBetweenFalseAlarms });
  }

  /** The order of clean events is known: tests begin anew with it. No alert of theirs may be open. */
  takeOrder(serial: SerialProfile): void {
    this.hasOrder = true;
    this.#faultsFrom = this.times.count;
    this.#waiting = [];
    const profile = profileFrom(this.referenced, serial);
    this.dependent = dependentIn(profile);
    this.#faults = this.#newFaults(profile);
  }

  /** Takes the columns with a reference out of an event's arrays. */
  load(numbers: Float64Array, at: number, texts: readonly (string | null)[], textAt: number): void {
    const { numeric, categorical } = this.event;
    for (let i = 0; i < numeric.length; i += 1)
      numeric[i] = numbers[at + (this.referenced.numbers[i] as { at: number }).at] as number;
    for (let i = 0; i < categorical.length; i += 1)
      categorical[i] = texts[textAt + (this.referenced.texts[i] as { at: number }).at] ?? null;
  }

  /** The loaded event. O(columns), allocates only for what it finds. */
  add(eventTimeMs: number): QualityFindings {
    this.times.add(eventTimeMs);
    const found = this.#faults.add(this.event, eventTimeMs);
    const violations = this.table.check(this.event);
    if (violations > 0) this.#count();
    if (found.length === 0 && this.violations.size === 0 && this.#waiting.length === 0) return NONE;
    const raised: { readonly fault: QualityFault; readonly found: Fault }[] = [];
    for (const each of found) {
      const fault = { fault: each.fault, found: { ...each, since: this.#faultsFrom + each.since } };
      if (each.fault === 'stuck-value') this.#waiting.push({ ...fault, until: this.times.count + PATIENCE });
      else raised.push(fault);
    }
    this.#endWaiting(raised);
    this.#rises(raised);
    return { violations, raised };
  }

  #count(): void {
    this.violating += 1;
    for (const [field, bits] of this.table.violations.entries()) {
      if (bits === 0) continue;
      for (const rule of CODE_NAMES) {
        if ((bits & CODES[rule]) === 0) continue;
        const key = `${field} ${rule}`;
        const known = this.violations.get(key);
        if (known === undefined) {
          const test = TESTED.includes(rule) ? this.#newTest(field) : null;
          this.violations.set(key, { field, rule, count: 1, test, waitsUntil: 0 });
        } else known.count += 1;
      }
    }
  }

  #newTest(field: number): ShareRise {
    const columns = [...this.profile.numeric, ...this.profile.categorical];
    const rows = columns[field]?.rows ?? 0;
    const share = rows === 0 ? MAX_SHARE : 1 - wilsonLower(rows, rows);
    const tests = Math.max(1, columns.length) * TESTED.length;
    return new ShareRise(Math.min(MAX_SHARE, Math.max(MIN_SHARE, share)), 2 * this.#eventsBetweenFalseAlarms * tests);
  }

  #endWaiting(raised: { readonly fault: QualityFault; readonly found: Fault }[]): void {
    const first = this.#waiting[0];
    if (first === undefined || this.times.count < first.until) return;
    this.#waiting.shift();
    const { fault, found } = first;
    if (this.#faults.isOpen('stuck-value', found.field) && !this.#isExplained(found.field))
      raised.push({ fault, found });
  }

  /** Adds rises of violations that have waited for an explanation and found none. */
  #rises(raised: { readonly fault: QualityFault; readonly found: Fault }[]): void {
    const now = this.times.count;
    for (const entry of this.violations.values()) {
      const { test, rule } = entry;
      if (test === null) continue;
      if (test.add(((this.table.violations[entry.field] as number) & CODES[rule]) !== 0))
        entry.waitsUntil = now + PATIENCE;
      if (entry.waitsUntil === 0 || now < entry.waitsUntil) continue;
      entry.waitsUntil = 0;
      const field = this.table.fields[entry.field] as string;
      if (!test.open || this.#isExplained(field) || this.#faults.isOpen('stuck-value', field)) continue;
      const since = now - test.events + test.since;
      const detail = `${(100 * test.share).toFixed(2)} % of events; the reference allows ${(100 * test.p0).toFixed(2)} %`;
      // A violation is no kind of fault of its own; alerts name it by the rule.
      raised.push({
        fault: rule,
        found: { fault: 'volume', field, since, factor: test.share / test.p0, share: test.share, detail },
      });
    }
  }

  #isExplained(field: string): boolean {
    return EXPLANATIONS.some((fault) => this.#faults.isOpen(fault, field));
  }

  /** Whether the fault of an open alert still holds. */
  holds({ fault, field }: Pick<OpenQuality, 'fault' | 'field'>): boolean {
    if (!isRule(fault)) return this.#faults.isOpen(fault, field);
    return this.violations.get(`${this.table.fields.indexOf(field)} ${fault}`)?.test?.open === true;
  }

  /** Share of affected events that is no fault. */
  shareAllowed({ fault, field }: Pick<OpenQuality, 'fault' | 'field'>): number {
    if (isRule(fault)) return this.violations.get(`${this.table.fields.indexOf(field)} ${fault}`)?.test?.p0 ?? 0;
    if (fault !== 'null-rate') return 0;
    const { numeric, categorical } = this.table.rules;
    return 1 - ([...numeric, ...categorical].find(({ name }) => name === field)?.presence.atLeast ?? 1);
  }

  /** Whether the event in hand is affected by a fault that affects single events; true for those that affect all. */
  isHit({ fault, field }: Pick<OpenQuality, 'fault' | 'field'>): boolean {
    if (isRule(fault))
      return ((this.table.violations[this.table.fields.indexOf(field)] as number) & CODES[fault]) !== 0;
    if (fault !== 'null-rate') return true;
    const number = this.referenced.numbers.findIndex(({ reference }) => reference.column === field);
    if (number >= 0) return Number.isNaN(this.event.numeric[number]);
    return (
      this.event.categorical[this.referenced.texts.findIndex(({ reference }) => reference.column === field)] === null
    );
  }

  write(writer: StateWriter): void {
    writer.flag(this.hasOrder);
    writer.f64(this.#faultsFrom);
    writer.f64(this.violating);
    this.times.write(writer);
    this.#faults.write(writer);
    writer.text(JSON.stringify(this.#waiting));
    writer.u32(this.violations.size);
    for (const { field, rule, count, test, waitsUntil } of this.violations.values()) {
      writer.u32(field);
      writer.text(rule);
      writer.f64(count);
      writer.f64(waitsUntil);
      test?.write(writer);
    }
  }

  /** @param serial as it was when the state was written */
  read(reader: StateReader, serial: SerialProfile): void {
    if (reader.flag()) this.takeOrder(serial);
    this.#faultsFrom = reader.f64();
    this.violating = reader.f64();
    this.times.read(reader);
    this.#faults.read(reader);
    this.#waiting = JSON.parse(reader.text()) as Waiting[];
    for (let left = reader.u32(); left > 0; left -= 1) {
      const [field, rule] = [reader.u32(), reader.text() as ViolationCode];
      if (field >= this.table.fields.length || !CODE_NAMES.includes(rule))
        throw reader.refusal(`counts violations of ${rule} by field ${field}`);
      const [count, waitsUntil] = [reader.f64(), reader.f64()];
      const test = TESTED.includes(rule) ? this.#newTest(field) : null;
      test?.read(reader);
      this.violations.set(`${field} ${rule}`, { field, rule, count, test, waitsUntil });
    }
  }
}

const NONE: QualityFindings = { violations: 0, raised: [] };
/** Faults that say why values lie outside their bounds. */
const EXPLANATIONS: readonly FaultKind[] = ['unit-change', 'shifted-columns', 'recoding'];

function dependentIn({ numeric }: Profile): Quality['dependent'] {
  return numeric.flatMap(({ name, strayShare = 0 }) => (strayShare > MAX_STRAYS ? [{ name, strayShare }] : []));
}

export function isRule(fault: QualityFault): fault is ViolationCode {
  return fault in CODES;
}
