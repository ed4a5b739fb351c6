/**
 * What events need of the control topics and the catalogue does not have. Topics are led by different brokers, and what was written first
 * may arrive last: the runner looks once whether it is on its way. The same need has the same name.
 */
import type { ReferenceSet } from '@weir/events/generated/events';
import type { Row, RowHead } from '@weir/events/prediction-reader';
import { layoutOfRow } from './layout.ts';
import { columnsNamed, type ModelCatalogue } from './model-catalogue.ts';
import { isRejection } from './outcome.ts';

/** Of the rows of one model. On the hot path: one comparison a row while its head stays the same. */
export function missingRegistrations(
  catalogue: ModelCatalogue | undefined,
  rows: readonly Pick<Row, 'key' | 'name' | 'head'>[],
): readonly string[] {
  const first = rows[0];
  if (first === undefined) return [];
  if (catalogue === undefined) return [modelNeed(first.key)];
  const seen = new Set<RowHead>();
  const missing: string[] = [];
  let head: RowHead | undefined;
  for (const row of rows) {
    if (row.head === head) continue;
    head = row.head;
    if (seen.has(head)) continue;
    seen.add(head);
    if (isRejection(layoutOfRow(catalogue, row)))
      missing.push(JSON.stringify([catalogue.model, 'layout', head.featureSet, head.version]));
  }
  return [...new Set(missing)];
}

/** Of a reference: its model, or the version that has its column. */
export function missingForReference(
  catalogue: ModelCatalogue | undefined,
  { model, column }: Pick<ReferenceSet, 'model' | 'column'>,
): readonly string[] {
  if (catalogue === undefined) return [modelNeed(model)];
  return columnsNamed(catalogue, column).length > 0 ? [] : [JSON.stringify([model, 'column', column])];
}

function modelNeed(model: string): string {
  return JSON.stringify([model]);
}
