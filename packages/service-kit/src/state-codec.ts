/** A state as bytes and back: a JSON head with its length in front, then typed arrays as they lie in memory (little endian). */

/** `head` must not have a field `sizes`. */
export function encodeState(head: object, parts: readonly ArrayBufferView[] = []): Buffer {
  const bytes = parts.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength));
  const json = Buffer.from(JSON.stringify({ sizes: bytes.map(({ length }) => length), ...head }));
  const size = Buffer.alloc(4);
  size.writeUInt32BE(json.length);
  return Buffer.concat([size, json, ...bytes]);
}

export interface DecodedState<Head> {
  readonly head: Head;
  /** A copy, because a typed array needs its alignment. */
  readonly part: (index: number) => ArrayBuffer;
}

/** @throws when the bytes are torn. */
export function decodeState<Head>(bytes: Uint8Array): DecodedState<Head> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headBytes = buffer.readUInt32BE(0);
  const head = JSON.parse(buffer.toString('utf8', 4, 4 + headBytes)) as Head & { readonly sizes: readonly number[] };
  const starts: number[] = [];
  let at = 4 + headBytes;
  for (const size of head.sizes) {
    starts.push(at);
    at += size;
  }
  if (at !== buffer.length) throw new Error(`a state of ${buffer.length} bytes should have ${at}; it is torn`);
  return {
    head,
    part: (index) => {
      const start = starts[index] as number;
      return Uint8Array.from(buffer.subarray(start, start + (head.sizes[index] as number))).buffer;
    },
  };
}
