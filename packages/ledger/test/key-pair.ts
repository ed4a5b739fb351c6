/** Key pairs for tests, from seeds. */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { SignMessage, Verifiers } from '../src/crypto.ts';
import { SPKI_PREFIXES } from '../src/node-crypto.ts';

export interface KeyPair {
  /** Raw public key. */
  readonly key: Uint8Array;
  readonly sign: SignMessage;
}

/** Private keys from a seed of one byte, repeated: PKCS#8 with the seed of Ed25519 (RFC 8410) or of ML-DSA-44 (RFC 9881). */
export function keyPair(seed: number, algorithm: keyof Verifiers = 'ed25519'): KeyPair {
  const head =
    algorithm === 'ed25519' ? '302e020100300506032b657004220420' : '3034020100300b060960864801650304031104228020';
  const der = Buffer.concat([Buffer.from(head, 'hex'), Buffer.alloc(32, seed)]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const key = createPublicKey(privateKey)
    .export({ format: 'der', type: 'spki' })
    .subarray(SPKI_PREFIXES[algorithm === 'ed25519' ? algorithm : 'ml-dsa-44'].length);
  return { key: Uint8Array.from(key), sign: (message) => sign(null, message, privateKey) };
}
