/**
 * Layout of every state, little endian:
 *
 *   0   "WEIR"   4   kind, u16   6   version, u16   8   bytes of the body, u32   12   CRC32C of bytes 0–11 and the body, u32   16   body
 */
export interface StateKind {
  readonly id: number;
  /** As messages call it. */
  readonly name: string;
  /** Version that is written. */
  readonly version: number;
  /** Oldest version that is still read. */
  readonly oldest: number;
}

export const MAGIC = 0x5249_4557;
export const HEADER_BYTES = 16;

const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** The view's bytes in little-endian order: the bytes themselves where the host is little endian, else a swapped copy. */
export function littleEndian(view: ArrayBufferView & { readonly BYTES_PER_ELEMENT: number }): Uint8Array {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  if (LITTLE_ENDIAN || view.BYTES_PER_ELEMENT === 1) return bytes;
  const swapped = bytes.slice();
  for (let at = 0; at < swapped.length; at += view.BYTES_PER_ELEMENT)
    swapped.subarray(at, at + view.BYTES_PER_ELEMENT).reverse();
  return swapped;
}
