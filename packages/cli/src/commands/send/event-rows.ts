/** Rows of a file as predictions, and outcomes, of a registered version. */
import { basename } from 'node:path';
import { encode } from '@weir/events/codec';
import { EventError } from '@weir/events/errors';
import { maxRecordBytesOf } from '@weir/events/topics';
import { UsageError } from '../../output.ts';
import { openTable } from '../../tables/open.ts';
import { openRows, type RowSource } from '../../tables/row-blocks.ts';
import { type Reading, requireColumns, type TableColumn } from '../../tables/table.ts';
import { type TimeColumn, timeColumn } from './event-times.ts';
import type { RegisteredVersion } from './registered-version.ts';

/** Columns of the file by what they become; undefined: the events have none. */
export interface Mapping {
  readonly time: string | undefined;
  readonly id: string | undefined;
  readonly unit: string | undefined;
  readonly latency: string | undefined;
  readonly segments: readonly string[];
  readonly label: string | undefined;
  readonly reward: string | undefined;
  readonly outcomeTime: string | undefined;
}

export interface Sending {
  readonly path: string;
  readonly reading: Reading;
  readonly model: string;
  readonly version: string;
  readonly registered: RegisteredVersion;
  readonly mapping: Mapping;
}

export interface EventRow {
  /** In the file, from 1. */
  readonly row: number;
  readonly eventTimeMs: number;
  readonly prediction: Uint8Array;
  readonly outcome: Uint8Array | undefined;
}

/** The rows as events, in file order. `unreadable` is complete when all rows are read. */
export interface EventRows {
  readonly unreadable: RowSource['unreadable'];
  readonly rows: () => AsyncGenerator<EventRow>;
}

/** @throws {UsageError} when the file lacks a column of the version; of `rows`, naming a row that is no event */
export async function openEventRows(sending: Sending): Promise<EventRows> {
  const { path, reading, registered, mapping } = sending;
  const { columns } = await openTable(path, reading);
  const wanted = [
    ...registered.numeric,
    ...registered.categorical,
    ...registered.outputs,
    ...Object.values(mapping).flat(),
  ].filter((name) => name !== undefined);
  requireColumns(path, columns.map(({ name }) => name), wanted); // biome-ignore format: one call
  const byName = new Map(columns.map((column) => [column.name, column]));
  const cells = new Cells();
  const shape = {
    numeric: registered.numeric.map((name) => cells.number(name)),
    categorical: registered.categorical.map((name) => cells.text(name)),
    outputs: registered.outputs.map((name) => cells.number(name)),
    segments: mapping.segments.map((name) => [name, cells.text(name)] as const),
    id: textOf(cells, mapping.id),
    unit: textOf(cells, mapping.unit),
    latency: numberOf(cells, mapping.latency),
    label: numberOf(cells, mapping.label),
    reward: numberOf(cells, mapping.reward),
    time: timeOf(cells, path, '--time', mapping.time, byName),
    outcomeTime: timeOf(cells, path, '--outcome-time', mapping.outcomeTime, byName),
  };
  const source = await openRows(path, reading, cells);
  return { unreadable: source.unreadable, rows: () => eventsOf(sending, shape, cells, source) };
}

/** Which columns are read, and where in a row their cells come. */
class Cells {
  readonly numbers: string[] = [];
  readonly texts: string[] = [];

  number(name: string): number {
    return this.numbers.push(name) - 1;
  }

  text(name: string): number {
    return this.texts.push(name) - 1;
  }
}

function textOf(cells: Cells, name: string | undefined): number | undefined {
  return name === undefined ? undefined : cells.text(name);
}

function numberOf(cells: Cells, name: string | undefined): number | undefined {
  return name === undefined ? undefined : cells.number(name);
}

interface TimeCell {
  readonly at: number;
  readonly column: TimeColumn;
}

function timeOf(
  cells: Cells,
  path: string,
  flag: string,
  name: string | undefined,
  columns: ReadonlyMap<string, TableColumn>,
): TimeCell | undefined {
  if (name === undefined) return undefined;
  const column = timeColumn(path, flag, columns.get(name) as TableColumn);
  return { column, at: column.reads === 'numbers' ? cells.number(name) : cells.text(name) };
}

interface Shape {
  readonly numeric: readonly number[];
  readonly categorical: readonly number[];
  readonly outputs: readonly number[];
  readonly segments: readonly (readonly [name: string, at: number])[];
  readonly id: number | undefined;
  readonly unit: number | undefined;
  readonly latency: number | undefined;
  readonly label: number | undefined;
  readonly reward: number | undefined;
  readonly time: TimeCell | undefined;
  readonly outcomeTime: TimeCell | undefined;
}

async function* eventsOf(sending: Sending, shape: Shape, cells: Cells, source: RowSource): AsyncGenerator<EventRow> {
  const numbers = new Float64Array(cells.numbers.length);
  const texts: (string | null)[] = cells.texts.map(() => null);
  const { path, model, version, registered } = sending;
  const file = basename(path);
  let row = 0;
  const number = (at: number | undefined): number | null => {
    const value = at === undefined ? Number.NaN : (numbers[at] as number);
    return Number.isNaN(value) ? null : value;
  };
  const text = (at: number | undefined): string | null => (at === undefined ? null : (texts[at] as string | null));
  const time = ({ at, column }: TimeCell): number =>
    column.ofCell(column.reads === 'numbers' ? (numbers[at] as number) : (texts[at] as string | null), row);
  for await (const block of source.blocks()) {
    for (let at = 0; at < block.rows; at += 1) {
      row += 1;
      block.load(at, numbers, texts);
      const id = shape.id === undefined ? `${file}:${row}` : text(shape.id);
      if (id === null)
        throw new UsageError(
          `${path}: row ${row}: --id ${sending.mapping.id} is missing; outcomes refer to a prediction by its id, so give each row one`,
        );
      const eventTimeMs = shape.time === undefined ? Date.now() : time(shape.time);
      const prediction = framed(path, row, 'PredictionLogged', {
        model,
        version,
        featureSet: registered.featureSet,
        eventTimeMs,
        numeric: shape.numeric.map((place) => numbers[place] as number),
        categorical: shape.categorical.map(text),
        outputs: shape.outputs.map((place) => numbers[place] as number),
        id,
        unit: text(shape.unit),
        segment: Object.fromEntries(
          shape.segments.flatMap(([name, place]) => (text(place) === null ? [] : [[name, text(place) as string]])),
        ),
        routing: null,
        latencyMs: number(shape.latency),
      });
      const [label, reward] = [number(shape.label), number(shape.reward)];
      const outcome =
        label === null && reward === null
          ? undefined
          : framed(path, row, 'OutcomeObserved', {
              model,
              predictionId: id,
              eventTimeMs: shape.outcomeTime === undefined ? eventTimeMs : time(shape.outcomeTime),
              label,
              reward,
              revision: 0,
            });
      yield { row, eventTimeMs, prediction, outcome };
    }
  }
}

const TOPIC = { PredictionLogged: 'predictions', OutcomeObserved: 'outcomes' } as const;

/** @throws {UsageError} naming the row and the field that passes a bound */
function framed<Name extends keyof typeof TOPIC>(
  path: string,
  row: number,
  name: Name,
  event: Parameters<typeof encode<Name>>[1],
): Uint8Array {
  try {
    const bytes = encode(name, event);
    const limit = maxRecordBytesOf(TOPIC[name]);
    if (bytes.length <= limit) return bytes;
    throw new UsageError(
      `${path}: row ${row}: its event has ${bytes.length} bytes, a record of ${TOPIC[name]} at most ${limit}`,
    );
  } catch (error) {
    if (error instanceof EventError) throw new UsageError(`${path}: row ${row}: ${error.message}`);
    throw error;
  }
}
