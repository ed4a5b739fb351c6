/**
 * Sobol points with hash-based Owen scrambling, up to 100 dimensions. Primitive polynomials over GF(2) are found here; initial direction
 * numbers are odd and fixed, and scrambling makes up for not optimising them.
 * Sources: Sobol (1967); Bratley and Fox (1988), algorithm 659; Owen (1995); Burley (2020), Practical hash-based Owen scrambling.
 */
import { ExplainError } from '../errors.ts';

export const MAX_DIMENSIONS = 100;
const BITS = 32;
let known: Uint32Array<ArrayBuffer>[] | undefined;

/** Point generator: `point(index, out)` writes one point of [0, 1)^dimensions. @param seed 32 bits. O(dimensions · 32) per point. */
export function scrambledSobol(dimensions: number, seed: number): (index: number, out: Float64Array) => void {
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > MAX_DIMENSIONS) {
    throw new ExplainError(
      'BAD_ARGUMENT',
      `${dimensions} Sobol dimensions are asked for, but 1 to ${MAX_DIMENSIONS} are there; group features into players`,
    );
  }
  known ??= directions(MAX_DIMENSIONS);
  const numbers = known;
  const seeds = Uint32Array.from({ length: dimensions }, (_, d) => mix(seed ^ Math.imul(d + 1, 0x9e3779b1)));
  const shuffle = mix(seed ^ 0x5bd1e995);
  return (index, out) => {
    // The order of points is scrambled as well, so that any prefix of a power of two is one net.
    const at = owen(index, shuffle);
    for (let d = 0; d < dimensions; d += 1) {
      let x = 0;
      for (let bit = 0, rest = at; rest !== 0; bit += 1, rest >>>= 1) if ((rest & 1) === 1) x ^= numbers[d]![bit]!;
      out[d] = (owen(reverse(x), seeds[d]!, true) >>> 0) / 2 ** BITS;
    }
  };
}

function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Laine–Karras permutation: each bit is flipped by a hash of the bits below it. `reversed`: the input is bit-reversed already, and the output not. */
function owen(value: number, seed: number, reversed = false): number {
  let x = reversed ? value : reverse(value);
  x = (x + seed) | 0;
  x ^= Math.imul(x, 0x6c50b47c);
  x ^= Math.imul(x, 0xb82f1e52);
  x ^= Math.imul(x, 0xc7afe638);
  x ^= Math.imul(x, 0x8d22f6e6);
  return reverse(x);
}

function reverse(value: number): number {
  let x = value;
  x = ((x >>> 1) & 0x55555555) | ((x & 0x55555555) << 1);
  x = ((x >>> 2) & 0x33333333) | ((x & 0x33333333) << 2);
  x = ((x >>> 4) & 0x0f0f0f0f) | ((x & 0x0f0f0f0f) << 4);
  x = ((x >>> 8) & 0x00ff00ff) | ((x & 0x00ff00ff) << 8);
  return ((x >>> 16) | (x << 16)) >>> 0;
}

function directions(dimensions: number): Uint32Array<ArrayBuffer>[] {
  const found = [Uint32Array.from({ length: BITS }, (_, i) => (1 << (BITS - 1 - i)) >>> 0)];
  for (let degree = 1; found.length < dimensions; degree += 1) {
    for (let inner = 0; inner < 1 << (degree - 1) && found.length < dimensions; inner += 1) {
      if (isPrimitive(degree, inner)) found.push(direction(degree, inner, found.length));
    }
  }
  return found;
}

/** x^degree + inner + 1 is primitive when its shift register runs through all 2^degree − 1 states. `inner`: coefficients of x^(degree−1) … x. */
function isPrimitive(degree: number, inner: number): boolean {
  const taps = (1 << degree) | (inner << 1) | 1;
  let state = 1;
  for (let step = 1; step < 1 << degree; step += 1) {
    state <<= 1;
    if ((state >> degree) & 1) state ^= taps;
    if (state === 1) return step === (1 << degree) - 1;
  }
  return false;
}

function direction(degree: number, inner: number, dimension: number): Uint32Array<ArrayBuffer> {
  const v = new Uint32Array(BITS);
  for (let i = 0; i < BITS; i += 1) {
    if (i < degree) {
      const odd = (mix(dimension * 64 + i) % (1 << (i + 1))) | 1;
      v[i] = (odd << (BITS - 1 - i)) >>> 0;
      continue;
    }
    let x = v[i - degree]! ^ (v[i - degree]! >>> degree);
    for (let j = 1; j < degree; j += 1) if ((inner >> (degree - 1 - j)) & 1) x ^= v[i - j]!;
    v[i] = x >>> 0;
  }
  return v;
}
