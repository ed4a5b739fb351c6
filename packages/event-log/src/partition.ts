/**
 * MurmurHash2, 32 bits, seed 0x9747b28c, as in the Kafka Java client: the same key lands in the same partition
 * whichever client wrote it.
 */
export function murmur2(key: Uint8Array): number {
  const m = 0x5bd1e995;
  const length = key.length;
  let h = 0x9747b28c ^ length;
  const whole = length & ~3;
  for (let at = 0; at < whole; at += 4) {
    let k =
      (key[at] as number) |
      ((key[at + 1] as number) << 8) |
      ((key[at + 2] as number) << 16) |
      ((key[at + 3] as number) << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    h = Math.imul(h, m) ^ Math.imul(k, m);
  }
  const tail = length & 3;
  if (tail >= 3) h ^= (key[whole + 2] as number) << 16;
  if (tail >= 2) h ^= (key[whole + 1] as number) << 8;
  if (tail >= 1) h = Math.imul(h ^ (key[whole] as number), m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return h ^ (h >>> 15);
}

/** Partition of a key among `count` partitions. */
export function partitionFor(key: string | Uint8Array, count: number): number {
  return (murmur2(typeof key === 'string' ? Buffer.from(key) : key) & 0x7fffffff) % count;
}
