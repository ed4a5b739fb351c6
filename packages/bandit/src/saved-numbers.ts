/**
 * State as bytes: version (u8), number of shape entries (u8), the shape (u16 each), the values (f64 each), FNV-1a of all before it (u32);
 * little-endian. FNV-1a maps different single bytes to different sums, so one flipped bit is always seen.
 */
import { BanditError } from './errors.ts';

/** Passes each number of a state through `pass`, in a fixed order, and keeps what it returns. */
export type Visit = (pass: (value: number) => number) => void;

const CHECK_BYTES = 4;

/** @param shape what the number of values depends on, whole numbers below 65,536, at most 255 of them. O(values). */
export function saveNumbers(version: number, shape: readonly number[], visit: Visit): Uint8Array {
  const start = 2 + 2 * shape.length;
  const bytes = new Uint8Array(start + 8 * countOf(visit) + CHECK_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, version);
  view.setUint8(1, shape.length);
  shape.forEach((entry, index) => {
    view.setUint16(2 + 2 * index, entry, true);
  });
  let at = start;
  visit((value) => {
    view.setFloat64(at, value, true);
    at += 8;
    return value;
  });
  view.setUint32(at, checkOf(bytes.subarray(0, at)), true);
  return bytes;
}

/**
 * Puts what `saveNumbers` gave into a new state of the same shape.
 * @throws {BanditError} BAD_STATE when version, shape, length or check are others, or a value is not finite
 */
export function loadNumbers(bytes: Uint8Array, version: number, shape: readonly number[], visit: Visit): void {
  const refuse = (said: string): never => {
    throw new BanditError('BAD_STATE', `${said}; restore a snapshot of the same test or fold its outcomes again`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 2 + 2 * shape.length;
  const length = start + 8 * countOf(visit) + CHECK_BYTES;
  if (bytes.length === 0 || bytes[0] !== version)
    refuse(`state version is ${bytes[0] ?? 'missing'}; it must be ${version}`);
  if (bytes.length !== length) refuse(`state has ${bytes.length} bytes; its settings need ${length}`);
  const check = view.getUint32(length - CHECK_BYTES, true);
  if (check !== checkOf(bytes.subarray(0, length - CHECK_BYTES)))
    refuse(`state check is ${check}; its bytes give another`);
  const saved = shape.map((_, index) => view.getUint16(2 + 2 * index, true));
  if (saved.join() !== shape.join()) refuse(`state has the shape ${saved.join()}; its settings need ${shape.join()}`);
  let at = start;
  visit(() => {
    const value = view.getFloat64(at, true);
    if (!Number.isFinite(value)) refuse(`the value at byte ${at} is ${value}; it must be finite`);
    at += 8;
    return value;
  });
}

function countOf(visit: Visit): number {
  let count = 0;
  visit((value) => {
    count += 1;
    return value;
  });
  return count;
}

function checkOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
