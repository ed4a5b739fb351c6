/** The primitives of Node for tests. */
import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';
import type { Sha256, SignMessage, Verifiers, VerifySignature } from '../src/crypto.ts';

export const sha256: Sha256 = (bytes) => hash('sha256', bytes, 'buffer');

type Algorithm = keyof Verifiers;

/** What stands before the raw key in its SubjectPublicKeyInfo. */
const PREFIXES: Readonly<Record<Algorithm, Buffer>> = {
  ed25519: Buffer.from('302a300506032b6570032100', 'hex'),
  mlDsa44: Buffer.from('30820532300b06096086480165030403110382052100', 'hex'),
};
const publicKeys = new Map<string, KeyObject>();

const verifierOf =
  (algorithm: Algorithm): VerifySignature =>
  (key, message, signature) => {
    const der = Buffer.concat([PREFIXES[algorithm], key]);
    const name = der.toString('latin1');
    try {
      let publicKey = publicKeys.get(name);
      if (publicKey === undefined) {
        publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
        publicKeys.set(name, publicKey);
      }
      return verify(null, message, publicKey, signature);
    } catch {
      return false;
    }
  };

export const verifiers: Verifiers = { ed25519: verifierOf('ed25519'), mlDsa44: verifierOf('mlDsa44') };

export interface KeyPair {
  /** Raw public key. */
  readonly key: Uint8Array;
  readonly sign: SignMessage;
}

/** Private keys from a seed of one byte, repeated: PKCS#8 with the seed of Ed25519 (RFC 8410) or of ML-DSA-44 (RFC 9881). */
export function keyPair(seed: number, algorithm: Algorithm = 'ed25519'): KeyPair {
  const head =
    algorithm === 'ed25519' ? '302e020100300506032b657004220420' : '3034020100300b060960864801650304031104228020';
  const der = Buffer.concat([Buffer.from(head, 'hex'), Buffer.alloc(32, seed)]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const key = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(PREFIXES[algorithm].length);
  return { key: Uint8Array.from(key), sign: (message) => sign(null, message, privateKey) };
}
