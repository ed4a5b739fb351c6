/** Gate 16: false alarms and delay of the watch over attribution shares. Pure simulation. */
import { AttributionDrift } from '../../packages/explain/src/drift/attribution.ts';
import { seeded } from '../../packages/explain/test/random.ts';
import { gate, median } from './verdicts.ts';

/** Shares of four features with noise; then the first falls to 0 and the last takes its place. */
export function attributionDrift(streams: number): void {
  const usual = [0.8, 0.5, 0.3, 0.1];
  const draw = (sizes: readonly number[], uniform: () => number): number[] =>
    sizes.map((size) => size * (0.5 + uniform()));
  const learn = seeded(16);
  const reference = [0, 0, 0, 0];
  for (let at = 0; at < 20_000; at += 1) {
    const each = draw(usual, learn);
    const total = each.reduce((sum, phi) => sum + phi * phi, 0);
    for (const [j, phi] of each.entries()) reference[j]! += (phi * phi) / total / 20_000;
  }
  const firstAlarm = (sizes: readonly number[], events: number, seed: number): number => {
    const uniform = seeded(seed);
    const detector = new AttributionDrift({ reference, minInclusion: 1 });
    for (let t = 1; t <= events; t += 1) if (detector.observe(draw(sizes, uniform), 1).drift) return t;
    return Number.POSITIVE_INFINITY;
  };
  let falseAlarms = 0;
  const delays: number[] = [];
  for (let stream = 0; stream < streams; stream += 1) {
    if (firstAlarm(usual, 100_000, 500 + stream) <= 100_000) falseAlarms += 1;
    delays.push(firstAlarm([0.1, 0.5, 0.3, 0.8], 1000, 9_500 + stream));
  }
  const worst = Math.max(...delays);
  gate(
    '16',
    `attribution drift, ${streams} generated streams (bar 5 % false alarms per 100,000 events, found within 300)`,
    `${((100 * falseAlarms) / streams).toFixed(1)} %, found after ${median(delays)} (median), ${worst} (most)`,
    falseAlarms <= 0.05 * streams && worst <= 300,
  );
}
