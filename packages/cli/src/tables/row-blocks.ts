/** A file row by row with numbers and texts together: numbers and texts are read in two passes side by side, a piece at a time. */
import { UsageError } from '../output.ts';
import { openTable } from './open.ts';
import type { Reading, TablePiece, Values } from './table.ts';
import type { Unreadable } from './unreadable.ts';

/** Reads row `at` of a block: numbers by place, NaN = missing or no column; texts by place, null = missing or no column. */
export interface RowBlock {
  readonly rows: number;
  readonly load: (at: number, numbers: Float64Array, texts: (string | null)[]) => void;
  /** What stands in a cell that is no number; undefined for numbers and for missing ones. */
  readonly unread: (at: number, column: string) => unknown;
}

export interface RowSource {
  readonly path: string;
  readonly has: (column: string) => boolean;
  /** By column of numbers, cells that are none; complete when all blocks are read. */
  readonly unreadable: ReadonlyMap<string, Unreadable>;
  /** To be read once. @throws {UsageError} naming what cannot be read. */
  readonly blocks: () => AsyncGenerator<RowBlock>;
}

/** @param numbers names of columns to read as numbers, where the file has them; @param texts the same of text. @throws {UsageError} */
export async function openRows(
  path: string,
  reading: Reading,
  { numbers, texts }: { readonly numbers: readonly string[]; readonly texts: readonly string[] },
): Promise<RowSource> {
  const table = await openTable(path, reading);
  if (table.doubt !== undefined) throw new UsageError(`${path}: ${table.doubt}`);
  const have = new Set(table.columns.map(({ name }) => name));
  const numberNames = numbers.filter((name) => have.has(name));
  const textNames = texts.filter((name) => have.has(name));

  async function* blocks(): AsyncGenerator<RowBlock> {
    const ofNumbers = numberNames.length > 0 ? new Passage(table.pieces(numberNames)) : undefined;
    // Each pass reads a file from its beginning.
    const ofTexts = textNames.length > 0 ? new Passage((await openTable(path, reading)).texts(textNames)) : undefined;
    const passages = [ofNumbers, ofTexts].filter((each) => each !== undefined);
    for (;;) {
      const left = await Promise.all(passages.map((each) => each.left()));
      const rows = Math.min(...left);
      if (passages.length === 0 || rows === 0) {
        if (Math.max(0, ...left) > 0) throw new UsageError(`${path} changed while it was read; run the command again`);
        return;
      }
      const [numberColumns, textColumns] = [ofNumbers?.take(rows), ofTexts?.take(rows)];
      const values = numbers.map((name) => numberColumns?.piece.columns.get(name));
      const words = texts.map((name) => textColumns?.piece.columns.get(name));
      yield {
        rows,
        load: (at, intoNumbers, intoTexts) => {
          for (let i = 0; i < values.length; i += 1)
            intoNumbers[i] = Number(values[i]?.[(numberColumns?.from ?? 0) + at] ?? Number.NaN);
          for (let i = 0; i < words.length; i += 1) intoTexts[i] = words[i]?.[(textColumns?.from ?? 0) + at] ?? null;
        },
        unread: (at, column) => numberColumns?.piece.unread?.get(column)?.get(numberColumns.from + at),
      };
    }
  }

  return { path, has: (name) => have.has(name), unreadable: table.unreadable, blocks };
}

interface Piece<Column> extends Pick<TablePiece, 'rows' | 'unread'> {
  readonly columns: ReadonlyMap<string, Column>;
}

/** One pass over a file, of which any number of rows of the piece at hand is taken. */
class Passage<Column extends Values | readonly (string | null)[]> {
  readonly #pieces: AsyncGenerator<Piece<Column>>;
  #piece: Piece<Column> = { columns: new Map(), rows: 0 };
  #taken = 0;

  constructor(pieces: AsyncGenerator<Piece<Column>>) {
    this.#pieces = pieces;
  }

  /** Rows of the piece that are left, of the next one where there are none; 0 at the end. */
  async left(): Promise<number> {
    while (this.#taken === this.#piece.rows) {
      const { done, value } = await this.#pieces.next();
      if (done === true) return 0;
      this.#piece = value;
      this.#taken = 0;
    }
    return this.#piece.rows - this.#taken;
  }

  /** Of the piece, from row `from` on. */
  take(rows: number): { readonly piece: Piece<Column>; readonly from: number } {
    const from = this.#taken;
    this.#taken += rows;
    return { piece: this.#piece, from };
  }
}
