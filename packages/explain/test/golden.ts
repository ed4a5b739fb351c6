/** Reads the golden files; JSON has no NaN, so null stands for it. */
import { readFileSync } from 'node:fs';

export type Matrix = readonly (readonly number[])[];

export function readGolden<Case>(name: string): { readonly models: readonly Case[] } {
  return JSON.parse(readFileSync(new URL(`./golden/${name}.json`, import.meta.url), 'utf8')) as { models: Case[] };
}

export function rowsOf(rows: readonly (readonly (number | null)[])[]): Float64Array[] {
  return rows.map((row) => Float64Array.from(row, (value) => value ?? Number.NaN));
}

/** One list of outputs per row, also where the library returns one number. */
export function outputsOf(values: readonly (number | readonly number[])[]): number[][] {
  return values.map((value) => (typeof value === 'number' ? [value] : [...value]));
}

/** Largest |a − b| / (1 + |b|). */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let at = 0; at < a.length; at += 1) {
    const difference = Math.abs(a[at]! - b[at]!) / (1 + Math.abs(b[at]!));
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}
