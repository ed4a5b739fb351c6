/** A column of a file as a reference: distinct values and how often each was seen. */
import { MAX_DISTINCT } from '@weir/drift/reference';
import type { ReferenceContent } from '../../control/target.ts';
import { UsageError } from '../../output.ts';
import { shown } from '../../tables/shown.ts';
import type { Values } from '../../tables/table.ts';

export interface Column {
  readonly content: ReferenceContent;
  /** Cells of the file, a count. */
  readonly cells: number;
}

/** Counts numbers. Infinite ones are counted as missing, as a service counts them. */
export class NumberColumn {
  readonly #counts = new Map<number, number>();
  #missing = 0;
  #cells = 0;

  add(values: Values): void {
    for (const each of values) {
      this.#cells += 1;
      // −0 is 0: the two are one value of a column. A whole number beyond 2^53 is what events can hold of it, the nearest float64.
      const value = Number(each) + 0;
      if (Number.isFinite(value)) this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
      else this.#missing += 1;
    }
  }

  /** Undefined without a value. */
  column(sample: number | undefined): Column | undefined {
    if (this.#counts.size === 0) return undefined;
    const values = [...Float64Array.from(this.#counts.keys()).sort()];
    const counts = values.map((value) => this.#counts.get(value) as number);
    const content = { values, categories: null, counts, missing: this.#missing };
    return { content: sample === undefined ? content : sampled(content, sample), cells: this.#cells };
  }
}

/** Counts categories. */
export class TextColumn {
  readonly #counts = new Map<string, number>();
  #missing = 0;
  #cells = 0;

  add(texts: readonly (string | null)[]): void {
    for (const text of texts) {
      this.#cells += 1;
      if (text === null) {
        this.#missing += 1;
        continue;
      }
      const category = text.toWellFormed();
      this.#counts.set(category, (this.#counts.get(category) ?? 0) + 1);
    }
  }

  get distinct(): number {
    return this.#counts.size;
  }

  get present(): number {
    return this.#cells - this.#missing;
  }

  column(): Column | undefined {
    if (this.#counts.size === 0) return undefined;
    // Ascending by their UTF-8 bytes, which UTF-16 does not give.
    const sorted = [...this.#counts.keys()].map((text) => Buffer.from(text)).sort((a, b) => Buffer.compare(a, b));
    const categories = sorted.map((bytes) => bytes.toString());
    const counts = categories.map((category) => this.#counts.get(category) as number);
    return { content: { values: [], categories, counts, missing: this.#missing }, cells: this.#cells };
  }
}

/**
 * `size` values at even steps through the sorted ones: their distribution function is within 1/size of the whole one everywhere. The share of
 * missing values stays. O(distinct).
 */
export function sampled(content: ReferenceContent, size: number): ReferenceContent {
  const total = content.counts.reduce((sum, count) => sum + count, 0);
  if (total <= size) return content;
  const values: number[] = [];
  const counts: number[] = [];
  let seen = 0;
  let taken = 0;
  for (const [at, value] of content.values.entries()) {
    seen += content.counts[at] as number;
    // Steps lie in the middle of equal parts, so that neither end is preferred.
    const upTo = Math.min(size, Math.floor((seen / total) * size + 0.5));
    if (upTo === taken) continue;
    values.push(value);
    counts.push(upTo - taken);
    taken = upTo;
  }
  return { values, categories: null, counts, missing: Math.round((content.missing * size) / total) };
}

/** @throws {UsageError} when a service could not hold it */
export function checkSize(path: string, name: string, { values, categories }: ReferenceContent): void {
  const distinct = (categories ?? values).length;
  if (distinct <= MAX_DISTINCT) return;
  throw new UsageError(
    `${path}: column ${shown(name)} has ${distinct} distinct values, a reference at most ${MAX_DISTINCT}; give --sample 500000, or round the column to its resolution`,
  );
}
