/** Rules of a reference file, by the same steps as the anomaly detector takes from references on the log. */
import { inferRules } from '@weir/anomaly/quality/infer';
import { categoricalReferenceProfile, numericReferenceProfile } from '@weir/anomaly/quality/reference-profile';
import type { Rules } from '@weir/anomaly/quality/rules';
import { UsageError } from '../../output.ts';
import type { FileColumns } from './file-columns.ts';

/** @throws {UsageError} when the file has no column of numbers or text, or no row */
export function rulesOf({ path, rows, numbers, texts }: FileColumns): Rules {
  if (rows === 0 || numbers.size + texts.size === 0)
    throw new UsageError(`${path} has no rows of numbers or text; take a reference from a period with data`);
  return inferRules({
    rows,
    numeric: [...numbers].map(([name, column]) => {
      const finite = column.filter((value) => Number.isFinite(value)).sort();
      const [values, counts] = tally(finite);
      return numericReferenceProfile(name, values, counts, rows - finite.length, undefined);
    }),
    categorical: [...texts].map(([name, column]) => {
      const present = column.filter((value) => value !== null).sort();
      const [values, counts] = tally(present);
      return categoricalReferenceProfile(name, values, counts, rows - present.length, undefined);
    }),
    outputs: [],
    versions: [],
  });
}

/** Distinct values of sorted ones and how often each came. */
function tally<Value>(sorted: ArrayLike<Value>): [values: Value[], counts: number[]] {
  const values: Value[] = [];
  const counts: number[] = [];
  for (let at = 0; at < sorted.length; at += 1) {
    const value = sorted[at] as Value;
    if (values.at(-1) === value) counts[counts.length - 1] = (counts.at(-1) as number) + 1;
    else {
      values.push(value);
      counts.push(1);
    }
  }
  return [values, counts];
}
