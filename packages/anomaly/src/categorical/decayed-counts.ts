import { mix } from '../counter-random.ts';
import type { StateReader } from '../state/state-reader.ts';
import type { StateWriter } from '../state/state-writer.ts';

const ROWS = 2;
const WIDTH = 1_024;
/** Added weight at which all counts are scaled down, far from where float64 would lose a unit. */
const RESCALE = 2 ** 40;

/**
 * Count-min sketch of 2 × 1,024 counts whose weight decays by half every `halfLife` events: an upper bound of how often a hash has come
 * lately, too high by more than 2/1,024 of the total with probability at most ¼ per row. Newer events weigh more instead of older ones
 * less, so that an event costs O(1).
 * Source: Cormode & Muthukrishnan (2005), Count-min sketch; forward decay by Cormode et al. (2009).
 */
export class DecayedCounts {
  readonly halfLife: number;
  readonly #growth: number;
  readonly #counts = new Float64Array(ROWS * WIDTH);
  /** [weight of the next event, sum of the weights so far]. */
  readonly #totals = Float64Array.of(1, 0);

  /** @param halfLife events, at least 1. */
  constructor(halfLife: number) {
    this.halfLife = halfLife;
    this.#growth = 2 ** (1 / halfLife);
  }

  get bytes(): number {
    return this.#counts.byteLength + this.#totals.byteLength;
  }

  /** Decayed number of events, in units of an event that comes now. */
  get total(): number {
    return (this.#totals[1] as number) / (this.#totals[0] as number);
  }

  /** Decayed count of a hash, in units of an event that comes now; never too low. */
  countOf(hash: number): number {
    const counts = this.#counts;
    const first = counts[hash & (WIDTH - 1)] as number;
    const second = counts[WIDTH + (mix(hash ^ 0x5bd1_e995) & (WIDTH - 1))] as number;
    return Math.min(first, second) / (this.#totals[0] as number);
  }

  add(hash: number): void {
    const weight = this.#totals[0] as number;
    const first = hash & (WIDTH - 1);
    const second = WIDTH + (mix(hash ^ 0x5bd1_e995) & (WIDTH - 1));
    this.#counts[first] = (this.#counts[first] as number) + weight;
    this.#counts[second] = (this.#counts[second] as number) + weight;
    this.#totals[1] = (this.#totals[1] as number) + weight;
    this.#totals[0] = weight * this.#growth;
    if ((this.#totals[0] as number) < RESCALE) return;
    for (let i = 0; i < this.#counts.length; i += 1) this.#counts[i] = (this.#counts[i] as number) / RESCALE;
    for (let i = 0; i < 2; i += 1) this.#totals[i] = (this.#totals[i] as number) / RESCALE;
  }

  write(writer: StateWriter): void {
    writer.numbers(this.#counts);
    writer.numbers(this.#totals);
  }

  read(reader: StateReader): void {
    reader.numbers(this.#counts);
    reader.numbers(this.#totals);
  }
}
