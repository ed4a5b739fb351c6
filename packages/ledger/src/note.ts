/** Signed notes (C2SP signed-note): text, an empty line, signature lines. */
import { decodeUtf8, fromBase64, fromHex, toBase64, toHex, utf8 } from './bytes.ts';
import { isKeyName, type VerifierKey } from './keys.ts';

export interface NoteSignature {
  /** `name+hash`, as VerifierKey.keyId. */
  readonly keyId: string;
  /** What follows the four bytes of the key id. */
  readonly signature: Uint8Array;
}

export interface Note {
  /** Ends with a newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export class NoteError extends Error {
  override readonly name = 'NoteError';
}

/** The specification asks for at least 16; a signature of ML-DSA-44 takes 3.3 kB. */
const MAX_SIGNATURES = 64;
const MAX_NOTE_BYTES = 1_000_000;
const DASH = '\u2014 ';

/** @throws NoteError on anything but a well-formed note; no signature is verified here */
export function parseNote(bytes: Uint8Array): Note {
  if (bytes.length > MAX_NOTE_BYTES)
    throw new NoteError(`a note of ${bytes.length} bytes; at most ${MAX_NOTE_BYTES} are read`);
  let whole: string;
  try {
    whole = decodeUtf8(bytes);
  } catch {
    throw new NoteError('the note is not UTF-8');
  }
  if (/[^\P{Cc}\n]/u.test(whole)) throw new NoteError('the note holds a control character');
  const blank = whole.lastIndexOf('\n\n');
  if (blank < 0) throw new NoteError('the note has no empty line before its signatures');
  if (!whole.endsWith('\n')) throw new NoteError('the last signature line does not end with a newline');
  const lines = whole.slice(blank + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES)
    throw new NoteError(`${lines.length} signatures; at most ${MAX_SIGNATURES} are read`);
  return { text: whole.slice(0, blank + 1), signatures: lines.map(parseLine) };
}

function parseLine(line: string): NoteSignature {
  const [name = '', encoded = '', ...rest] = line.slice(DASH.length).split(' ');
  const bytes = fromBase64(encoded);
  if (!line.startsWith(DASH) || !isKeyName(name) || rest.length > 0 || bytes === undefined || bytes.length < 5)
    throw new NoteError(`not a signature line: ${JSON.stringify(line.slice(0, 80))}`);
  return { keyId: `${name}+${toHex(bytes.subarray(0, 4))}`, signature: bytes.subarray(4) };
}

/** One signature line with its newline. @param signature what the type of the key says: with its time in front for cosignatures */
export function signatureLine({ name, keyId }: VerifierKey, signature: Uint8Array): string {
  const id = fromHex(keyId.slice(-8)) as Uint8Array;
  const bytes = new Uint8Array(4 + signature.length);
  bytes.set(id);
  bytes.set(signature, 4);
  return `${DASH}${name} ${toBase64(bytes)}\n`;
}

/** @param lines from signatureLine */
export function formatNote(text: string, lines: readonly string[]): Uint8Array {
  return utf8(`${text}\n${lines.join('')}`);
}
