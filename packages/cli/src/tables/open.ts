import { statSync } from 'node:fs';
import { UsageError } from '../output.ts';
import { openCsv } from './csv.ts';
import { openNdjson } from './ndjson.ts';
import { openParquet } from './parquet.ts';
import type { Reading, Table } from './table.ts';
import { firstBytes, isGzip, isParquet, textFile } from './text-file.ts';

/** Opens a CSV, NDJSON or Parquet file by what it holds; its ending decides only between CSV and NDJSON. @throws {UsageError} */
export async function openTable(path: string, reading: Reading): Promise<Table> {
  const bytes = startOf(path);
  if (bytes.length === 0) throw new UsageError(`${path} is empty; give a file with a header and rows`);
  if (isParquet(bytes)) return await openParquet(path, reading);
  if (/\.(parquet|parq|pq)$/i.test(path))
    throw new UsageError(
      `${path} is not Parquet: it does not begin with PAR1; ${isGzip(bytes) ? 'unpack it with gunzip' : 'rename or copy it again'}`,
    );
  const file = textFile(path, bytes);
  const json = /^\s*([{[])\s*["\d{}[\]-]/.exec(file.start)?.[1];
  const isCsv = /\.(csv|tsv)(\.gz)?$/i.test(path);
  if (/\.(ndjson|jsonl)(\.gz)?$/i.test(path) || (json === '{' && !isCsv)) return await openNdjson(file, reading);
  if (json === '[' && !isCsv)
    throw new UsageError(`${path} is a JSON array; write one JSON object a line, as jq -c '.[]' does`);
  return await openCsv(file, reading);
}

function startOf(path: string): Buffer {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) throw new UsageError(`${path} is a folder; give a CSV, NDJSON or Parquet file`);
    // Files are read twice, for their columns and for their values.
    if (!stat.isFile()) throw new UsageError(`${path} is a pipe or device; save it as a file first`);
    return firstBytes(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    throw new UsageError(
      code === 'ENOENT' ? `${path} does not exist` : `cannot read ${path}: ${code ?? String(error)}`,
    );
  }
}
