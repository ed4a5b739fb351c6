import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export interface Judged {
  readonly p: number;
  readonly y: 0 | 1;
}

/** Predictions between .05 and .45; what happens is `bias` likelier than they say. */
export function stream(seed: number): (bias: number) => Judged {
  const random = xoroshiro128plus(seed);
  const draw = (): number => uniformFloat64(random);
  return (bias) => {
    const p = 0.05 + 0.4 * draw();
    return { p, y: draw() < p + bias ? 1 : 0 };
  };
}
