/** Gates 17 (false accusations, beside the rules that others use) and 18 (delay, against the bound of any sequential test). Pure simulation. */
import { BET_FIELDS, betOnA, betOnB, maxLogWealth } from '../../packages/explain/src/fairness/tolerance-bet.ts';
import { seeded } from '../../packages/explain/test/random.ts';
import { gate, median } from './verdicts.ts';

const EVENTS = 100_000;
const ALPHA = 0.05;
const FOUR_FIFTHS = 0.8;

interface Stream {
  readonly rateA: number;
  readonly rateB: number;
  /** Of group B. */
  readonly share: number;
}

export function falseAccusations(streams: number): void {
  for (const [name, rateA, rateB, share, bar] of [
    ['boundary, 24 %, minority 33 %', 0.24, 0.192, 0.33, 0.05],
    ['parity, 24 %, minority 33 %', 0.24, 0.24, 0.33, 0.01],
    ['boundary, 5 %, minority 10 %', 0.05, 0.04, 0.1, 0.05],
    ['parity, 5 %, minority 10 %', 0.05, 0.05, 0.1, 0.01],
  ] as const) {
    const stream = { rateA, rateB, share };
    const alarmed = alarms(streams, stream).length;
    const others = rulesOfOthers(Math.min(100, streams), stream);
    gate(
      '17',
      `${streams} streams of ${EVENTS} events, ${name} (bar ${100 * bar} %)`,
      `${percent(alarmed / streams)}; ${others}`,
      alarmed <= bar * streams,
    );
  }
  const many = alarms(streams, { rateA: 0.24, rateB: 0.192, share: 0.33 }, { cells: 64 }).length;
  gate('17', 'any of 64 cells at the boundary (bar 5 %)', percent(many / streams), many <= 0.05 * streams);
}

export function delays(streams: number): void {
  for (const [ratio, tolerance, bar] of [
    [0.8, 1, 3000],
    [0.6, FOUR_FIFTHS, 3300],
    [0.5, FOUR_FIFTHS, 1200],
  ] as const) {
    const stream = { rateA: 0.24, rateB: 0.24 * ratio, share: 0.33 };
    const times = alarms(streams, stream, { tolerance });
    const all = [...times, ...Array.from({ length: streams - times.length }, () => Number.POSITIVE_INFINITY)];
    const found = median(all);
    const against = found / waldBound(stream, tolerance);
    gate(
      '18',
      `ratio ${ratio} against a tolerance of ${tolerance}, ${streams} streams: median events to the alarm (bar ${bar}, 1.6 of Wald's bound)`,
      `${found}, ${against.toFixed(2)} of the bound`,
      found <= bar && against <= 1.6,
    );
  }
}

/** Events to the first alarm, of those streams that have one. */
function alarms(
  streams: number,
  { rateA, rateB, share }: Stream,
  { cells = 1, tolerance = FOUR_FIFTHS }: { readonly cells?: number; readonly tolerance?: number } = {},
): number[] {
  const times: number[] = [];
  const threshold = Math.log(cells / ALPHA);
  for (let stream = 0; stream < streams; stream += 1) {
    const uniform = seeded(1_000_000 + stream);
    const bets = new Float64Array(BET_FIELDS * cells);
    for (let t = 1; t <= EVENTS; t += 1) {
      const cell = cells === 1 ? 0 : (t % cells) * BET_FIELDS;
      if (uniform() < share) betOnB(bets, cell, uniform() < rateB ? 1 : 0, tolerance, 'low');
      else betOnA(bets, cell, uniform() < rateA ? 1 : 0, tolerance, 'low');
      if (maxLogWealth(bets, cell) < threshold) continue;
      times.push(t);
      break;
    }
  }
  return times;
}

/** Share of streams on which each alarms: four-fifths over windows, a difference of 0.1 over windows, a z-test of all so far. */
function rulesOfOthers(streams: number, { rateA, rateB, share }: Stream): string {
  const counts = { 'four-fifths of 1,000': 0, 'difference 0.1 of 5,000': 0, 'z-test each 1,000': 0 };
  for (let stream = 0; stream < streams; stream += 1) {
    const uniform = seeded(2_000_000 + stream);
    const fired = new Set<keyof typeof counts>();
    const [small, large, all] = [new Tally(), new Tally(), new Tally()];
    for (let t = 1; t <= EVENTS; t += 1) {
      const isB = uniform() < share;
      const y = uniform() < (isB ? rateB : rateA) ? 1 : 0;
      for (const tally of [small, large, all]) tally.add(isB, y);
      if (t % 1000 === 0) {
        if (small.b < FOUR_FIFTHS * small.a) fired.add('four-fifths of 1,000');
        if (Math.abs(all.z) > 1.96) fired.add('z-test each 1,000');
        small.clear();
      }
      if (t % 5000 === 0) {
        if (Math.abs(large.a - large.b) > 0.1) fired.add('difference 0.1 of 5,000');
        large.clear();
      }
    }
    for (const rule of fired) counts[rule] += 1;
  }
  return Object.entries(counts)
    .map(([rule, fired]) => `${rule} ${percent(fired / streams)}`)
    .join(', ');
}

class Tally {
  #sums = [0, 0];
  #counts = [0, 0];

  add(isB: boolean, y: number): void {
    this.#sums[isB ? 1 : 0]! += y;
    this.#counts[isB ? 1 : 0]! += 1;
  }

  clear(): void {
    this.#sums = [0, 0];
    this.#counts = [0, 0];
  }

  get a(): number {
    return this.#sums[0]! / this.#counts[0]!;
  }

  get b(): number {
    return this.#sums[1]! / this.#counts[1]!;
  }

  get z(): number {
    const pooled = (this.#sums[0]! + this.#sums[1]!) / (this.#counts[0]! + this.#counts[1]!);
    return (this.a - this.b) / Math.sqrt(pooled * (1 - pooled) * (1 / this.#counts[0]! + 1 / this.#counts[1]!));
  }
}

/** log(1/α) over the information of one event about the nearest pair of rates within the tolerance. Source: Wald (1947). */
function waldBound({ rateA, rateB, share }: Stream, tolerance: number): number {
  const divergence = (p: number, q: number): number => p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q));
  let least = Number.POSITIVE_INFINITY;
  for (let q = 0.001; q < 1; q += 0.0001)
    least = Math.min(least, (1 - share) * divergence(rateA, q) + share * divergence(rateB, tolerance * q));
  return Math.log(1 / ALPHA) / least;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
