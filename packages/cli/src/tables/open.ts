import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { UsageError } from '../output.ts';
import { openCsv } from './csv.ts';
import { openNdjson } from './ndjson.ts';
import { openParquet } from './parquet.ts';
import type { Table } from './table.ts';

/** Opens a CSV, NDJSON or Parquet file by its ending, or by its first bytes. @throws {UsageError} */
export async function openTable(path: string): Promise<Table> {
  const size = sizeOf(path);
  if (size === 0) throw new UsageError(`${path} is empty; give a file with a header and rows`);
  if (/\.parquet$/i.test(path) || startsWith(path, 'PAR1')) return await openParquet(path);
  if (/\.(ndjson|jsonl)(\.gz)?$/i.test(path) || startsWith(path, '{')) return await openNdjson(path);
  return await openCsv(path);
}

function sizeOf(path: string): number {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) throw new UsageError(`${path} is a folder; give a CSV, NDJSON or Parquet file`);
    return stat.size;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    throw new UsageError(
      code === 'ENOENT' ? `${path} does not exist` : `cannot read ${path}: ${code ?? String(error)}`,
    );
  }
}

function startsWith(path: string, magic: string): boolean {
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(magic.length);
    readSync(file, start, 0, magic.length, 0);
    return start.toString('latin1') === magic;
  } finally {
    closeSync(file);
  }
}
