/** Text that never exceeds its bound, so that no input makes an alert too large for its topic. */
import { createHash } from 'node:crypto';

/** Ends text of which the rest was left out. */
export const MARK = '…';
const MARK_BYTES = 3;
/** Bytes of UTF-8. */
export const MAX_NAME = 512;
export const MAX_TEXT = 4_096;
const DIGEST_CHARACTERS = 16;

/** The text, or as much of its beginning as fits `maxBytes` of UTF-8 with a mark behind it. O(length) beyond the bound, else O(1). */
export function cutText(text: string, maxBytes: number = MAX_TEXT): string {
  const bytes = excess(text, maxBytes);
  return bytes === undefined ? text : `${beginning(bytes, maxBytes - MARK_BYTES)}${MARK}`;
}

/** As `cutText`, with part of the whole name's SHA-256 behind the mark: names that differ stay different. */
export function cutName(name: string, maxBytes: number = MAX_NAME): string {
  const bytes = excess(name, maxBytes);
  if (bytes === undefined) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, DIGEST_CHARACTERS);
  return `${beginning(bytes, maxBytes - MARK_BYTES - DIGEST_CHARACTERS)}${MARK}${digest}`;
}

export function cutNullable(name: string | null): string | null {
  return name === null ? null : cutName(name);
}

/** UTF-8 of a text that exceeds the bound. */
function excess(text: string, maxBytes: number): Buffer | undefined {
  // A UTF-16 code unit takes at most three bytes.
  if (3 * text.length <= maxBytes) return undefined;
  const bytes = Buffer.from(text);
  return bytes.length <= maxBytes ? undefined : bytes;
}

function beginning(bytes: Buffer, length: number): string {
  let end = length;
  // Not inside a character: continuation bytes are 10xxxxxx.
  while (((bytes[end] as number) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}
