/**
 * Philox 4x32-10: 128 random bits as a function of key and counter, without state. Keyed by recorded values (test, epoch, outcome number), a
 * draw can be made again from the log alone, in any order.
 * Source: Salmon, Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3 (SC 2011); its known-answer vectors are in the test.
 */
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/** Upper 32 bits of the product of two unsigned words. */
function high(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  return (a1 * b1 + Math.floor(middle / 65_536) + (a0 * b1 + (middle & 0xffff)) / 65_536) >>> 0;
}

/**
 * Four words for a counter, written to `words`. O(1), allocates nothing.
 * @param key two words; @param counter four words; @param words at least 4 long
 */
export function philox(key: ArrayLike<number>, counter: ArrayLike<number>, words: Uint32Array): void {
  let [k0, k1] = [(key[0] as number) >>> 0, (key[1] as number) >>> 0];
  let [c0, c1] = [(counter[0] as number) >>> 0, (counter[1] as number) >>> 0];
  let [c2, c3] = [(counter[2] as number) >>> 0, (counter[3] as number) >>> 0];
  for (let round = 0; round < 10; round += 1) {
    const high0 = high(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = high(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
}

/** A word as a number in [0, 1), multiple of 2^-32. */
export function uniformOf(word: number): number {
  return word / 4_294_967_296;
}
