/** What a log and a witness say to each other (C2SP tlog-witness), as bytes: the sending is the caller's. */
import { decodeUtf8, toBase64, utf8 } from './bytes.ts';
import { type Checkpoint, parseCheckpoint, verifyCheckpointSignature } from './checkpoint.ts';
import type { Verifiers } from './crypto.ts';
import type { VerifierKey } from './keys.ts';
import { formatNote, NoteError, parseNote, signatureLine } from './note.ts';

/** More hashes than a tree of 2^63 leaves needs are refused by witnesses. */
export const MAX_PROOF = 63;

/**
 * Body of `add-checkpoint`.
 * @param oldSize leaves that the witness saw last; @param proof consistency of them with the checkpoint, RFC 6962 2.1.2
 * @throws RangeError with more than 63 hashes
 */
export function addCheckpointBody(oldSize: number, proof: readonly Uint8Array[], note: Uint8Array): Uint8Array {
  if (proof.length > MAX_PROOF) throw new RangeError(`a proof of ${proof.length} hashes; a witness takes ${MAX_PROOF}`);
  const head = utf8([`old ${oldSize}\n`, ...proof.map((hash) => `${toBase64(hash)}\n`), '\n'].join(''));
  const body = new Uint8Array(head.length + note.length);
  body.set(head);
  body.set(note, head.length);
  return body;
}

/**
 * The cosignature of a witness in its answer, as a line. Lines of other keys say nothing; one of its key that does not verify is refused with the rest.
 * @param answer body of a 200: signature lines; @returns undefined when it holds none that verifies
 */
export function cosignatureIn(
  answer: string,
  checkpoint: Checkpoint,
  witness: VerifierKey,
  verifiers: Verifiers,
): string | undefined {
  let signatures: ReturnType<typeof parseNote>['signatures'];
  try {
    signatures = parseNote(utf8(`${checkpoint.origin}\n\n${answer}`)).signatures;
  } catch (error) {
    if (error instanceof NoteError) return undefined;
    throw error;
  }
  const own = signatures.filter(({ keyId }) => keyId === witness.keyId);
  const [first] = own;
  const isValid = ({ signature }: (typeof own)[number]): boolean =>
    verifyCheckpointSignature(checkpoint, witness, signature, verifiers) === true;
  return first !== undefined && own.every(isValid) ? signatureLine(witness, first.signature) : undefined;
}

/** The note with lines of keys that have not signed it yet. @param lines from `cosignatureIn` @throws NoteError on a torn note or line */
export function withSignatures(note: Uint8Array, lines: readonly string[]): Uint8Array {
  if (lines.length === 0) return note;
  const { text, signatures } = parseNote(note);
  const known = new Set(signatures.map(({ keyId }) => keyId));
  const added = lines.filter((line) =>
    parseNote(utf8(`${text}\n${line}`)).signatures.every(({ keyId }) => !known.has(keyId)),
  );
  const held = decodeUtf8(note).slice(text.length + 1);
  return formatNote(text, [held, ...added]);
}

/** The lines of these keys in a note, in their order there; none of them verified. @throws NoteError */
export function linesOf(note: Uint8Array, keys: readonly VerifierKey[]): string[] {
  return parseNote(note).signatures.flatMap(({ keyId, signature }) => {
    const key = keys.find((each) => each.keyId === keyId);
    return key === undefined ? [] : [signatureLine(key, signature)];
  });
}

/** Checkpoint and keys of the signatures, none of them verified. @throws NoteError */
export function readNote(note: Uint8Array): { readonly checkpoint: Checkpoint; readonly keyIds: ReadonlySet<string> } {
  const { text, signatures } = parseNote(note);
  return { checkpoint: parseCheckpoint(text), keyIds: new Set(signatures.map(({ keyId }) => keyId)) };
}
