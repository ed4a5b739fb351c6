/**
 * What interactions of three and more players add to a pair of coalitions, as a Gaussian process. A pair sees the odd part of the game alone, a
 * sum over odd sets T of c_T ∏_{i ∈ T} s_i with s_i = 1 inside the coalition and −1 outside; given c_T of variance ∏_{i ∈ T} ρ_i,
 *   cov(S, S′) = Σ_{|T| = 3, 5, …} ∏_{i ∈ T} ρ_i s_i s′_i = (∏(1 + ρ_i s_i s′_i) − ∏(1 − ρ_i s_i s′_i)) / 2 − Σ ρ_i s_i s′_i.
 * The Shapley value of player i in ∏_{T} s is 2/|T| for i in T, and 1/|T| = ∫₀¹ t^(|T|−1) dt, so covariances with it are one integral of such
 * products, exact by Gauss–Legendre.
 * Source: this identity; Bayesian quadrature: Rasmussen and Ghahramani (2003). That the odd part is all that matters: Covert and Lee (2021).
 */
import { gaussLegendre } from '../tree/gauss-legendre.ts';

/** Sign vectors, n × M, row-major. O(n² M). @returns n × n */
export function oddCovariance(signs: Float64Array, players: number, rho: Float64Array): Float64Array {
  const n = signs.length / players;
  const matrix = new Float64Array(n * n);
  for (let a = 0; a < n; a += 1) {
    for (let b = 0; b <= a; b += 1) {
      let plus = 1;
      let minus = 1;
      let linear = 0;
      for (let i = 0; i < players; i += 1) {
        const each = rho[i]! * signs[a * players + i]! * signs[b * players + i]!;
        plus *= 1 + each;
        minus *= 1 - each;
        linear += each;
      }
      const value = (plus - minus) / 2 - linear;
      matrix[a * n + b] = value;
      matrix[b * n + a] = value;
    }
  }
  return matrix;
}

/** Covariance of the Shapley value of each player with each pair. O(n M²). @returns M × n */
export function shapleyCovariance(signs: Float64Array, players: number, rho: Float64Array): Float64Array {
  const n = signs.length / players;
  const { nodes, weights } = gaussLegendre(pointsFor(players));
  const covariance = new Float64Array(players * n);
  const factors = new Float64Array(players);
  for (let a = 0; a < n; a += 1) {
    for (const [p, t] of nodes.entries()) {
      for (let i = 0; i < players; i += 1) factors[i] = t * rho[i]! * signs[a * players + i]!;
      const even = evenWithoutEach(factors);
      for (let i = 0; i < players; i += 1)
        covariance[i * n + a]! += 2 * weights[p]! * rho[i]! * signs[a * players + i]! * even[i]!;
    }
  }
  return covariance;
}

/** Variance of the Shapley value of each player before any pair is seen. O(M³). */
export function shapleyVariance(players: number, rho: Float64Array): Float64Array {
  const { nodes, weights } = gaussLegendre(pointsFor(players));
  const variance = new Float64Array(players);
  for (const [p, t] of nodes.entries()) {
    for (const [q, u] of nodes.entries()) {
      const even = evenWithoutEach(rho.map((each) => t * u * each));
      for (let i = 0; i < players; i += 1) variance[i]! += 4 * weights[p]! * weights[q]! * rho[i]! * even[i]!;
    }
  }
  return variance;
}

/** Degree of the integrand is M − 1 at most. */
function pointsFor(players: number): number {
  return Math.min(32, Math.ceil(players / 2) + 1);
}

/** Per player i: (∏_{j ≠ i}(1 + f_j) + ∏_{j ≠ i}(1 − f_j)) / 2 − 1, without division. O(M). */
function evenWithoutEach(factors: Float64Array): Float64Array {
  const n = factors.length;
  const found = new Float64Array(n);
  const [plusBefore, minusBefore] = [new Float64Array(n + 1).fill(1), new Float64Array(n + 1).fill(1)];
  for (let i = 0; i < n; i += 1) {
    plusBefore[i + 1] = plusBefore[i]! * (1 + factors[i]!);
    minusBefore[i + 1] = minusBefore[i]! * (1 - factors[i]!);
  }
  let plusAfter = 1;
  let minusAfter = 1;
  for (let i = n - 1; i >= 0; i -= 1) {
    found[i] = (plusBefore[i]! * plusAfter + minusBefore[i]! * minusAfter) / 2 - 1;
    plusAfter *= 1 + factors[i]!;
    minusAfter *= 1 - factors[i]!;
  }
  return found;
}
