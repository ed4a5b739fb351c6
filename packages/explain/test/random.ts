import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Uniform } from '../src/random.ts';

/** The first draws of small seeds resemble each other, so they are left out. */
export function seeded(seed: number): Uniform {
  const generator = xoroshiro128plus(seed);
  for (let draw = 0; draw < 20; draw += 1) uniformFloat64(generator);
  return () => uniformFloat64(generator);
}

export function normalDraw(uniform: Uniform): number {
  return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
