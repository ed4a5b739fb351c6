/** Which columns carry the gap of scores between the rows of a group and all others. */
import { addToGap, type GapTerm, gapFields, gapTerms } from '@weir/explain/fairness/gap';
import type { Column, RowAnswer } from '@weir/explanation-sampler/explain-request';
import { openTable } from '../../tables/open.ts';
import { type Reading, requireColumns } from '../../tables/table.ts';

/** Smaller groups are not shown, as in the service. */
const MIN_GROUP = 20;
const MAX_GROUPS = 30;

/** Values of a column in row order; null = missing. @throws {UsageError} when the file lacks it */
export async function groupsOf(file: string, column: string, reading: Reading): Promise<readonly (string | null)[]> {
  const table = await openTable(file, reading);
  requireColumns(
    file,
    table.columns.map(({ name }) => name),
    [column],
  );
  const found: (string | null)[] = [];
  for await (const piece of table.texts([column])) found.push(...(piece.columns.get(column) ?? []));
  return found;
}

/** As lines for people: groups by size, columns by the size of their term. */
export function gapsBy(
  by: string,
  groups: readonly (string | null)[],
  columns: readonly Column[],
  answers: readonly RowAnswer[],
): string {
  const players = columns.length + 1;
  const rows = new Map<string, number[]>();
  for (const [row, group] of groups.entries()) {
    const answer = answers[row];
    if (group === null || answer === undefined || 'error' in answer) continue;
    const known = rows.get(group);
    if (known === undefined) rows.set(group, [row]);
    else known.push(row);
  }
  const large = [...rows].filter(([, of]) => of.length >= MIN_GROUP).sort(([, a], [, b]) => b.length - a.length);
  const shown = large.slice(0, MAX_GROUPS);
  if (shown.length < 2)
    return `gaps by ${by}: fewer than two groups have ${MIN_GROUP} explained rows; nothing is compared\n`;
  const fields = gapFields(players);
  const sums = new Float64Array(shown.length * fields);
  for (const [at, [, of]] of shown.entries())
    for (const row of of) {
      const answer = answers[row] as Exclude<RowAnswer, { readonly error: string }>;
      addToGap(sums, at * fields, [...answer.attributions, answer.prediction - answer.base], 1);
    }
  const all = shown.map((_, at) => at * fields);
  const lines = shown.flatMap(([group, of], at) => {
    const terms = gapTerms(
      sums,
      players,
      [at * fields],
      all.filter((other) => other !== at * fields),
    );
    return [
      `  ${by}=${group}, ${of.length} rows: ${termShown(terms.at(-1) as GapTerm)}`,
      ...columns
        .map(({ name }, column) => ({ name, term: terms[column] as GapTerm }))
        .sort((a, b) => Math.abs(b.term.gap) - Math.abs(a.term.gap))
        .map(({ name, term }) => `    ${name}  ${termShown(term)}`),
    ];
  });
  const left = rows.size - shown.length;
  const rest = left === 0 ? '' : `  ${left} smaller groups are left out\n`;
  return `gap of the scores to those of all other groups, and the columns that carry it, with 95 % intervals\n${lines.join('\n')}\n${rest}`;
}

function termShown({ gap, interval: [low, high] }: GapTerm): string {
  return `${gap.toPrecision(4)} [${low.toPrecision(4)}, ${high.toPrecision(4)}]`;
}
