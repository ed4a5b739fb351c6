/** One decision, from a `.tlog-proof` file and a trust file: the entry is in the log, and its author signed it. */

import type { Sha256, Verifiers } from './crypto.ts';
import { type Entry, EntryError } from './entry.ts';
import { approvalMessage, decodeEntry, signatureOf, signedMessage } from './entry-codec.ts';
import { CheckpointError, type OpenedCheckpoint, openCheckpoint } from './open-checkpoint.ts';
import { verifyInclusion } from './proof.ts';
import { type ProofFile, ProofFileError, parseProofFile } from './proof-file.ts';
import { TamperError } from './tampering.ts';
import { TreeHasher } from './tree.ts';
import { keyRingOf, type Trust } from './trust.ts';
import type { Mode } from './verify.ts';

export interface ProvedEntry {
  readonly checkpoint: OpenedCheckpoint;
  readonly index: number;
  readonly entry: Entry;
}

/**
 * Order: checkpoint signatures and quorum, inclusion of the bytes, their form, in `full` mode their signatures. A key that a rotation
 * introduced must be in the trust file, since the rotation is not in the proof.
 * @throws TamperError, RuntimeError
 */
export function verifyProofFile(
  bytes: Uint8Array,
  trust: Trust,
  sha256: Sha256,
  verifiers: Verifiers,
  mode: Mode,
): ProvedEntry {
  const { index, proof, extra, checkpoint: note } = read(bytes);
  if (extra === undefined)
    throw new TamperError({ reason: 'proof', detail: 'there is no extra line, and so no entry to prove' });
  const hasher = new TreeHasher(sha256);
  let checkpoint: OpenedCheckpoint;
  let entry: Entry;
  try {
    checkpoint = openCheckpoint(note, trust, verifiers, true);
    if (!verifyInclusion(hasher, index, checkpoint.size, hasher.leaf(extra), proof, checkpoint.root))
      throw new TamperError({
        reason: 'inclusion',
        detail: `this entry is not at index ${index} of the tree that the checkpoint signs`,
        index,
      });
    entry = decodeEntry(extra, sha256);
  } catch (error) {
    if (error instanceof CheckpointError) throw new TamperError({ reason: error.reason, detail: error.message });
    if (error instanceof EntryError) throw new TamperError({ reason: 'malformed', detail: error.message, index });
    throw error;
  }
  if (mode === 'full') checkSignatures(entry, extra, index, trust, verifiers);
  return { checkpoint, index, entry };
}

function checkSignatures(entry: Entry, bytes: Uint8Array, index: number, trust: Trust, { ed25519 }: Verifiers): void {
  const { model, seq, approval, kind } = entry;
  const keys = keyRingOf(trust);
  const check = (
    role: 'entry' | 'approver',
    signed: { keyId: string; sig: string },
    at: number,
    message: Uint8Array,
  ): void => {
    const key = keys.activeAt(role, signed.keyId, at);
    if (key === undefined)
      throw new TamperError({ reason: 'key', detail: keys.describe(role, signed.keyId, at), index, model, seq });
    if (ed25519(key.key, message, signatureOf(signed))) return;
    throw new TamperError({
      reason: 'signature',
      detail: `the signature of ${signed.keyId} does not verify`,
      index,
      model,
      seq,
    });
  };
  check('entry', entry, index, signedMessage(bytes, entry));
  if (approval !== undefined && kind !== 'key-rotated')
    check('approver', approval, index, approvalMessage(approval.of));
}

function read(bytes: Uint8Array): ProofFile {
  try {
    return parseProofFile(bytes);
  } catch (error) {
    if (error instanceof ProofFileError) throw new TamperError({ reason: 'proof', detail: error.message });
    throw error;
  }
}
