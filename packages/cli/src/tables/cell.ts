/** Numbers as files write them. */

/** What a cell holds: a number, exactly; NaN when it is missing; undefined when it is not a number. */
export type Cell = number | bigint | undefined;

/** Stand for a missing value, in upper or lower case, with blanks around them or none. */
const MISSING = ['', '?', '-', '.', 'na', 'n/a', '#n/a', '#na', '<na>', 'nan', '-nan', 'null', 'none', '\\n'];

/** How text is to be read as cells. */
export interface CellRules {
  /** Words and numbers such as -999 that stand for a missing value, besides the usual words. */
  readonly missing: readonly string[];
  /** 1.234,5 is 1234.5, and 1.5 is no number. */
  readonly decimalComma: boolean;
}

export interface CellReader {
  readonly ofText: (text: string) => Cell;
  readonly ofNumber: (value: number | bigint) => number | bigint;
  /** True of words that stand for a missing value. */
  readonly isMissing: (text: string) => boolean;
}

export function cellReader({ missing, decimalComma }: CellRules): CellReader {
  const words = new Set([...MISSING, ...missing.map((word) => word.trim().toLowerCase())]);
  const read = (text: string): Cell => (decimalComma ? numberWithComma(text) : numberOf(text));
  // -999 is what stands for missing in either notation.
  const numbers = new Set(missing.map((word) => read(word) ?? numberOf(word)).filter((value) => value !== undefined));
  const isMissing = (text: string): boolean => words.has(text.trim().toLowerCase());
  return {
    isMissing,
    ofText: (text) => {
      const value = read(text);
      if (value === undefined) return isMissing(text) ? Number.NaN : undefined;
      return numbers.size > 0 && numbers.has(value) ? Number.NaN : value;
    },
    ofNumber: (value) => (numbers.size > 0 && numbers.has(value) ? Number.NaN : value),
  };
}

function numberOf(text: string): Cell {
  const value = Number(text);
  if (Number.isNaN(value)) {
    const infinite = /^\s*([+-]?)inf(?:inity)?\s*$/i.exec(text);
    if (infinite === null) return undefined;
    return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  if (!Number.isInteger(value)) return value;
  // What Number() reads besides decimals: blanks as 0, and other bases.
  if ((value === 0 && text.trim() === '') || /^\s*0[xob]/i.test(text)) return undefined;
  return Number.isSafeInteger(value) || !isDigits(text) ? value : exactInteger(BigInt(text));
}

/** A comma before the decimals, points between groups of three digits or none. */
function numberWithComma(text: string): Cell {
  if (!/[.,]/.test(text)) return numberOf(text);
  if (!/^\s*[+-]?(\d{1,3}(\.\d{3})+|\d*)(,\d*)?(e[+-]?\d+)?\s*$/i.test(text)) return undefined;
  return numberOf(text.replaceAll('.', '').replace(',', '.'));
}

/** True of a whole number written out; 1e20 and 9007199254740993.0 are float64 values by their spelling. */
export function isDigits(text: string): boolean {
  return /^\s*[+-]?\d+\s*$/.test(text);
}

/** The float64 that equals it, if there is one. */
export function exactInteger(value: bigint): number | bigint {
  const near = Number(value);
  return Number.isSafeInteger(near) || (Number.isFinite(near) && BigInt(near) === value) ? near : value;
}

/** True of 1,5 and 1.234,5 and 1,234. */
export function hasComma(raw: unknown): boolean {
  return typeof raw === 'string' && /^\s*[+-]?[\d.,]*,\d[\d.,]*(e[+-]?\d+)?\s*$/i.test(raw);
}
