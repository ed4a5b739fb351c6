import { lawOf, type NumericProfile } from '@weir/anomaly/quality/profile';
import { DistributionFaults } from '@weir/anomaly/sequential/distribution-faults';
import { ShareRise } from '@weir/anomaly/sequential/share-rise';
import { UNIT_CHANGES, type UnitChange } from '@weir/anomaly/sequential/units';
import { uniformOf } from './streams.ts';

const print = (text: string): void => void process.stdout.write(`${text}\n`);

const DELAY_RUNS = 1_000;
const CLEAN_EVENTS = 20_000_000;

/** F4: events from a rise of missing values, 1 % to 3 %, to the alarm, at one false alarm in a million events. */
export function delaySection(): void {
  const uniform = uniformOf(1);
  const delays = Array.from({ length: DELAY_RUNS }, () => {
    const test = new ShareRise(0.01, 1_000_000);
    for (let i = 0; i < 5_000; i += 1) test.add(uniform() < 0.01);
    let delay = 1;
    while (!test.add(uniform() < 0.03)) delay += 1;
    return delay;
  }).sort((a, b) => a - b);
  const at = (share: number): number => delays[Math.floor(share * (DELAY_RUNS - 1))] as number;
  let alarms = 0;
  const test = new ShareRise(0.01, 1_000_000);
  for (let i = 0; i < CLEAN_EVENTS; i += 1) if (test.add(uniform() < 0.01)) alarms += 1;
  print(
    `\nmissing values from 1 % to 3 %: median delay ${at(0.5)} events, 90 % within ${at(0.9)}; ${alarms} false alarms in ${CLEAN_EVENTS / 1e6} million events`,
  );
}

const CASES = 500;
const REFERENCE = 20_000;
const CLEAN = 2_048;
const CHANGED = 6_144;

/** Columns as features are: light and heavy tails, counts, shares, rounded measures. */
function lawsOf(uniform: () => number): Readonly<Record<string, () => number>> {
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return {
    normal: () => 70 + 12 * normal(),
    lognormal: () => Math.exp(1 + 0.8 * normal()),
    exponential: () => -8 * Math.log(1 - uniform()),
    count: () => Math.floor(-40 * Math.log(1 - uniform())),
    share: () => uniform() ** 2,
    rounded: () => Math.round(100 * Math.abs(20 + 6 * normal())) / 100,
  };
}

/** G2: cases of a column and a change of unit in turn; what the first fault calls it. */
export function unitSection(): void {
  const uniform = uniformOf(2);
  const laws = Object.entries(lawsOf(uniform));
  const missed = new Map<string, number>();
  let [right, wrong, early] = [0, 0, 0];
  for (let i = 0; i < CASES; i += 1) {
    const [name, law] = laws[i % laws.length] as [string, () => number];
    const change = UNIT_CHANGES[Math.floor(uniform() * UNIT_CHANGES.length)] as UnitChange;
    const faults = new DistributionFaults([profileOf(law)], 1_000_000);
    let found: number | undefined;
    for (let event = 0; event < CLEAN + CHANGED && found === undefined; event += 1) {
      const value = law();
      const [fault] = faults.add([event < CLEAN ? value : value * change.factor + change.offset]);
      if (fault === undefined) continue;
      found = fault.factor;
      if (event < CLEAN) early += 1;
    }
    if (found === change.factor) right += 1;
    else {
      if (found !== undefined) wrong += 1;
      const key = `${change.name} of ${name}${found === undefined ? '' : ` as ×${Number(found.toPrecision(4))}`}`;
      missed.set(key, (missed.get(key) ?? 0) + 1);
    }
  }
  print(
    `\nchanges of unit, ${CASES} cases over ${laws.length} laws: ${right} with the right factor, ${wrong} with another, ${CASES - right - wrong} not told, ${early} before they began`,
  );
  for (const [key, count] of [...missed].sort(([, a], [, b]) => b - a).slice(0, 8)) print(`  ${key}: ${count}`);
}

function profileOf(law: () => number): NumericProfile {
  const sorted = Float64Array.from({ length: REFERENCE }, law).sort();
  const integers = sorted.filter((value) => Number.isInteger(value)).length;
  return {
    name: 'x',
    present: REFERENCE,
    infinite: 0,
    integers,
    ...lawOf(sorted),
    repeats: 0,
    longestRun: 1,
  };
}
