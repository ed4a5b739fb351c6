import type { ReferenceSet } from '@weir/events/generated/events';
import { columnsNamed, type ModelCatalogue, type ReferenceEntry } from './model-catalogue.ts';
import { type Accepted, listed, type Rejection, type Warning } from './outcome.ts';
import { contentFault } from './reference-content.ts';

/**
 * Below this many values the reference itself is uncertain: its distribution function is known to ±0.043 at 1,000 (95 %, the
 * Dvoretzky–Kiefer–Wolfowitz inequality with Massart's constant, √(ln(2/0.05)/(2·1,000))), and to ±0.14 at 100.
 */
export const SMALL_REFERENCE = 1_000;

/**
 * The reference of one column. One with the hash of the present one changes nothing.
 * @returns `set` where there was none, `replaced`, `none`; or UNKNOWN_COLUMN, WRONG_COLUMN_TYPE and what `contentFault` gives
 */
export function setReference(
  catalogue: ModelCatalogue,
  event: ReferenceSet,
): Accepted<'set' | 'replaced' | 'none'> | Rejection {
  const known = catalogue.references.get(event.column);
  if (known?.hash === event.hash) return { catalogue, change: 'none', warnings: [] };
  const refused = columnFault(catalogue, event) ?? contentFault(event);
  if (refused !== undefined) return refused;
  const entry = entryOf(event);
  return {
    catalogue: { ...catalogue, references: new Map(catalogue.references).set(event.column, entry) },
    change: known === undefined ? 'set' : 'replaced',
    warnings: warningsOf(known, entry),
  };
}

function columnFault(catalogue: ModelCatalogue, { column, categories }: ReferenceSet): Rejection | undefined {
  const columns = columnsNamed(catalogue, column);
  if (columns.length === 0)
    return {
      code: 'UNKNOWN_COLUMN',
      message: `column is ${JSON.stringify(column)}; no feature set and no output of model ${catalogue.model} has it (versions: ${listed(catalogue.versions.keys())}). Register the version that has it first, or correct the name`,
    };
  const type = categories === null ? 'numeric' : 'categorical';
  if (columns.some((each) => each.type === type)) return undefined;
  return {
    code: 'WRONG_COLUMN_TYPE',
    message: `reference of ${column} is ${type}, the column is ${columns[0]?.type}; send ${type === 'numeric' ? 'categories' : 'values'} instead`,
  };
}

function entryOf(event: ReferenceSet): ReferenceEntry {
  const { column, hash, missing, source, eventTimeMs, id, values, categories } = event;
  const counts = Uint32Array.from(event.counts);
  const size = counts.reduce((sum, count) => sum + count, 0);
  const head = { column, hash, size, missing, counts, source, eventTimeMs, id };
  return categories === null
    ? { ...head, type: 'numeric', values: Float64Array.from(values, (value) => value + 0) }
    : { ...head, type: 'categorical', categories };
}

function warningsOf(known: ReferenceEntry | undefined, { column, size, type }: ReferenceEntry): readonly Warning[] {
  const warnings: Warning[] = [];
  if (size < SMALL_REFERENCE)
    warnings.push({
      name: 'reference-too-small',
      message: `reference of ${column} has ${size} values; below ${SMALL_REFERENCE} its own distribution is uncertain by more than 0.04, so take a longer period`,
    });
  if (known !== undefined && known.type !== type)
    warnings.push({
      name: 'reference-type-changed',
      message: `reference of ${column} is ${type} and was ${known.type}; versions that read the column as ${known.type} have none now`,
    });
  return warnings;
}
