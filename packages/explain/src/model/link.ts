/** From margins (the sum that explanations split) to what the model's own `predict` returns. */
export type Link =
  | { readonly kind: 'identity' | 'softmax' | 'exponential' }
  | { readonly kind: 'logistic' /** Steepness; 1 except for LightGBM's `sigmoid`. */; readonly scale: number };

export const IDENTITY: Link = { kind: 'identity' };
export const LOGISTIC: Link = { kind: 'logistic', scale: 1 };

/** 1 / (1 + e^−z) without overflow. */
export function logistic(z: number): number {
  return z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
}

/** Replaces the K margins in `values` by predictions. O(K). */
export function applyLink(link: Link, values: Float64Array): void {
  if (link.kind === 'logistic') {
    for (let k = 0; k < values.length; k += 1) values[k] = logistic(link.scale * values[k]!);
  } else if (link.kind === 'exponential') {
    for (let k = 0; k < values.length; k += 1) values[k] = Math.exp(values[k]!);
  } else if (link.kind === 'softmax') {
    const largest = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    let sum = 0;
    for (let k = 0; k < values.length; k += 1) sum += values[k] = Math.exp(values[k]! - largest);
    for (let k = 0; k < values.length; k += 1) values[k]! /= sum;
  }
}
