/** Named faults, put into features from a given time on: what a detector should find, and when. */
import { NUMERIC_FEATURES } from './features.ts';

export const FAULTS = {
  unit: 'miles become kilometres (×1.609344), minutes become seconds (×60), anything else tenths (×10)',
  stuck: 'the value at the time of the fault is repeated for ever',
  nulls: 'every second value is missing',
  shift: 'from this column on each holds the values of the column before it, as in a file that lost a separator',
} as const;

export type FaultName = keyof typeof FAULTS;

export interface Fault {
  readonly name: FaultName;
  /** A numeric feature. */
  readonly column: string;
  readonly fromMs: number;
}

const FACTORS: Readonly<Record<string, number>> = { mi: 1.609344, min: 60 };

/** `NAME:COLUMN@TIME`, like `unit:distance@2001-03-01`. @throws {RangeError} naming what is wrong with it and what is possible. */
export function parseFault(text: string): Fault {
  const [, name = '', column = '', time = ''] = /^([^:@]*):([^:@]*)@(.*)$/.exec(text) ?? [];
  const wrong = (rule: string): never => {
    throw new RangeError(`${JSON.stringify(text)} is not a fault; ${rule}, like unit:distance@2001-03-01`);
  };
  if (name === '') wrong('give NAME:COLUMN@TIME');
  if (!(name in FAULTS)) wrong(`NAME is one of ${Object.keys(FAULTS).join(', ')}`);
  const columns = NUMERIC_FEATURES.map((feature) => feature.name as string);
  if (!columns.includes(column)) wrong(`COLUMN is one of ${columns.join(', ')}`);
  const fromMs = Date.parse(time);
  if (!(fromMs >= Date.parse('2001-02-01') && fromMs < Date.parse('2001-07-02')))
    wrong('TIME lies from 2001-02-01 to 2001-07-01');
  return { name: name as FaultName, column, fromMs };
}

/** Applies faults to features in the order of their feature set. Stateful: events must come in order. */
export class Injector {
  readonly #faults: readonly { readonly fault: Fault; readonly at: number; held: number | undefined; seen: number }[];

  constructor(faults: readonly Fault[]) {
    this.#faults = faults.map((fault) => ({
      fault,
      at: NUMERIC_FEATURES.findIndex(({ name }) => name === fault.column),
      held: undefined,
      seen: 0,
    }));
  }

  apply(features: number[], eventTimeMs: number): void {
    for (const entry of this.#faults) {
      const { fault, at } = entry;
      if (eventTimeMs < fault.fromMs) continue;
      const value = features[at] as number;
      entry.seen += 1;
      entry.held ??= value;
      if (fault.name === 'unit') features[at] = value * (FACTORS[NUMERIC_FEATURES[at]?.unit ?? ''] ?? 10);
      else if (fault.name === 'stuck') features[at] = entry.held;
      else if (fault.name === 'nulls') features[at] = entry.seen % 2 === 0 ? Number.NaN : value;
      else {
        // The first column has none before it and keeps its own values.
        const from = Math.max(0, at - 1);
        features.splice(from + 1, features.length, ...features.slice(from, -1));
      }
    }
  }
}
