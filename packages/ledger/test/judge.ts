/** The verifier's answer on files, as one value. */

import { concatBytes } from '../src/bytes.ts';
import type { Verifiers, VerifySignature } from '../src/crypto.ts';
import { sha256, verifiers } from '../src/node-crypto.ts';
import { TamperError, type Tampering, UnusableError } from '../src/tampering.ts';
import { parseTrust, type Trust } from '../src/trust.ts';
import { type VerifierOptions, verifyLog } from '../src/verify.ts';
import { verifyProofFile } from '../src/verify-proof.ts';
import type { Mutation } from './mutations.ts';
import { bundleOf, type Files, TRUST, trustText } from './scene.ts';

export type Answer = 'sound' | 'unusable' | Tampering;

export function judge(files: Files, options: Partial<VerifierOptions> = {}): Answer {
  try {
    verifyLog({ files: bundleOf(files), trust: TRUST, sha256, verifiers, mode: 'full', ...options });
    return 'sound';
  } catch (error) {
    if (error instanceof TamperError) return error.tampering;
    if (error instanceof UnusableError) return 'unusable';
    throw error;
  }
}

/** As `judge`, of a `.tlog-proof`. */
export function judgeProof(bytes: Uint8Array, verify: Verifiers = verifiers): Answer {
  try {
    verifyProofFile(bytes, TRUST, sha256, verify, 'structure');
    return 'sound';
  } catch (error) {
    if (error instanceof TamperError) return error.tampering;
    if (error instanceof UnusableError) return 'unusable';
    throw error;
  }
}

/** The verifier's answer to a mutation, with what its reader has pinned. */
export function judgeMutation({ files, since, proof }: Mutation, verify: Verifiers): Answer {
  if (proof !== undefined) return judgeProof(proof, verify);
  return judge(files, { verifiers: verify, ...(since === undefined ? {} : { since }) });
}

/** What is wrong with that answer; undefined when nothing is. */
export function miss(mutation: Mutation, answer: Answer): string | undefined {
  const { index, reason } = mutation;
  if (answer === 'sound') return 'not detected';
  if (answer === 'unusable') return 'unusable, which is no verdict';
  if (index !== undefined && answer.index !== index)
    return `index ${answer.index} (${answer.reason}), ${index} expected`;
  return reason !== undefined && answer.reason !== reason ? `${answer.reason}, ${reason} expected` : undefined;
}

export function trustOf(...lines: Parameters<typeof trustText>): Trust {
  return parseTrust(trustText(...lines), sha256);
}

/**
 * A verifier that remembers what it found: mutated logs share nearly all their entries, and whether a signature holds depends on key,
 * message and signature alone.
 */
export function remembering(verify: VerifySignature, capacity = 200_000): VerifySignature {
  const known = new Map<string, boolean>();
  return (key, message, signature) => {
    const name = Buffer.from(sha256(concatBytes(key, signature, message))).toString('latin1');
    let answer = known.get(name);
    if (answer === undefined) {
      if (known.size >= capacity) known.clear();
      answer = verify(key, message, signature);
      known.set(name, answer);
    }
    return answer;
  };
}
