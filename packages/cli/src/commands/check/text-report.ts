/** For people: the first violations, counts by column and rule, the oddest rows. */
import { shown } from '../../tables/shown.ts';
import { seenIn } from './check-rows.ts';
import { OddestRows } from './oddest-rows.ts';
import type { CheckReport, ReportOptions } from './report.ts';
import type { OddFeature, RowScores, ScoreCounts } from './row-scores.ts';

/** @param limit violations, and odd rows, that are shown one by one */
export function textReport({ path, scores, out }: ReportOptions, limit: number): CheckReport {
  const oddest = new OddestRows(limit);
  let told = 0;
  return {
    pause: () => {},
    fault: ({ rule, field, bound }) => out(`${path}: ${rule}: ${field} is absent, the rule asks for ${bound}\n`),
    violation: (row, violation) => {
      const { rule, field, bound } = violation;
      told += 1;
      if (told <= limit) out(`row ${row}: ${rule}: ${field} is ${seenIn(violation)}, the rule allows ${bound}\n`);
    },
    row: (row, numbers, texts) => {
      const found = scores?.add(numbers, texts);
      if (found?.isOdd === true) oddest.add(row, found, numbers, texts);
    },
    end: ({ rows, violating, faults, summaries }, counts) => {
      if (told > limit) out(`and ${told - limit} more; --json shows all\n`);
      if (scores !== undefined) tellOddest(oddest, scores, out);
      for (const { field, rule } of faults) out(`${field}: ${rule}: the file has no column of this name\n`);
      for (const { column, rule, rows: count, first } of summaries)
        out(`${column}: ${rule} in ${count} of ${rows} rows, first in row ${first.row}: ${first.observed}\n`);
      out(`${violating} of ${rows} rows break a rule\n`);
      if (counts !== undefined) out(`${countsText(counts)}\n`);
    },
  };
}

function tellOddest(oddest: OddestRows, scores: RowScores, out: (text: string) => void): void {
  const { rows, count } = oddest;
  for (const { row, score, pValue, numbers, texts } of rows) {
    const why = scores.featuresOf(numbers, texts).map(featureText).join(', ');
    out(`row ${row}: odd, score ${score.toFixed(3)}, p = ${pValue.toPrecision(2)}: ${why}\n`);
  }
  if (count > rows.length) out(`and ${count - rows.length} more odd rows; --json shows all\n`);
}

function featureText({ feature, direction, observed, expected }: OddFeature): string {
  if (expected !== null) {
    const value = observed === null ? 'missing' : shortNumber(Number(observed));
    return `${feature} ${value} (expected ${expected.map(shortNumber).join(' to ')})`;
  }
  const rarity = direction === 'high' ? 'rare' : 'usual';
  return observed === null ? `${feature} ${rarity}` : `${feature} ${shown(observed)} ${rarity}`;
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** Counts of one file in one line. */
export function countsText({ alpha, rows, odd, expected, chance, split: { learn, heldOut } }: ScoreCounts): string {
  const number = shortNumber(Number(expected.toPrecision(2)));
  return `${odd} of ${rows} rows are odd at p ≤ ${alpha}; expected ${number} at most under no change, as many or more with probability ${Number(chance.toPrecision(2))} (${learn} rows of the reference learnt, ${heldOut} compared with)`;
}
