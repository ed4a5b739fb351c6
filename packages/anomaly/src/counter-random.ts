/**
 * Counter generator: draw i is a hash of (key, i), so its whole state is four 32-bit words that live in the caller's memory and are
 * saved with it. Period 2⁶⁴ per key; not for secrets.
 *
 * Two rounds of the 32-bit finaliser of MurmurHash3 (Appleby 2011):
 * the low counter word is hashed under the first key word, the result under the high counter word and the second key word.
 */
export class CounterRandom {
  /** [key 0, key 1, counter low, counter high]. */
  readonly state: Uint32Array;

  /** @param state four words; what is written to them later is the generator's state. */
  constructor(state: Uint32Array) {
    this.state = state;
  }

  /** Starts the stream of `seed`, a whole number in [0, 2⁵³). */
  seed(seed: number): void {
    this.state[0] = mix((seed >>> 0) ^ 0x9e37_79b9);
    this.state[1] = mix(Math.floor(seed / 2 ** 32) ^ 0x7f4a_7c15);
    this.state[2] = 0;
    this.state[3] = 0;
  }

  /** The next 32 bits as a signed number: an unsigned one above 2³¹ would be one on the heap. */
  next(): number {
    const state = this.state;
    const low = ((state[2] as number) + 1) >>> 0;
    state[2] = low;
    if (low === 0) state[3] = (state[3] as number) + 1;
    return (
      mix(mix(Math.imul(low, 0x9e37_79b1) ^ (state[0] as number)) ^ (state[1] as number) ^ (state[3] as number)) | 0
    );
  }

  /** Uniform in (0, 1), never an end of it; 32 bits. */
  uniform(): number {
    return ((this.next() >>> 0) + 0.5) * 2 ** -32;
  }

  /** Uniform whole number in [0, n), n ≤ 2²⁰; the bias is below n/2³². */
  below(n: number): number {
    return Math.floor((this.next() >>> 0) * 2 ** -32 * n);
  }
}

/** MurmurHash3's finaliser: every input bit flips every output bit with probability near ½. */
export function mix(word: number): number {
  let h = word ^ (word >>> 16);
  h = Math.imul(h, 0x85eb_ca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
