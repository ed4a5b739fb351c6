/**
 * The rows that attributions are relative to: of the first events of a feature set those with the smallest hashes, a uniform sample that does
 * not depend on how the run was cut. Once it is full it never changes, because attributions under two backgrounds may not be averaged.
 */
import { createHash } from 'node:crypto';
import type { SamplerConfig } from './config.ts';
import type { Rows } from './explain-request.ts';

export interface BackgroundRow {
  readonly hash: number;
  readonly numeric: readonly number[];
  readonly categorical: readonly (string | null)[];
}

export interface Background {
  seen: number;
  /** By ascending hash. */
  readonly rows: BackgroundRow[];
  /** Content hash; empty while it is being drawn. */
  id: string;
  /** As requests carry it; derived. */
  asRows: Rows | null;
}

/** Of all rows, bytes of numbers: a request with them stays far below 1 MiB. */
const MAX_NUMBERS = 32_768;

export function newBackground(): Background {
  return { seen: 0, rows: [], id: '', asRows: null };
}

/** True when the row would be kept: only then is it worth reading. Counts the event. */
export function wouldKeep(background: Background, hash: number, columns: number, config: SamplerConfig): boolean {
  background.seen += 1;
  const last = background.rows.at(-1);
  return background.rows.length < capacityOf(columns, config) || (last !== undefined && hash < last.hash);
}

export function keep(background: Background, row: BackgroundRow, config: SamplerConfig): void {
  const { rows } = background;
  let at = rows.length;
  while (at > 0 && (rows[at - 1] as BackgroundRow).hash > row.hash) at -= 1;
  rows.splice(at, 0, row);
  rows.length = Math.min(rows.length, capacityOf(row.numeric.length + row.categorical.length, config));
}

/** Fixes it once enough events were seen. */
export function settle(background: Background, config: SamplerConfig): void {
  if (background.id === '' && background.seen >= config.backgroundEvents && background.rows.length > 0)
    background.id = hashOf(rowsOf(background));
}

export function rowsOf(background: Background): Rows {
  background.asRows ??= asRows(background.rows);
  return background.asRows;
}

export function asRows(rows: readonly Pick<BackgroundRow, 'numeric' | 'categorical'>[]): Rows {
  return {
    count: rows.length,
    numeric: Float64Array.from(rows.flatMap(({ numeric }) => numeric)),
    categorical: rows.map(({ categorical }) => categorical),
  };
}

function capacityOf(columns: number, { backgroundRows }: SamplerConfig): number {
  return Math.max(1, Math.min(backgroundRows, Math.floor(MAX_NUMBERS / Math.max(1, columns))));
}

function hashOf({ numeric, categorical }: Rows): string {
  const bytes = Buffer.from(numeric.buffer, numeric.byteOffset, numeric.byteLength);
  return createHash('sha256').update(bytes).update(JSON.stringify(categorical)).digest('hex');
}
