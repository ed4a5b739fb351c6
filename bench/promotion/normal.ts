/** Quantile of the standard normal law, p in (0, 1), to 1e-9: bisection on its distribution function by Simpson's rule. */
const known = new Map<number, number>();

export function normalQuantile(p: number): number {
  const found = known.get(p);
  if (found !== undefined) return found;
  let low = -9;
  let high = 9;
  while (high - low > 1e-10) {
    const middle = (low + high) / 2;
    if (distribution(middle) < p) low = middle;
    else high = middle;
  }
  known.set(p, low);
  return low;
}

function distribution(z: number): number {
  const steps = 400;
  const width = z / steps;
  let sum = 1 + Math.exp((-z * z) / 2);
  for (let k = 1; k < steps; k += 1) sum += (k % 2 === 1 ? 4 : 2) * Math.exp(-((k * width) ** 2) / 2);
  return 0.5 + (sum * width) / 3 / Math.sqrt(2 * Math.PI);
}
