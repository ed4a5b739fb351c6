/** The verifier's answer on files, as one value. */

import { concatBytes } from '../src/bytes.ts';
import type { VerifySignature } from '../src/crypto.ts';
import { sha256, verifiers } from '../src/node-crypto.ts';
import { TamperError, type Tampering, UnusableError } from '../src/tampering.ts';
import { parseTrust, type Trust } from '../src/trust.ts';
import { type VerifierOptions, verifyLog } from '../src/verify.ts';
import { type Files, TRUST, trustText } from './scene.ts';

export type Answer = 'sound' | 'unusable' | Tampering;

export function judge(files: Files, options: Partial<VerifierOptions> = {}): Answer {
  try {
    verifyLog({ read: (name) => files.get(name), trust: TRUST, sha256, verifiers, mode: 'full', ...options });
    return 'sound';
  } catch (error) {
    if (error instanceof TamperError) return error.tampering;
    if (error instanceof UnusableError) return 'unusable';
    throw error;
  }
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
