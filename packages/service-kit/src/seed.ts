/**
 * Generators keyed by what was recorded. Seeding xoroshiro128plus with small integers makes all first draws alike
 * (its first output is ~seed), so the four state words come from SHA-256 instead.
 */
import { createHash } from 'node:crypto';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** The generator of (seed, event id): the same pair gives the same draws on every machine, for ever. */
export function generatorFor(seed: string, eventId: string): RandomGenerator {
  // The length prefix keeps ("a", "bc") and ("ab", "c") apart.
  const digest = createHash('sha256').update(`${seed.length}:${seed}:${eventId}`).digest();
  const words = [0, 4, 8, 12].map((at) => digest.readInt32LE(at));
  return xoroshiro128plusFromState(words);
}
