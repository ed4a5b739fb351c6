import { checkWhole } from '../anomaly-error.ts';
import { mix } from '../counter-random.ts';
import { hashText } from '../sequential/distinct-rate.ts';
import type { StateKind } from '../state/state-kind.ts';
import { StateReader } from '../state/state-reader.ts';
import { StateWriter } from '../state/state-writer.ts';
import { DecayedCounts } from './decayed-counts.ts';

export const SURPRISAL_STATE: StateKind = { id: 3, name: 'surprisal', version: 1, oldest: 1 };

/** Counts below this are taken for a first sight. */
const SEEN = 0.5;
const DEFAULT_HALF_LIFE = 10_000;

/**
 * Categorical columns as numbers for the forest: surprisal −ln P(value) per column, and one more number, the highest lift that a pair of
 * neighbouring columns lacks, −ln of P(a, b)/(P(a)·P(b)) where it is positive: usual values in an unusual combination.
 * A value that is not known has the mass of the unseen by Good and Turing: first sights over events, both decayed, so that
 * a new value is no surprise in a column where most are new. Missing is NaN: the
 * forest takes it as missing. Everything is learnt with a half-life, so that a new category becomes usual. Surprises first, learns after.
 * O(columns) per event, 16 KB per column and pair; allocates nothing but what hashing a text needs.
 * Sources: Good (1953), The population frequencies of species; pairs as in Bhatia et al. (2021), MStream.
 */
export class Surprisal {
  readonly columns: number;
  readonly #values: readonly DecayedCounts[];
  readonly #pairs: readonly DecayedCounts[];
  /** Decayed first sights per column. */
  readonly #first: Float64Array;
  readonly #decay: number;
  readonly #hashes: Uint32Array;

  /** @param columns 1 to 256; @param halfLife events. @throws {AnomalyError} BAD_SETTING. */
  constructor(columns: number, halfLife: number = DEFAULT_HALF_LIFE) {
    checkWhole('columns', columns, 1, 256);
    checkWhole('halfLife', halfLife, 1, 1_000_000_000);
    this.columns = columns;
    this.#values = Array.from({ length: columns }, () => new DecayedCounts(halfLife));
    this.#pairs = Array.from({ length: columns - 1 }, () => new DecayedCounts(halfLife));
    this.#first = new Float64Array(columns);
    this.#decay = 2 ** (-1 / halfLife);
    this.#hashes = new Uint32Array(columns);
  }

  /** Numbers that `observe` writes: one per column, and one for the pairs. */
  get size(): number {
    return this.columns + 1;
  }

  get bytes(): number {
    return [...this.#values, ...this.#pairs].reduce((sum, { bytes }) => sum + bytes, 16 * this.columns);
  }

  /** Writes `size` numbers to `into` from `offset` on, then learns the values. */
  observe(values: ArrayLike<string | null>, into: Float64Array, offset: number): void {
    this.measure(values, into, offset);
    this.#learn();
  }

  /** As `observe`, but learns nothing: what a score that is compared with a reference needs. */
  measure(values: ArrayLike<string | null>, into: Float64Array, offset: number): void {
    const hashes = this.#hashes;
    for (let column = 0; column < this.columns; column += 1) {
      const value = values[column] ?? null;
      hashes[column] = value === null ? 0 : hashText(value);
      into[offset + column] = value === null ? Number.NaN : this.#surprisalOf(column);
    }
    into[offset + this.columns] = this.#pairSurprisal();
  }

  #surprisalOf(column: number): number {
    const counts = this.#values[column] as DecayedCounts;
    const total = counts.total;
    if (total === 0) return 0;
    const unseen = ((this.#first[column] as number) + 1) / (total + 2);
    const count = counts.countOf(this.#hashes[column] as number);
    return -Math.log(count < SEEN ? unseen : ((1 - unseen) * count) / total);
  }

  #pairSurprisal(): number {
    let largest = 0;
    for (let left = 0; left + 1 < this.columns; left += 1) {
      const a = this.#hashes[left] as number;
      const b = this.#hashes[left + 1] as number;
      if (a === 0 || b === 0) continue;
      const total = (this.#values[left] as DecayedCounts).total;
      const expected =
        ((this.#values[left] as DecayedCounts).countOf(a) * (this.#values[left + 1] as DecayedCounts).countOf(b)) /
        Math.max(1, total);
      const found = (this.#pairs[left] as DecayedCounts).countOf(pairHash(a, b));
      largest = Math.max(largest, Math.log((expected + 1) / (found + 1)));
    }
    return largest;
  }

  #learn(): void {
    const hashes = this.#hashes;
    for (let column = 0; column < this.columns; column += 1) {
      const hash = hashes[column] as number;
      if (hash === 0) continue;
      const counts = this.#values[column] as DecayedCounts;
      const isFirst = counts.countOf(hash) < SEEN;
      this.#first[column] = (this.#first[column] as number) * this.#decay + (isFirst ? 1 : 0);
      counts.add(hash);
      const next = hashes[column + 1] ?? 0;
      if (next !== 0) (this.#pairs[column] as DecayedCounts).add(pairHash(hash, next));
    }
  }

  save(): ArrayBuffer {
    const writer = new StateWriter();
    this.write(writer);
    return writer.finish(SURPRISAL_STATE);
  }

  static restore(state: ArrayBuffer): Surprisal {
    const reader = new StateReader(state, SURPRISAL_STATE);
    const surprisal = Surprisal.read(reader);
    reader.end();
    return surprisal;
  }

  write(writer: StateWriter): void {
    writer.u32(this.columns);
    writer.f64((this.#values[0] as DecayedCounts).halfLife);
    writer.numbers(this.#first);
    for (const counts of [...this.#values, ...this.#pairs]) counts.write(writer);
  }

  /** @throws {AnomalyError} BAD_STATE, BAD_SETTING. */
  static read(reader: StateReader): Surprisal {
    const surprisal = new Surprisal(reader.u32(), reader.f64());
    reader.numbers(surprisal.#first);
    for (const counts of [...surprisal.#values, ...surprisal.#pairs]) counts.read(reader);
    return surprisal;
  }
}

function pairHash(a: number, b: number): number {
  return mix(Math.imul(a, 0x9e37_79b1) ^ b) || 1;
}
