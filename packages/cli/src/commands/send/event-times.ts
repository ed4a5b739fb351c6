/** Times as files write them. */
import { UsageError } from '../../output.ts';
import { FIRST_S, LAST_S, UNITS_PER_S } from '../../tables/sequence.ts';
import { shown } from '../../tables/shown.ts';
import type { TableColumn } from '../../tables/table.ts';

const ISO = /^\s*(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) ?(?:(Z)|([+-]\d\d):?(\d\d))?)?\s*$/i;
const MS_PER_S = 1_000;

/** A column of times: how its cells are read, and what they mean. */
export interface TimeColumn {
  readonly name: string;
  readonly reads: 'numbers' | 'text';
  /** ms since 1970, UTC. @param cell NaN or null = missing. @throws {UsageError} naming the row */
  readonly ofCell: (cell: number | string | null, row: number) => number;
}

export function timeColumn(path: string, flag: string, { name, holds, isInstant }: TableColumn): TimeColumn {
  const refuse = (cell: number | string | null, row: number, rule: string): UsageError => {
    const value = cell === null || Number.isNaN(cell) ? 'missing' : shown(cell);
    return new UsageError(`${path}: row ${row}: ${flag} ${name} is ${value}; ${rule}`);
  };
  if (isInstant !== true && holds !== 'numbers')
    return {
      name,
      reads: 'text',
      ofCell: (cell, row) => {
        const timeMs = typeof cell === 'string' ? ofIso(cell) : undefined;
        if (timeMs !== undefined) return timeMs;
        throw refuse(cell, row, 'write times like 2026-11-25T14:30:00Z; without a zone they are UTC');
      },
    };
  // All of a column are in one unit, that of its first.
  let unitsPerS = isInstant === true ? 1e9 : undefined;
  return {
    name,
    reads: 'numbers',
    ofCell: (cell, row) => {
      const value = cell as number;
      if (isInstant === true && Number.isFinite(value)) return Math.floor(value / 1e6);
      const isIn = (units: number): boolean => value >= FIRST_S * units && value <= LAST_S * units;
      unitsPerS ??= UNITS_PER_S.find(isIn);
      if (unitsPerS !== undefined && isIn(unitsPerS)) return Math.floor((value / unitsPerS) * MS_PER_S);
      const rule = 'a number must be a time from 1990 to 2100 as seconds since 1970, or thousandths, millionths or';
      throw refuse(cell, row, `${rule} billionths of them, in one unit throughout`);
    },
  };
}

/** ms since 1970; undefined for what is no time. */
function ofIso(text: string): number | undefined {
  const [, day, time, utc, hours, minutes] = ISO.exec(text) ?? [];
  if (day === undefined) return undefined;
  // Without a zone a time would be that of the machine, and the same file mean another time elsewhere.
  const zone = utc === undefined && hours !== undefined ? `${hours}:${minutes}` : 'Z';
  const timeMs = Date.parse(time === undefined ? day : `${day}T${time.replace(/(\.\d{3})\d+$/, '$1')}${zone}`);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
