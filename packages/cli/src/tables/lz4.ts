/**
 * LZ4 blocks without a frame, as Parquet has them. A block is a run of sequences: a token with two lengths of four bits, literals, and a
 * match, which copies what was written `offset` bytes before; the last sequence has literals only. A length of 15 goes on in the bytes that
 * follow, up to the first below 255.
 *
 * Source: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
 */
const SHORTEST_MATCH = 4;

/** Codec LZ4_RAW: one block. @throws {RangeError} when it is damaged or does not give `length` bytes. */
export function lz4Block(block: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  const end = inflate(block, out, 0);
  if (end !== length) throw new RangeError(`the LZ4 block gives ${end} bytes of ${length}`);
  return out;
}

/**
 * Codec LZ4, deprecated but still written by Spark: Hadoop's frames, each a length inflated and then blocks with their own length in front, all
 * big-endian. Some old writers wrote a block as LZ4_RAW has it.
 */
export function lz4Frames(page: Uint8Array, length: number): Uint8Array {
  try {
    const out = new Uint8Array(length);
    const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
    let from = 0;
    let to = 0;
    while (from < page.length) {
      const end = to + view.getUint32(from);
      for (from += 4; to < end; ) {
        const next = from + 4 + view.getUint32(from);
        to = inflate(page.subarray(from + 4, next), out, to);
        from = next;
      }
    }
    if (to === length && from === page.length) return out;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return lz4Block(page, length);
}

/** Writes what a block holds into `out` from `to` on; gives its end. */
function inflate(block: Uint8Array, out: Uint8Array, start: number): number {
  let from = 0;
  let to = start;
  const next = (): number => {
    if (from >= block.length) throw new RangeError('the LZ4 block is cut off');
    from += 1;
    return block[from - 1] as number;
  };
  const lengthOf = (four: number): number => {
    let length = four;
    for (let more = four === 15 ? 255 : 0; more === 255; length += more) more = next();
    return length;
  };
  while (from < block.length) {
    const token = next();
    const literals = lengthOf(token >>> 4);
    if (from + literals > block.length || to + literals > out.length)
      throw new RangeError('literals pass the end of the LZ4 block');
    out.set(block.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    if (from === block.length) break;
    const offset = next() + 256 * next();
    const end = to + SHORTEST_MATCH + lengthOf(token & 15);
    if (offset === 0 || offset > to || end > out.length) throw new RangeError('a match leaves the LZ4 block');
    // Byte by byte: a match may overlap itself.
    for (; to < end; to += 1) out[to] = out[to - offset] as number;
  }
  return to;
}
