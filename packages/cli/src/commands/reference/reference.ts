/** `weir reference`: references of all columns of a file in one command. */
import { basename } from 'node:path';
import { TARGET_FLAGS, TARGET_HELP, withTarget } from '../../control/open-target.ts';
import { count, needed, noWords, parseFlags } from '../../flags.ts';
import { type Command, type CommandIo, UsageError } from '../../output.ts';
import { openTable } from '../../tables/open.ts';
import { READING_FLAGS, READING_HELP, readingOf } from '../../tables/reading-flags.ts';
import { leaveOut, reasons } from '../../tables/shared-columns.ts';
import { type Reading, requireColumns, type Table } from '../../tables/table.ts';
import { described } from '../../tables/unreadable.ts';
import { type Column, checkSize, NumberColumn, TextColumn } from './column-content.ts';

const HELP = `weir reference --model M --file FILE [--column NAME]… [--url URL | --log PATH | --kafka HOST:PORT]

Sets what the columns of a model are compared with: one reference for each column of a CSV, NDJSON (both may be gzipped) or Parquet
file. Take it from a period that was as it should be: training data, or a first month.

  --model M           id of the model; register it first
  --file FILE         the data, one row for each event
  --column NAME       only this column; may be repeated (default: every column of numbers or of categories; stderr names the others)
  --sample N          keep at most N values of a column of numbers, evenly from the smallest to the largest (default: all). One reference
                      holds at most 1,048,576 distinct values and 8 MiB
  --source TEXT       where it comes from, for people (default: the name of the file)
${READING_HELP}${TARGET_HELP}Exit code 1 when a service does not show a reference after it has processed it.
`;

const FLAGS = {
  model: { type: 'string' },
  file: { type: 'string' },
  column: { type: 'string', multiple: true },
  sample: { type: 'string' },
  source: { type: 'string' },
  ...READING_FLAGS,
  ...TARGET_FLAGS,
} as const;

export const reference: Command = { help: HELP, options: FLAGS, run };

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { flags, words } = parseFlags('weir reference', args, FLAGS);
  noWords('weir reference', words);
  const model = needed('--model', flags.model, 'the id of the model');
  const path = needed('--file', flags.file, 'a CSV, NDJSON or Parquet file');
  const sample = count('--sample', flags.sample);
  const columns = await columnsOf(path, readingOf(flags), flags.column ?? [], sample, io);
  for (const [name, { content }] of columns) checkSize(path, name, content);
  const doubts = await withTarget(flags, 'weir reference', io, async (target) => {
    let doubtful = 0;
    const width = Math.max(...[...columns.keys()].map((name) => name.length));
    for (const [name, { content, cells }] of columns) {
      const { where, doubt } = await target.setReference(model, name, content, flags.source ?? basename(path));
      io.out(`${name.padEnd(width)}  ${toldOf(content, cells)}  ${where}\n`);
      if (doubt === undefined) continue;
      doubtful += 1;
      io.err(`weir: ${name}: ${doubt}\n`);
    }
    for (const { service, column, reason } of await target.notes(model))
      if (columns.has(column)) io.err(`weir: ${service}: ${column}: ${reason}\n`);
    return doubtful;
  });
  const set = columns.size - doubts;
  io.out(`${set} ${set === 1 ? 'reference' : 'references'} of ${model} set\n`);
  return doubts === 0 ? 0 : 1;
}

function toldOf({ values, categories, counts, missing }: Column['content'], cells: number): string {
  const present = counts.reduce((sum, each) => sum + each, 0);
  const distinct = categories === null ? `${values.length} distinct` : `${categories.length} categories`;
  const kept = present + missing < cells ? `${present} of ${cells}` : String(present);
  return `${kept} values, ${distinct}, ${missing} missing`;
}

/** One pass over the file for numbers, one for categories. @throws {UsageError} when nothing remains */
async function columnsOf(
  path: string,
  reading: Reading,
  asked: readonly string[],
  sample: number | undefined,
  io: CommandIo,
): Promise<ReadonlyMap<string, Column>> {
  const table = await openTable(path, reading);
  const left = new Map<string, string[]>();
  const { numeric, text } = chosenColumns(table, asked, left);
  const found = new Map([
    ...(await numbers(table, numeric, sample, io)),
    ...(await categories(table, text, asked.length > 0, io)),
  ]);
  if (io.interactive) io.err('\r\x1b[K');
  for (const [name, tally] of table.unreadable) io.err(`weir: ${described(path, name, tally)}\n`);
  const columns = new Map<string, Column>();
  // In file order, whichever pass read them.
  for (const { name } of table.columns) {
    const column = found.get(name);
    if (column === undefined) {
      if (found.has(name)) leaveOut(left, name, 'no values');
    } else if (column === 'identifiers')
      leaveOut(left, name, 'nearly every row has its own text: name it with --column');
    else columns.set(name, column);
  }
  const isLost = asked.length > 0 && columns.size < new Set(asked).size;
  if (columns.size === 0 || isLost) throw new UsageError(`${path} gives no reference: ${reasons(left)}`);
  if (left.size > 0) io.err(`weir: without a reference: ${reasons(left)}\n`);
  return columns;
}

type Found = Column | 'identifiers' | undefined;

function chosenColumns(
  { path, columns, doubt }: Table,
  asked: readonly string[],
  left: Map<string, string[]>,
): { readonly numeric: readonly string[]; readonly text: readonly string[] } {
  if (doubt !== undefined && asked.length === 0)
    throw new UsageError(`${path}: ${doubt}, or name the columns with --column`);
  const names = columns.map(({ name }) => name);
  requireColumns(path, names, asked);
  const wanted = columns.filter(({ name }) => asked.length === 0 || asked.includes(name));
  for (const { name, holds } of wanted)
    if (typeof holds !== 'string' && holds.isText !== true) leaveOut(left, name, holds.unfit);
  return {
    numeric: wanted.flatMap(({ name, holds }) => (typeof holds === 'string' ? name : [])),
    text: wanted.flatMap(({ name, holds }) => (typeof holds !== 'string' && holds.isText === true ? name : [])),
  };
}

async function numbers(
  table: Table,
  names: readonly string[],
  sample: number | undefined,
  io: CommandIo,
): Promise<Map<string, Found>> {
  const columns = new Map(names.map((name) => [name, new NumberColumn()]));
  let rows = 0;
  if (names.length > 0)
    for await (const piece of table.pieces(names)) {
      for (const [name, values] of piece.columns) columns.get(name)?.add(values);
      progress(io, (rows += piece.rows), table.rows);
    }
  return new Map([...columns].map(([name, column]) => [name, column.column(sample)]));
}

/** A text that nearly every row has to itself is an identifier, of which no distribution can be compared. */
const IDENTIFIER_SHARE = 0.5;
const FEW = 1_000;

async function categories(
  table: Table,
  names: readonly string[],
  isAsked: boolean,
  io: CommandIo,
): Promise<Map<string, Found>> {
  const columns = new Map(names.map((name) => [name, new TextColumn()]));
  let rows = 0;
  if (names.length > 0)
    for await (const piece of table.texts(names)) {
      for (const [name, values] of piece.columns) columns.get(name)?.add(values);
      progress(io, (rows += piece.rows), table.rows);
    }
  return new Map(
    [...columns].map(([name, column]) => {
      const isIdentifier = column.distinct > FEW && column.distinct > IDENTIFIER_SHARE * column.present;
      return [name, isIdentifier && !isAsked ? 'identifiers' : column.column()];
    }),
  );
}

function progress(io: CommandIo, rows: number, of: number | undefined): void {
  if (io.interactive) io.err(`\r\x1b[K${rows} rows${of === undefined ? '' : ` of ${of}`}`);
}
