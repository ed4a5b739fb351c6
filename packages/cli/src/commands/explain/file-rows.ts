/** Rows of a file as the features of a model: CSV, JSON lines or Parquet. */
import type { Column, Rows } from '@weir/explanation-sampler/explain-request';
import { columnFinder } from '@weir/explanation-sampler/models/column-finder';
import type { Model } from '@weir/explanation-sampler/models/parse';
import { UsageError } from '../../output.ts';
import { openTable } from '../../tables/open.ts';
import { type Reading, requireColumns, type Table } from '../../tables/table.ts';

/** Columns of the file that the model's features name, numeric ones first. */
export async function columnsOf(model: Model, file: string, reading: Reading): Promise<readonly Column[]> {
  const { featureNames } = model.type === 'linear' ? model.linear : model.ensemble;
  const names = (await openTable(file, reading)).columns.map(({ name }) => name);
  const find = columnFinder(names);
  // Of features that the model knows by code the file has the values.
  const coded = new Set(
    model.type === 'trees' ? [...model.ensemble.valueNames.keys()].map((feature) => featureNames[feature]) : [],
  );
  const numeric: string[] = [];
  const categorical: string[] = [];
  for (const feature of featureNames) {
    const own = find(feature);
    if (own !== undefined && !coded.has(feature)) numeric.push(own);
    else {
      const column = own ?? find(feature.slice(0, Math.max(0, feature.lastIndexOf('='))));
      if (column === undefined) requireColumns(file, names, [feature]);
      else categorical.push(column);
    }
  }
  return [
    ...numeric.map((name): Column => ({ name, type: 'numeric' })),
    ...[...new Set(categorical)].map((name): Column => ({ name, type: 'categorical' })),
  ];
}

/** Text where the model has a number would be explained as if it were missing. */
function requireNumbers({ path, unreadable }: Table, names: readonly string[]): void {
  for (const name of names) {
    const [first] = unreadable.get(name)?.first ?? [];
    if (first === undefined) continue;
    throw new UsageError(
      `${path}: column ${name} has ${unreadable.get(name)?.count} cells that are no numbers, the first ${JSON.stringify(first.raw)} in row ${first.row}, and the model takes a number there; encode the column as for training, or leave cells empty that are missing`,
    );
  }
}

/** @throws {UsageError} when the file lacks a column, or has text where the model takes numbers */
export async function rowsOf(file: string, columns: readonly Column[], reading: Reading): Promise<Rows> {
  const named = (type: Column['type']): string[] =>
    columns.filter((each) => each.type === type).map(({ name }) => name);
  const [numbers, texts] = [named('numeric'), named('categorical')];
  const numeric: number[] = [];
  const categorical: (string | null)[][] = [];
  let count = 0;
  if (numbers.length > 0) {
    const table = await openTable(file, reading);
    for await (const piece of table.pieces(numbers)) {
      const cells = numbers.map((name) => piece.columns.get(name));
      for (let row = 0; row < piece.rows; row += 1) for (const each of cells) numeric.push(Number(each?.[row]));
      count += piece.rows;
    }
    requireNumbers(table, numbers);
  }
  if (texts.length > 0)
    for await (const piece of (await openTable(file, reading)).texts(texts)) {
      const cells = texts.map((name) => piece.columns.get(name));
      for (let row = 0; row < piece.rows; row += 1) categorical.push(cells.map((each) => each?.[row] ?? null));
    }
  return { count: Math.max(count, categorical.length), numeric: Float64Array.from(numeric), categorical };
}
