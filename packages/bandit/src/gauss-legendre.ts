/**
 * Gauss–Legendre quadrature of eight nodes on [−1, 1], exact for polynomials up to degree 15, with the integrals from −1 to each node.
 * Source: Golub and Welsch (1969) for the rule; the running integrals expand the interpolant in Legendre polynomials.
 */
export const NODES = 8;

/** P_0(x) … P_n(x) by the three-term recurrence. */
function legendre(n: number, x: number): number[] {
  const values = [1, x];
  for (let k = 1; k < n; k += 1)
    values.push(((2 * k + 1) * x * (values[k] as number) - k * (values[k - 1] as number)) / (k + 1));
  return values;
}

/** Ascending zeros of P_8 by Newton's method from Tricomi's estimate. */
export const nodes: readonly number[] = Array.from({ length: NODES }, (_, index) => {
  let x = -Math.cos((Math.PI * (index + 0.75)) / (NODES + 0.5));
  for (let step = 0; step < 20; step += 1) {
    const values = legendre(NODES, x);
    const value = values[NODES] as number;
    x -= (value * (x * x - 1)) / (NODES * (x * value - (values[NODES - 1] as number)));
  }
  return x;
});

export const weights: readonly number[] = nodes.map((x) => {
  const before = legendre(NODES, x)[NODES - 1] as number;
  return (2 * (1 - x * x)) / (NODES * NODES * before * before);
});

/** Entry k · NODES + l: weight of the value at node l in the integral from −1 to node k. */
export const partial: readonly number[] = nodes.flatMap((to) => {
  const end = legendre(NODES, to);
  return nodes.map((from, l) => {
    const start = legendre(NODES, from);
    let sum = (to + 1) / 2;
    for (let n = 1; n < NODES; n += 1)
      sum += ((start[n] as number) * ((end[n + 1] as number) - (end[n - 1] as number))) / 2;
    return (weights[l] as number) * sum;
  });
});
