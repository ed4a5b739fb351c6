/**
 * Three million US flights, 1 January to 1 July 2001, from the npm package vega-datasets (BSD-3; US Bureau of Transportation Statistics):
 * departure time, arrival delay in minutes, distance in miles, origin, destination. Rows are in order of departure and none has a null.
 */
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from 'hyparquet';

/** Flights of one row group, column by column. */
export interface Flights {
  /** Row in the file of the first flight, from 0. */
  readonly start: number;
  readonly count: number;
  /** Departure, milliseconds since 1970; the file's local times read as UTC. */
  readonly departureMs: Float64Array;
  /** Arrival delay, minutes; negative = early. */
  readonly delay: Float64Array;
  /** Miles. */
  readonly distance: Float64Array;
  readonly origin: readonly string[];
  readonly destination: readonly string[];
}

/** @throws when the package is missing or the file is torn, saying what to do. One row group is in memory at a time, about 0.2 s each. */
export async function* readFlights(): AsyncGenerator<Flights> {
  const path = join(import.meta.dirname, '../node_modules/vega-datasets/data/flights-3m.parquet');
  const file = await asyncBufferFromFile(path).catch((error: unknown) => {
    throw new Error(`the flights are not at ${path}; run npm start again to install the package vega-datasets`, {
      cause: error,
    });
  });
  const metadata = await parquetMetadataAsync(file);
  let start = 0;
  for (const group of metadata.row_groups) {
    const count = Number(group.num_rows);
    const flights = {
      start,
      count,
      departureMs: new Float64Array(count),
      delay: new Float64Array(count),
      distance: new Float64Array(count),
      origin: Array.from({ length: count }, () => ''),
      destination: Array.from({ length: count }, () => ''),
    };
    const base = start;
    await parquetRead({
      file,
      metadata,
      rowStart: start,
      rowEnd: start + count,
      compressors: { ZSTD: (page, length) => zstdDecompressSync(page, { maxOutputLength: length }) },
      onChunk: ({ columnName, columnData, rowStart }) => {
        for (let at = 0; at < columnData.length; at += 1) {
          const to = rowStart - base + at;
          const value: unknown = columnData[at];
          if (columnName === 'date') flights.departureMs[to] = Number(value);
          else if (columnName === 'delay' || columnName === 'distance') flights[columnName][to] = Number(value);
          else if (columnName === 'origin' || columnName === 'destination') flights[columnName][to] = String(value);
        }
      },
    });
    yield flights;
    start += count;
  }
}
