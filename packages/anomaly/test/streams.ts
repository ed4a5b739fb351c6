import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export interface Draws {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Uniform whole number in [0, n). */
  below(n: number): number;
}

/** Seeded draws for generated streams. */
export function drawsOf(seed: number): Draws {
  const generator = xoroshiro128plus(seed);
  for (let i = 0; i < 8; i += 1) uniformFloat64(generator);
  const uniform = (): number => uniformFloat64(generator);
  return {
    uniform,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    below: (n) => Math.floor(uniform() * n),
  };
}

/** A row of d features: normal with different locations and scales, the second correlated with the first. */
export function normalRow(draws: Draws, d: number): Float64Array {
  const row = Float64Array.from({ length: d }, (_, i) => 10 * i + (1 + i) * draws.normal());
  if (d > 1) row[1] = 10 + ((row[0] as number) * 0.9 + draws.normal() * 0.2);
  return row;
}
/** Area under the ROC curve of scores against labels, ties counting half. */
export function auc(scores: ArrayLike<number>, isAnomaly: (index: number) => boolean): number {
  const order = Array.from({ length: scores.length }, (_, i) => i).sort(
    (a, b) => (scores[a] as number) - (scores[b] as number),
  );
  let below = 0;
  let sum = 0;
  let positives = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    let anomalies = 0;
    for (; to < order.length && scores[order[to] as number] === scores[order[from] as number]; to += 1)
      if (isAnomaly(order[to] as number)) anomalies += 1;
    const normals = to - from - anomalies;
    sum += anomalies * (below + normals / 2);
    below += normals;
    positives += anomalies;
    from = to;
  }
  return sum / positives / below;
}
