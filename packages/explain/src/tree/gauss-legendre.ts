/**
 * Nodes and weights of Gauss–Legendre quadrature on [0, 1]: exact for polynomials up to degree 2n − 1.
 * @param n points, at least 1. Newton's method on the Legendre recurrence, to the last bit or two. O(n²).
 * Source: Press et al., Numerical Recipes, section 4.6.
 */
export function gaussLegendre(n: number): { readonly nodes: Float64Array; readonly weights: Float64Array } {
  const nodes = new Float64Array(n);
  const weights = new Float64Array(n);
  for (let i = 0; i < (n + 1) >> 1; i += 1) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    for (let round = 0; round < 100; round += 1) {
      let [value, before] = [1, 0];
      for (let j = 0; j < n; j += 1) [value, before] = [((2 * j + 1) * x * value - j * before) / (j + 1), value];
      slope = (n * (x * value - before)) / (x * x - 1);
      const step = value / slope;
      x -= step;
      if (Math.abs(step) < 1e-16) break;
    }
    const weight = 1 / ((1 - x * x) * slope * slope);
    nodes[i] = (1 - x) / 2;
    nodes[n - 1 - i] = (1 + x) / 2;
    weights[i] = weight;
    weights[n - 1 - i] = weight;
  }
  return { nodes, weights };
}
