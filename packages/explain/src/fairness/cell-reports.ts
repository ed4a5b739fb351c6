/** What a monitor of fairness has to say of each group and metric: rates beside all others, sequences, bounds, evidence and alarms. */
import { meanSequence, rateSequence } from './confidence-sequence.ts';
import { COUNT, COUNT_FIELDS, rateBounds, rateOf } from './counts.ts';
import { eBenjaminiHochberg } from './e-bh.ts';
import type { Grouping } from './groups.ts';
import { METRICS, type Metric, RATES } from './metrics.ts';
import { BET_FIELDS, betCount, logWealth, maxLogWealth } from './tolerance-bet.ts';

export interface CellReport {
  readonly group: string;
  readonly metric: Metric;
  readonly status: 'warming-up' | 'within-tolerance' | 'alarm';
  /** Events of the group, and of the other groups of the grouping that are large enough to be shown. */
  readonly count: number;
  readonly othersCount: number;
  /** Rate, or mean of label − score; undefined while warming up. */
  readonly value?: number;
  readonly othersValue?: number;
  /** Confidence sequence of `value` at 1 − alpha. */
  readonly interval?: readonly [low: number, high: number];
  /** What `value` can become once all labels are in. */
  readonly bounds?: readonly [low: number, high: number];
  /** Natural logarithm of the largest e-value so far, and the number of bets. */
  readonly logEvidence: number;
  readonly bets: number;
}

/** Of a monitor, what reports are made of. */
interface Counted {
  readonly config: { readonly alpha: number; readonly control: 'family-wise' | 'e-bh'; readonly minGroupSize: number };
  readonly groupings: readonly Grouping[];
  readonly first: Int32Array;
  readonly counts: Float64Array;
  readonly bets: Float64Array;
}

/** One report per group and metric, group by group. O(cells · log precision). */
export function cellReports(monitor: Counted): CellReport[] {
  const alarmed = alarmedCells(monitor);
  return monitor.groupings.flatMap(({ groups }, grouping) =>
    groups.flatMap((_, index) =>
      METRICS.map((_metric, metric) =>
        cellReport(monitor, grouping, monitor.first[grouping]! + index, metric, alarmed),
      ),
    ),
  );
}

function alarmedCells({ first, bets, config: { alpha, control } }: Counted): ReadonlySet<number> {
  const cells = Array.from({ length: first.at(-1)! * METRICS.length }, (_, cell) => cell);
  if (control === 'e-bh')
    return new Set(
      eBenjaminiHochberg(
        cells.map((cell) => logWealth(bets, cell * BET_FIELDS)),
        alpha,
      ),
    );
  const threshold = Math.log(cells.length / alpha);
  return new Set(cells.filter((cell) => maxLogWealth(bets, cell * BET_FIELDS) >= threshold));
}

function cellReport(
  monitor: Counted,
  grouping: number,
  group: number,
  metric: number,
  alarmed: ReadonlySet<number>,
): CellReport {
  const { bets, counts, first, config } = monitor;
  const at = (group * METRICS.length + metric) * BET_FIELDS;
  const evidence = {
    group: monitor.groupings[grouping]!.groups[group - first[grouping]!]!,
    metric: METRICS[metric]!,
    logEvidence: maxLogWealth(bets, at),
    bets: betCount(bets, at),
  };
  const own = summary(counts, group, metric);
  const others = { sum: 0, count: 0 };
  const least = config.minGroupSize;
  for (let other = first[grouping]!; other < first[grouping + 1]!; other += 1) {
    if (other === group) continue;
    const each = summary(counts, other, metric);
    // The rate of a small group must not follow from those of all others.
    if (each.count < least) continue;
    others.sum += each.sum;
    others.count += each.count;
  }
  const sizes = { count: own.count, othersCount: others.count };
  // Calibration is tested within the group; the rates are compared with all others.
  if (own.count < least || (metric < RATES.length && others.count < least))
    return { ...evidence, ...sizes, status: 'warming-up' };
  const status = alarmed.has(group * METRICS.length + metric) ? 'alarm' : 'within-tolerance';
  const shown = {
    ...evidence,
    ...sizes,
    status,
    value: own.sum / own.count,
    othersValue: others.sum / others.count,
  } as const;
  if (metric >= RATES.length) return { ...shown, interval: meanSequence(own.sum, own.count, config.alpha) };
  const bounds = rateBounds(counts, group * COUNT_FIELDS, RATES[metric]!);
  return { ...shown, interval: rateSequence(own.sum, own.count, config.alpha), bounds };
}

function summary(
  counts: Float64Array,
  group: number,
  metric: number,
): { readonly sum: number; readonly count: number } {
  const at = group * COUNT_FIELDS;
  if (metric >= RATES.length) return { sum: counts[at + COUNT.errorSum]!, count: counts[at + COUNT.scored]! };
  const { positives, count } = rateOf(counts, at, RATES[metric]!);
  return { sum: positives, count };
}
