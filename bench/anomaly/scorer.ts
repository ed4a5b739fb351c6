import { RollingForest } from '@weir/anomaly/forest/rolling-forest';

export interface Scorer {
  /** Score, then learn. */
  observe(row: Float64Array): number;
  /** Score alone. */
  score(row: Float64Array): number;
}

/** The setting that every stream is scored with: the standard one. */
export function scorerOf(dimensions: number, seed: number): Scorer {
  return new RollingForest({ dimensions, seed });
}
