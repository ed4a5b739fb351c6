/** References as clients send them: distinct values with counts, or samples, as JSON; or one column as CSV (RFC 4180). */
import Type, { type TSchema } from 'typebox';
import { checkedBody, invalid } from './body.ts';
import { type Breach, Problem } from './problem.ts';

/** As `ReferenceSet` holds it. */
export interface ReferenceContent {
  /** Distinct, ascending, finite; empty for a categorical column. */
  readonly values: readonly number[];
  /** Distinct, ascending by UTF-8; null for a numeric column. */
  readonly categories: readonly string[] | null;
  /** One for each value or category, ≥ 1. */
  readonly counts: readonly number[];
  readonly missing: number;
}

const MAX_DISTINCT = 1_048_576;
const MAX_CATEGORY = 10_000;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const MISSING: ReadonlySet<string> = new Set(['', 'na', 'nan', 'null']);

/** Items are checked by hand: there may be millions. */
const Items = Type.Unsafe<readonly unknown[]>({ type: 'array', maxItems: 10_000_000 });
const Shape = Type.Object(
  {
    values: Type.Optional(Items),
    categories: Type.Optional(Items),
    samples: Type.Optional(Items),
    counts: Type.Optional(Items),
    missing: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    source: Type.Optional(Type.String({ maxLength: 1_000 })),
  },
  { additionalProperties: false },
);

/** For the OpenAPI document. */
export const ReferenceSchema: TSchema = Type.Object(
  {
    values: Type.Optional(Type.Array(Type.Number(), { description: 'numbers that were seen, with `counts`' })),
    categories: Type.Optional(Type.Array(Type.String(), { description: 'categories that were seen, with `counts`' })),
    samples: Type.Optional(
      Type.Array(Type.Union([Type.Number(), Type.String(), Type.Null()]), {
        description: 'instead: every number or every category as it came; null is missing',
      }),
    ),
    counts: Type.Optional(
      Type.Array(Type.Integer({ minimum: 1 }), { description: 'how often each was seen; 1 each without' }),
    ),
    missing: Type.Optional(Type.Integer({ minimum: 0, description: 'missing values, beside nulls of `samples`' })),
    source: Type.Optional(Type.String({ maxLength: 1_000, description: 'where it comes from, for people' })),
  },
  { $id: 'Reference', additionalProperties: false, description: 'one of `values`, `categories` and `samples`' },
);
export const ReferenceCsv: TSchema = Type.String({
  description:
    'a header `value` or `category`, optionally `,count`, and a row for each value; empty, NA, NaN and null are missing',
});

/** @throws {Problem} UNPROCESSABLE */
export function referenceOfJson(body: unknown): ReferenceContent & { readonly source: string } {
  const { values, categories, samples, counts, missing = 0, source = '' } = checkedBody(Shape, body);
  const given = [values, categories, samples].filter((each) => each !== undefined);
  const [items = []] = given;
  if (given.length !== 1)
    throw invalid([{ pointer: '', message: 'must have exactly one of values, categories and samples' }]);
  if (samples !== undefined && counts !== undefined)
    throw invalid([{ pointer: '/counts', message: 'goes with values or categories; samples are counted here' }]);
  if (counts !== undefined && counts.length !== items.length)
    throw invalid([
      { pointer: '/counts', message: `has ${counts.length} items, must have one for each of ${items.length}` },
    ]);
  const name = values === undefined ? (categories === undefined ? 'samples' : 'categories') : 'values';
  const isText = name === 'categories' || (name === 'samples' && items.some((each) => typeof each === 'string'));
  const tally = new Tally(isText);
  for (const [index, item] of items.entries()) {
    const count = counts?.[index] ?? 1;
    const fault = item === null && name === 'samples' ? tally.miss(1) : tally.add(item, count);
    if (fault !== undefined) throw invalid([{ pointer: `/${fault.field ?? name}/${index}`, message: fault.message }]);
  }
  tally.miss(missing);
  return { ...tally.content(), source };
}

/** @throws {Problem} UNPROCESSABLE naming the line */
export function referenceOfCsv(text: string): ReferenceContent {
  const rows = csvRows(text);
  const header = (rows.next().value?.cells ?? []).map((cell) => cell.trim().toLowerCase());
  const [column, second] = header;
  if ((column !== 'value' && column !== 'category') || header.length > 2 || (header.length === 2 && second !== 'count'))
    throw refused(
      1,
      `the header is ${JSON.stringify(header.join(','))}; it must be value or category, optionally with ,count`,
    );
  const tally = new Tally(column === 'category');
  for (const { line, cells } of rows) {
    const [cell = '', counted = '1'] = cells;
    if (cells.length !== header.length)
      throw refused(line, `it has ${cells.length} cells, the header ${header.length}`);
    const count = /^\d{1,15}$/.test(counted.trim()) ? Number(counted) : Number.NaN;
    const word = cell.trim();
    const value = column === 'category' ? cell : NUMBER.test(word) ? Number(word) : word;
    const fault = MISSING.has(word.toLowerCase()) ? tally.miss(count) : tally.add(value, count);
    if (fault !== undefined) throw refused(line, `${JSON.stringify(cells.join(','))} ${fault.message}`);
  }
  return tally.content();
}

interface Fault {
  readonly field?: string;
  readonly message: string;
}

/** Gathers values or categories with their counts. */
class Tally {
  readonly #isText: boolean;
  readonly #values: number[] = [];
  readonly #counts: number[] = [];
  readonly #categories = new Map<string, number>();
  #missing = 0;

  constructor(isText: boolean) {
    this.#isText = isText;
  }

  add(item: unknown, count: unknown): Fault | undefined {
    if (!isCount(count))
      return { field: 'counts', message: `has the count ${String(count)}; it must be a whole number of 1 or more` };
    if (!this.#isText) {
      if (typeof item !== 'number' || !Number.isFinite(item))
        return { message: 'must be a finite number; count missing values in missing' };
      // −0 is 0: the two are one value of a column.
      this.#values.push(item + 0);
      this.#counts.push(count);
      return undefined;
    }
    if (typeof item !== 'string' || item.length > MAX_CATEGORY || !item.isWellFormed())
      return { message: `must be text of at most ${MAX_CATEGORY} characters, like the others` };
    this.#categories.set(item, (this.#categories.get(item) ?? 0) + count);
    return undefined;
  }

  miss(count: number): Fault | undefined {
    if (!(Number.isSafeInteger(count) && count >= 0))
      return { field: 'counts', message: 'has a count that is no whole number' };
    this.#missing += count;
    return undefined;
  }

  content(): ReferenceContent {
    const [values, categories, counts] = this.#isText ? this.#text() : this.#numbers();
    if (counts.length === 0)
      throw invalid([{ pointer: '', message: 'has no value; take the reference from a period with data' }]);
    if (counts.length > MAX_DISTINCT)
      throw invalid([
        {
          pointer: '',
          message: `has ${counts.length} distinct values, at most ${MAX_DISTINCT} are allowed; sample them, or round to the resolution of the column`,
        },
      ]);
    if (!Number.isSafeInteger(counts.reduce((sum, count) => sum + count, this.#missing)))
      throw invalid([{ pointer: '/counts', message: 'add up to more than 2^53; scale them down' }]);
    return { values, categories, counts, missing: this.#missing };
  }

  /** Ascending by their UTF-8 bytes, which UTF-16 does not give. */
  #text(): [number[], string[], number[]] {
    const sorted = [...this.#categories.keys()].map((each) => Buffer.from(each)).sort((a, b) => Buffer.compare(a, b));
    const categories = sorted.map((each) => each.toString());
    return [[], categories, categories.map((each) => this.#categories.get(each) as number)];
  }

  /** There may be millions: typed arrays are sorted in place, and a map of them would cost ten times as much. */
  #numbers(): [number[], null, number[]] {
    const order = Uint32Array.from(this.#values.keys());
    const isAscending = this.#values.every(
      (value, index) => index === 0 || (this.#values[index - 1] as number) <= value,
    );
    if (!isAscending) order.sort((a, b) => (this.#values[a] as number) - (this.#values[b] as number));
    const values: number[] = [];
    const counts: number[] = [];
    for (const index of order) {
      const value = this.#values[index] as number;
      const count = this.#counts[index] as number;
      const last = values.length - 1;
      if (values[last] === value) counts[last] = (counts[last] as number) + count;
      else {
        values.push(value);
        counts.push(count);
      }
    }
    return [values, null, counts];
  }
}

function isCount(count: unknown): count is number {
  return Number.isSafeInteger(count) && (count as number) >= 1;
}

function refused(line: number, message: string): Problem {
  const breach: Breach = { pointer: '', message: `line ${line}: ${message}` };
  return new Problem('UNPROCESSABLE', `${breach.message}; correct the CSV`, { breaches: [breach] });
}

/** Cells may stand in quotes, with quotes inside doubled. O(text). */
function* csvRows(text: string): Generator<{ readonly line: number; readonly cells: string[] }, void> {
  const cell = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n|$)/y;
  let cells: string[] = [];
  let line = 1;
  for (let at = text.startsWith('\ufeff') ? 1 : 0; at < text.length || cells.length > 0; ) {
    cell.lastIndex = at;
    const [whole, content = '', end] = cell.exec(text) ?? [];
    if (whole === undefined)
      throw refused(line, 'a quote stands within a cell; put the cell in quotes and double those inside');
    cells.push(content.startsWith('"') ? content.slice(1, -1).replaceAll('""', '"') : content);
    at += whole.length;
    if (end === ',') continue;
    yield { line, cells };
    cells = [];
    line += 1;
  }
}
