import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { Uniform } from '../src/random.ts';

/** Streams of neighbouring seeds must not resemble each other: the generator is linear, so its state comes from a hash of the seed. */
export function seeded(seed: number): Uniform {
  const generator = xoroshiro128plusFromState(
    [1, 2, 3, 4].map((word) => mixed(Math.imul(seed, 0x9e3779b1) + Math.imul(word, 0x85ebca6b))),
  );
  return () => uniformFloat64(generator);
}

function mixed(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) | 0;
}

export function normalDraw(uniform: Uniform): number {
  return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
