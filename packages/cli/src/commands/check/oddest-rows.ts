import type { RowScore } from './row-scores.ts';

export interface OddRow extends RowScore {
  readonly row: number;
  readonly numbers: Float64Array;
  readonly texts: readonly (string | null)[];
}

/** The rows with the highest scores, of any number that come: at most `limit` are kept. O(limit) for a row that is kept. */
export class OddestRows {
  readonly #limit: number;
  readonly #rows: OddRow[] = [];
  #count = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Descending by score; of equal ones the first comes first. */
  get rows(): readonly OddRow[] {
    return this.#rows;
  }

  /** All that came. */
  get count(): number {
    return this.#count;
  }

  add(row: number, found: RowScore, numbers: Float64Array, texts: readonly (string | null)[]): void {
    this.#count += 1;
    const place = this.#rows.findLastIndex(({ score }) => score >= found.score) + 1;
    if (place >= this.#limit) return;
    this.#rows.splice(place, 0, { ...found, row, numbers: numbers.slice(), texts: [...texts] });
    if (this.#rows.length > this.#limit) this.#rows.pop();
  }
}
