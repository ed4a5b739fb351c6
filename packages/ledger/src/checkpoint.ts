/** Checkpoints (C2SP tlog-checkpoint): size and root of a log as a signed note, and the messages that its signatures cover. */
import { concatBytes, fromBase64, toBase64, uint64, utf8 } from './bytes.ts';
import type { SignMessage, Verifiers } from './crypto.ts';
import type { SignatureType, VerifierKey } from './keys.ts';
import { formatNote, NoteError, signatureLine } from './note.ts';

export interface Checkpoint {
  readonly origin: string;
  /** Number of leaves. */
  readonly size: number;
  readonly root: Uint8Array;
}

const SUBTREE_LABEL = utf8('subtree/v1\n\0');
const MAX_U8_LENGTH = 255;

/** Origin, size and base64 root, each with a newline. No extension lines: ML-DSA cosignatures do not cover them. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

/** @throws NoteError unless the text is exactly what formatCheckpoint writes */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', sizeText = '', rootText = '', end, ...extensions] = text.split('\n');
  if (end !== '' || extensions.length > 0)
    throw new NoteError('a checkpoint of this log has three lines; extension lines are not covered by every signature');
  const size = Number(sizeText);
  if (!/^(0|[1-9]\d*)$/.test(sizeText) || !Number.isSafeInteger(size))
    throw new NoteError(`${JSON.stringify(sizeText)} is not a tree size`);
  const root = fromBase64(rootText);
  if (root?.length !== 32) throw new NoteError(`${JSON.stringify(rootText)} is not a root hash of 32 bytes in base64`);
  if (origin === '') throw new NoteError('the checkpoint has no origin');
  return { origin, size, root };
}

/** A key of the log or of a witness, with what signs for it. */
export interface CheckpointSigner {
  readonly key: VerifierKey;
  readonly sign: SignMessage;
}

/**
 * A note with one line per signer. The caller has proved that the checkpoint is consistent with the last one that it signed.
 * @param time POSIX seconds, for timestamped signatures: an argument, because this package has no clock
 */
export function signCheckpoint(checkpoint: Checkpoint, signers: readonly CheckpointSigner[], time: number): Uint8Array {
  return formatNote(
    formatCheckpoint(checkpoint),
    signers.map((signer) => checkpointLine(checkpoint, signer, time)),
  );
}

/** One signature or cosignature line. */
export function checkpointLine(checkpoint: Checkpoint, { key, sign }: CheckpointSigner, time: number): string {
  const signature = sign(signedBytes(checkpoint, key.type, key.name, time));
  return signatureLine(key, key.type === 'ed25519' ? signature : concatBytes(uint64(time), signature));
}

/**
 * Whether a line's signature is that of the key; undefined when the runtime cannot tell.
 * @param signature as in the note: with its time in front for the timestamped types
 */
export function verifyCheckpointSignature(
  checkpoint: Checkpoint,
  { key, type, name }: VerifierKey,
  signature: Uint8Array,
  verifiers: Verifiers,
): boolean | undefined {
  const verify = type === 'ml-dsa-44' ? verifiers.mlDsa44 : verifiers.ed25519;
  if (verify === undefined) return undefined;
  if (type === 'ed25519')
    return signature.length === 64 && verify(key, signedBytes(checkpoint, type, name, 0), signature);
  if (signature.length !== (type === 'ml-dsa-44' ? 2_428 : 72)) return false;
  const time = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
  if (time > BigInt(Number.MAX_SAFE_INTEGER)) return false;
  return verify(key, signedBytes(checkpoint, type, name, Number(time)), signature.subarray(8));
}

/** What a signature of this type covers. */
function signedBytes(checkpoint: Checkpoint, type: SignatureType, name: string, time: number): Uint8Array {
  const text = formatCheckpoint(checkpoint);
  if (type === 'ed25519') return utf8(text);
  if (type === 'ed25519-cosignature') return utf8(`cosignature/v1\ntime ${time}\n${text}`);
  return concatBytes(
    SUBTREE_LABEL,
    prefixed(name),
    uint64(time),
    prefixed(checkpoint.origin),
    uint64(0),
    uint64(checkpoint.size),
    checkpoint.root,
  );
}

function prefixed(text: string): Uint8Array {
  const bytes = utf8(text);
  if (bytes.length > MAX_U8_LENGTH)
    throw new RangeError(`${JSON.stringify(text)} has more than ${MAX_U8_LENGTH} bytes`);
  return concatBytes(Uint8Array.of(bytes.length), bytes);
}
