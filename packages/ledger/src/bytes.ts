/** Bytes as text and back, in a browser as in Node: hex, base64 and UTF-8, each with exactly one spelling per value. */

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const HEX_DIGITS = '0123456789abcdef';
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const SEXTETS: Uint8Array = new Uint8Array(128).fill(255);
for (const [value, letter] of ALPHABET.split('').entries()) SEXTETS[letter.charCodeAt(0)] = value;

const encoder = new TextEncoder();
// A byte order mark is content like any other: stripping it would give two byte strings one text.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

const scratch = new Uint8Array(4_096);

/** As utf8, in memory that the next call uses again: for text that is hashed at once. */
export function utf8Scratch(text: string): Uint8Array {
  // A character of UTF-16 takes at most three bytes.
  if (text.length * 3 > scratch.length) return encoder.encode(text);
  return scratch.subarray(0, encoder.encodeInto(text, scratch).written);
}

/** @throws TypeError on bytes that are not UTF-8, encoded surrogates among them */
export function decodeUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/** Whether the text is toHex(bytes), without writing it. */
export function isHexOf(text: string, bytes: Uint8Array): boolean {
  if (text.length !== bytes.length * 2) return false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (text.charCodeAt(2 * at) !== HEX_DIGITS.charCodeAt(byte >> 4)) return false;
    if (text.charCodeAt(2 * at + 1) !== HEX_DIGITS.charCodeAt(byte & 15)) return false;
  }
  return true;
}

/** @returns undefined unless the text is an even number of lower-case hex digits */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return undefined;
  return Uint8Array.from({ length: text.length / 2 }, (_, index) => Number.parseInt(text.substr(index * 2, 2), 16));
}

/** RFC 4648 section 4, padded. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const triple = ((bytes[at] as number) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const left = bytes.length - at;
    text += ALPHABET[triple >> 18];
    text += ALPHABET[(triple >> 12) & 63];
    text += left > 1 ? ALPHABET[(triple >> 6) & 63] : '=';
    text += left > 2 ? ALPHABET[triple & 63] : '=';
  }
  return text;
}

/**
 * RFC 4648 section 4. Strict: padding is required and unused bits must be zero, so that no change of a character goes unnoticed.
 * @returns undefined on any other text
 */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  const letters = text.length - padding;
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let index = 0; index < letters; index += 1) {
    const sextet = SEXTETS[text.charCodeAt(index)] ?? 255;
    if (sextet === 255) return undefined;
    bits = (bits << 6) | sextet;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at] = bits >> held;
      at += 1;
      bits &= (1 << held) - 1;
    }
  }
  return bits === 0 ? bytes : undefined;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Big-endian uint64. @param value a safe integer of at least 0 */
export function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}
