/** A checkpoint is believed when keys of the trust file have signed it, and for nothing else that stands in it. */
import { type Checkpoint, parseCheckpoint, verifyCheckpointSignature } from './checkpoint.ts';
import type { Verifiers } from './crypto.ts';
import { NoteError, parseNote } from './note.ts';
import { describeQuorum, hasQuorum, type LogKind, type Trust } from './trust.ts';

export interface OpenedCheckpoint extends Checkpoint {
  /** Kinds of the log's signatures that were verified. */
  readonly kinds: readonly LogKind[];
  /** Kinds, of known keys, that this runtime cannot check. */
  readonly notChecked: readonly string[];
  /** Labels of the witnesses whose cosignatures were verified. */
  readonly witnesses: readonly string[];
  /** Who must cosign by the trust file, in words; null when no witness is needed. */
  readonly quorum: string | null;
}

export type CheckpointReason = 'note' | 'checkpoint-signature' | 'checkpoint-key' | 'checkpoint-kind' | 'quorum';

/** The checkpoint is not one that the trust file accepts. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
  readonly reason: CheckpointReason;

  constructor(reason: CheckpointReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The trust file asks for a signature that this runtime cannot check: neither sound nor tampered. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
}

/**
 * A known key that fails rejects the note; unknown keys are ignored; a required kind that is missing fails.
 * @param decides false for earlier checkpoints of a bundle: one signature of the log is enough, since what the trust file requires now need
 * not have existed then, and witnesses need not have seen every size
 * @throws CheckpointError, or RuntimeError when a required kind cannot be checked here
 */
export function openCheckpoint(
  bytes: Uint8Array,
  trust: Trust,
  verifiers: Verifiers,
  decides: boolean,
): OpenedCheckpoint {
  let note: ReturnType<typeof parseNote>;
  let checkpoint: Checkpoint;
  try {
    note = parseNote(bytes);
    checkpoint = parseCheckpoint(note.text);
  } catch (error) {
    if (error instanceof NoteError) throw new CheckpointError('note', error.message);
    throw error;
  }
  const kinds = new Set<LogKind>();
  const cosigned = new Set<string>();
  const notChecked = new Set<string>();
  for (const { keyId, signature } of note.signatures) {
    const log = trust.logs.get(keyId);
    const vkey = log?.vkey ?? trust.witnesses.get(keyId)?.vkey;
    if (vkey === undefined) continue;
    const isValid = verifyCheckpointSignature(checkpoint, vkey, signature, verifiers);
    if (isValid === false)
      throw new CheckpointError('checkpoint-signature', `the signature of ${keyId} does not verify`);
    if (isValid === undefined) {
      notChecked.add(vkey.type);
      continue;
    }
    if (log === undefined) {
      cosigned.add(keyId);
      continue;
    }
    if (vkey.name !== checkpoint.origin)
      throw new CheckpointError(
        'checkpoint-key',
        `${keyId} is a key of ${vkey.name}, the checkpoint is of ${checkpoint.origin}`,
      );
    if (checkpoint.size < log.first || checkpoint.size > log.last)
      throw new CheckpointError(
        'checkpoint-key',
        `${keyId} signs sizes ${log.first} to ${log.last === Infinity ? 'now' : log.last}, not ${checkpoint.size}`,
      );
    kinds.add(vkey.type as LogKind);
  }
  if (kinds.size === 0 && notChecked.size > 0)
    throw new RuntimeError(`this runtime can check none of the signatures: ${[...notChecked].join(', ')}`);
  if (kinds.size === 0) throw new CheckpointError('checkpoint-kind', 'no key that the trust file names has signed');
  if (decides) checkPolicy(trust, kinds, notChecked, cosigned);
  const witnesses = [...cosigned].map((keyId) => trust.witnesses.get(keyId)?.label as string);
  const quorum = trust.quorum === undefined ? null : describeQuorum(trust.quorum, trust.witnesses);
  return { ...checkpoint, kinds: [...kinds], notChecked: [...notChecked], witnesses, quorum };
}

function checkPolicy(
  trust: Trust,
  kinds: ReadonlySet<LogKind>,
  notChecked: ReadonlySet<string>,
  cosigned: ReadonlySet<string>,
): void {
  for (const kind of trust.required) {
    if (kinds.has(kind)) continue;
    if (notChecked.has(kind))
      throw new RuntimeError(`the trust file requires ${kind} signatures, which this runtime cannot check`);
    throw new CheckpointError(
      'checkpoint-kind',
      `no known key of kind ${kind} has signed, and the trust file requires it`,
    );
  }
  if (trust.quorum !== undefined && !hasQuorum(trust.quorum, cosigned))
    throw new CheckpointError(
      'quorum',
      `${cosigned.size} witnesses have cosigned: too few for the quorum of the trust file`,
    );
}
