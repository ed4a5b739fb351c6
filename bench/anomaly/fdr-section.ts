import { eValueOf } from '@weir/anomaly/calibration/combine';
import { ELond } from '@weir/anomaly/calibration/e-lond';
import { LordPlusPlus } from '@weir/anomaly/calibration/lord';
import { uniformOf } from './streams.ts';

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const STREAMS = 200;
const EVENTS = 2_000;
const SHARE = 0.05;
const Q = 0.1;
const ORACLE_STREAMS = 500;

/** P(Z > z): Abramowitz and Stegun 26.2.17 has too few digits in the tail, so the continued fraction from 3 on. */
function upperTail(z: number): number {
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 3) {
    let [term, sum] = [z, z];
    for (let k = 1; k < 120; k += 1) {
      term *= (z * z) / (2 * k + 1);
      sum += term;
    }
    return Math.min(1, 0.5 - density * sum);
  }
  let fraction = z;
  for (let k = 60; k >= 1; k -= 1) fraction = z + k / fraction;
  return density / fraction;
}

interface Event {
  readonly isAnomaly: boolean;
  readonly p: number;
}

function streamOf(uniform: () => number, shift: number): readonly Event[] {
  return Array.from({ length: EVENTS }, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    const isAnomaly = uniform() < SHARE;
    return { isAnomaly, p: upperTail(normal + (isAnomaly ? shift : 0)) };
  });
}

/** Power at the one level of all events at which the share of false alarms is q: of somebody who knows the labels. */
function oraclePower(shift: number): number {
  const uniform = uniformOf(90);
  const events = Array.from({ length: ORACLE_STREAMS }, () => streamOf(uniform, shift)).flat();
  events.sort((a, b) => a.p - b.p);
  const anomalies = events.filter(({ isAnomaly }) => isAnomaly).length;
  let [found, most] = [0, 0];
  for (const [at, { isAnomaly }] of events.entries()) {
    if (isAnomaly) found += 1;
    if (1 - found / (at + 1) <= Q) most = found;
  }
  return most / anomalies;
}

/** D5: share of false alarms, and power over that of an oracle, on seeded streams of exact p-values. */
export function fdrSection(): void {
  print(
    `\nfalse-discovery rate, q = ${Q}, ${STREAMS} streams of ${EVENTS} events, ${100 * SHARE} % anomalies: mean share of false alarms, power over the oracle's`,
  );
  for (const shift of [4, 6]) {
    const oracle = oraclePower(shift);
    const cells = (['LORD++', 'e-LOND'] as const).map((method) => {
      const uniform = uniformOf(91);
      let [share, found, planted] = [0, 0, 0];
      for (let i = 0; i < STREAMS; i += 1) {
        const lord = new LordPlusPlus(Q);
        const lond = new ELond(Q);
        let [alarms, wrong] = [0, 0];
        for (const { isAnomaly, p } of streamOf(uniform, shift)) {
          if (isAnomaly) planted += 1;
          if (!(method === 'LORD++' ? lord.add(p) : lond.add(eValueOf(p)))) continue;
          alarms += 1;
          if (isAnomaly) found += 1;
          else wrong += 1;
        }
        share += wrong / Math.max(1, alarms) / STREAMS;
      }
      const power = found / planted / oracle;
      return `${method} ${share.toFixed(3)}, ${power.toFixed(2)}${share > Q || power < 0.8 ? ' (D5 missed)' : ''}`;
    });
    print(`anomalies at ${shift} deviations (oracle's power ${oracle.toFixed(2)}): ${cells.join('; ')}`);
  }
}
