import { BudgetCalibration } from '@weir/anomaly/calibration/budget';
import { ReferenceCalibration } from '@weir/anomaly/calibration/reference';
import { ShareRise } from '@weir/anomaly/sequential/share-rise';
import { scorerOf } from './scorer.ts';
import { type LabelledStream, loadStream, shuffled, uniformOf } from './streams.ts';

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const ALPHA = 0.01;
const DIMENSIONS = 9;
const BEFORE = 20_000;
const WITHIN = 3_000;
const SEEDS = 5;

/** H1: every feature of a generated stream moves by three standard deviations at once. */
export function shiftSection(): void {
  const rates: number[] = [];
  const flagged: number[] = [];
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const uniform = uniformOf(seed);
    const row = new Float64Array(DIMENSIONS);
    const next = (by: number): Float64Array => {
      for (let k = 0; k < DIMENSIONS; k += 1) row[k] = by + uniform() + uniform() + uniform();
      return row;
    };
    const learning = scorerOf(DIMENSIONS, seed);
    const budget = new BudgetCalibration(ALPHA);
    for (let i = 0; i < BEFORE; i += 1) budget.add(learning.observe(next(0)));
    const kept = scorerOf(DIMENSIONS, seed);
    for (let i = 0; i < 4_096; i += 1) kept.observe(next(0));
    const reference = ReferenceCalibration.from(Array.from({ length: 4_000 }, () => kept.score(next(0))));
    const left = new ShareRise(10 * ALPHA, 1_000_000);
    for (let i = 0; i < 4_000; i += 1) left.add(reference.pValue(kept.score(next(0))) <= ALPHA);
    let alarms = 0;
    let told = Infinity;
    for (let i = 1; i <= WITHIN; i += 1) {
      if (budget.add(learning.observe(next(1.5)))) alarms += 1;
      if (left.add(reference.pValue(kept.score(row)) <= ALPHA)) told = Math.min(told, i);
    }
    rates.push(alarms / WITHIN / ALPHA);
    flagged.push(told);
  }
  const shown = (values: readonly number[]): string => values.map((value) => Number(value.toPrecision(3))).join(', ');
  print(
    `\nabrupt shift of all features, ${SEEDS} seeds: alarm rate over α in the next ${WITHIN} events ${shown(rates)} (budget); the reference is left after ${shown(flagged)} events`,
  );
}

/** D4: a fifth of the warm-up are anomalies; recall and rate on normals afterwards, and after a burst of anomalies. */
export function poisonSection(): void {
  print(
    `\npoisoned warm-up, shuttle, α = ${ALPHA}: rate on normals over α, recall, before and after a burst of 300 anomalies`,
  );
  const { rows, labels } = shuffled(loadStream('shuttle'), 42);
  const of = (label: number): readonly Float64Array[] => rows.filter((_, i) => labels[i] === label);
  const [normals, anomalies] = [of(0), of(1)];
  for (const share of [0, 0.2]) {
    let [normal, anomaly] = [0, 0];
    const taken = (isAnomaly: boolean): Float64Array =>
      (isAnomaly ? anomalies[anomaly++] : normals[normal++]) as Float64Array;
    const warm = Array.from({ length: 4_000 }, (_, i) => taken(i % 100 < 100 * share));
    const held = Array.from({ length: 4_000 }, (_, i) => taken(i % 100 < 100 * share));
    const kept = scorerOf(DIMENSIONS, 7);
    for (const row of warm) kept.observe(row);
    const reference = ReferenceCalibration.from(held.map((row) => kept.score(row)));
    const learning = scorerOf(DIMENSIONS, 7);
    const budget = new BudgetCalibration(ALPHA);
    for (const row of [...warm, ...held]) budget.add(learning.observe(row));
    const decide = {
      reference: (row: Float64Array) => reference.pValue(kept.score(row)) <= ALPHA,
      budget: (row: Float64Array) => budget.add(learning.observe(row)),
    };
    const mixed = (): { row: Float64Array; label: number }[] =>
      Array.from({ length: 10_000 }, (_, i) => ({ row: taken(i % 100 === 50), label: Number(i % 100 === 50) }));
    for (const [name, isAlarm] of Object.entries(decide)) {
      [normal, anomaly] = [8_000, 1_700];
      const before = measured(mixed(), isAlarm);
      for (let i = 0; i < 300; i += 1) isAlarm(taken(true));
      print(`${share * 100} % poisoned, ${name}: ${before}; after the burst ${measured(mixed(), isAlarm)}`);
    }
  }
}

function measured(
  events: readonly { readonly row: LabelledStream['rows'][number]; readonly label: number }[],
  isAlarm: (row: Float64Array) => boolean,
): string {
  const counts = [0, 0];
  for (const { row, label } of events) if (isAlarm(row)) counts[label] = (counts[label] as number) + 1;
  const anomalies = events.filter(({ label }) => label === 1).length;
  const [wrong, right] = counts as [number, number];
  return `rate ${(wrong / (events.length - anomalies) / ALPHA).toFixed(2)}, recall ${(right / anomalies).toFixed(2)}`;
}
