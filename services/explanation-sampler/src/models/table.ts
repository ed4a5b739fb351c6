/** Rows of a feature set, as explainers and as model servers take them. */
import type { Column, Rows } from '../explain-request.ts';
import type { Cell } from './scoring.ts';

/** Rows as numbers, for the explainer, and back as cells, for the server: categories are numbered. */
export class Table {
  readonly #columns: readonly Column[];
  readonly #categories: readonly string[];

  constructor(columns: readonly Column[], given: readonly Rows[]) {
    this.#columns = columns;
    const all = given.flatMap(({ categorical }) => categorical.flat());
    this.#categories = [...new Set(all.filter((each) => each !== null))];
  }

  rows({ count, numeric, categorical }: Rows): Float64Array[] {
    const width = count === 0 ? 0 : numeric.length / count;
    return Array.from({ length: count }, (_, index) => {
      const used = { numeric: 0, categorical: 0 };
      return Float64Array.from(this.#columns, ({ type }) => {
        const at = used[type]++;
        if (type === 'numeric') return numeric[index * width + at] as number;
        const category = categorical[index]?.[at] ?? null;
        return category === null ? Number.NaN : this.#categories.indexOf(category);
      });
    });
  }

  cells(row: Float64Array): Cell[] {
    return this.#columns.map(({ type }, at) => {
      const value = row[at] as number;
      if (!Number.isFinite(value)) return null;
      return type === 'numeric' ? value : (this.#categories[value] as string);
    });
  }
}
