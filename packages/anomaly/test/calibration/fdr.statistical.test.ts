import { expect, test } from 'vitest';
import { eValueOf } from '../../src/calibration/combine.ts';
import { ELond } from '../../src/calibration/e-lond.ts';
import { LordPlusPlus } from '../../src/calibration/lord.ts';
import { ReferenceCalibration } from '../../src/calibration/reference.ts';
import { drawsOf } from '../streams.ts';

test.each(['LORD++', 'e-LOND'])('%s: mean share of false alarms on 200 streams is at most q = 0.1', (method) => {
  const draws = drawsOf(1);
  let [share, found, planted] = [0, 0, 0];
  for (let stream = 0; stream < 200; stream += 1) {
    const test = method === 'LORD++' ? new LordPlusPlus(0.1) : new ELond(0.1);
    let [alarms, wrong] = [0, 0];
    for (let i = 0; i < 2_000; i += 1) {
      const anomaly = draws.uniform() < 0.05;
      // Anomalies lie at 6 standard deviations, at 8 for e-LOND: freedom from independence costs the square root of p.
      const p = anomaly ? 10 ** (-(method === 'LORD++' ? 9 : 16) + 1.5 * draws.normal()) : draws.uniform();
      if (anomaly) planted += 1;
      if (!test.add(method === 'LORD++' ? p : eValueOf(p))) continue;
      alarms += 1;
      if (anomaly) found += 1;
      else wrong += 1;
    }
    share += wrong / Math.max(1, alarms) / 200;
  }
  process.stdout.write(`${method}: false share ${share.toFixed(4)}, power ${(found / planted).toFixed(3)}\n`);
  expect(share).toBeLessThanOrEqual(0.1);
  expect(found / planted).toBeGreaterThan(0.8);
});

test('reference: over 200 references of 4,000 scores the rates at 1e-2, 1e-3 and 1e-4 are within [0.85, 1.20] of what was asked', () => {
  const draws = drawsOf(2);
  const asked = [1e-2, 1e-3, 1e-4];
  const counts = [0, 0, 0];
  const laws = [
    (): number => draws.normal(),
    (): number => -Math.log(1 - draws.uniform()),
    (): number => Math.exp(draws.normal()),
  ];
  const perReference = 30_000;
  for (let reference = 0; reference < 200; reference += 1) {
    const law = laws[reference % 3] as () => number;
    const calibration = ReferenceCalibration.from(Array.from({ length: 4_000 }, law));
    for (let i = 0; i < perReference; i += 1) {
      const p = calibration.pValue(law());
      for (const [k, alpha] of asked.entries()) if (p <= alpha) counts[k] = (counts[k] as number) + 1;
    }
  }
  const ratios = asked.map((alpha, k) => (counts[k] as number) / (alpha * perReference * 200));
  process.stdout.write(`reference rates over asked: ${ratios.map((ratio) => ratio.toFixed(3)).join(', ')}\n`);
  for (const ratio of ratios) {
    expect(ratio).toBeGreaterThan(0.85);
    expect(ratio).toBeLessThan(1.2);
  }
});
