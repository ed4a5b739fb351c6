/** Avro's zigzag varints, exactly: the lowest bit is the sign and is kept apart, since twice a value beyond 2⁵² is no exact double. */

/** Bytes of 64 bits, seven in each. */
const MOST_BYTES = 10;

/** `value` is exact within ±(2⁵³ − 1), and beyond that not a safe integer. Undefined when it is cut short or does not end after ten bytes. */
export function readVarint(
  bytes: Uint8Array,
  from: number,
): { readonly value: number; readonly at: number } | undefined {
  const first = bytes[from];
  if (first === undefined) return undefined;
  let magnitude = (first & 0x7f) >>> 1;
  let byte = first;
  let at = from + 1;
  for (let scale = 64; byte >= 0x80; scale *= 128) {
    if (at === bytes.length || at - from === MOST_BYTES) return undefined;
    byte = bytes[at] as number;
    magnitude += (byte & 0x7f) * scale;
    at += 1;
  }
  return { value: (first & 1) === 0 ? magnitude : -magnitude - 1, at };
}

/** @param value a safe integer */
export function writeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value < 0 ? -(value + 1) : value;
  let byte = ((rest % 64) << 1) | (value < 0 ? 1 : 0);
  rest = Math.floor(rest / 64);
  while (rest > 0) {
    bytes.push(byte | 0x80);
    byte = rest % 128;
    rest = Math.floor(rest / 128);
  }
  bytes.push(byte);
  return Buffer.from(bytes);
}
