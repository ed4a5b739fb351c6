/** What is said of each column in the end: by the whole files, and by what the windows raised. */
import { effectSize } from '@weir/drift/effect-size';
import { extremeOf } from '@weir/drift/extreme';
import { holm } from '@weir/stats/holm';
import { fisherExact } from '@weir/stats/hypergeometric';
import { kolmogorovPValue } from '@weir/stats/kolmogorov-exact';
import { type Alert, type ColumnScan, EXACT_CELLS } from './column-scan.ts';

/** A test of the whole file against the whole reference. */
export interface WholeTest {
  readonly p: number;
  /** Adjusted for all tests of the scan. */
  readonly pHolm: number;
  readonly rejects: boolean;
}

export interface Verdict {
  readonly column: string;
  readonly drifted: boolean;
  /** D of all values; 0 when there are none. */
  readonly d: number;
  readonly at: number;
  readonly direction: 1 | -1;
  /** Chance that a value of CUR lies above one of REF, ties counted half, minus 1/2. */
  readonly effect: number;
  readonly n: number;
  readonly m: number;
  /** Undefined when CUR has no value to compare. */
  readonly distribution: WholeTest | undefined;
  /** Share of missing values; the test is undefined when neither file, or nothing but them, has any. */
  readonly missingReference: number;
  readonly missingCurrent: number;
  readonly missing: WholeTest | undefined;
  readonly alerts: readonly Alert[];
}

interface Measured extends Omit<Verdict, 'drifted' | 'distribution' | 'missing'> {
  readonly distributionP: number | undefined;
  readonly missingP: number | undefined;
}

/**
 * A whole-file test rejects at an adjusted p of at most `alpha`: the chance that any of them does without drift is at most that, for values
 * that do not depend on each other. `minEffect` is taken off D, as the threshold of a window adds it, and off differences of shares.
 */
export function verdictsOf(scans: readonly ColumnScan[], alpha: number, minEffect: number): readonly Verdict[] {
  const all = scans.map((scan) => measure(scan, minEffect));
  const pValues = all.flatMap(({ distributionP, missingP }) => [distributionP, missingP]);
  const adjusted = holm(pValues.filter((p) => p !== undefined));
  let next = 0;
  const testOf = (p: number | undefined, isLarge: boolean): WholeTest | undefined => {
    if (p === undefined) return undefined;
    const pHolm = adjusted[next] as number;
    next += 1;
    return { p, pHolm, rejects: isLarge && pHolm <= alpha };
  };
  return all.map(({ distributionP, missingP, ...measured }): Verdict => {
    const distribution = testOf(distributionP, true);
    const gap = Math.abs(measured.missingCurrent - measured.missingReference);
    const missing = testOf(missingP, gap >= minEffect);
    const drifted = measured.alerts.length > 0 || distribution?.rejects === true || missing?.rejects === true;
    return { ...measured, drifted, distribution, missing };
  });
}

/** Tests made, for the sentence that says so. */
export function testsIn(verdicts: readonly Verdict[]): number {
  return verdicts.reduce((sum, { distribution, missing }) => sum + (distribution ? 1 : 0) + (missing ? 1 : 0), 0);
}

function measure({ name, sample, counts, present: n, missing, alerts }: ColumnScan, minEffect: number): Measured {
  const { reference } = sample;
  const { m, values } = reference;
  const { height, leaf, direction } = extremeOf(reference, counts, n);
  const beyond = Math.max(0, Math.floor(height - minEffect * m * n));
  const isMixed = missing + sample.missing > 0 && n + m > 0;
  return {
    column: name,
    d: n === 0 ? 0 : height / (m * n),
    at: sample.valueOf(values[Math.min(leaf, values.length - 1)] as number),
    direction,
    effect: effectSize(reference, counts, n),
    n,
    m,
    distributionP: n === 0 ? undefined : kolmogorovPValue(m, n, beyond, EXACT_CELLS),
    missingReference: sample.missing / (m + sample.missing),
    missingCurrent: n + missing === 0 ? 0 : missing / (n + missing),
    missingP: isMixed ? fisherExact(sample.missing, m + sample.missing, missing, n + missing) : undefined,
    alerts,
  };
}
