/** SHA-256, Ed25519 and ML-DSA-44 of Node: the one file here that knows a runtime. A browser brings its own. */
import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';
import type { Sha256, Verifiers, VerifySignature } from './crypto.ts';

/** One-shot, and by way of a string: three times as fast as an answer in a Buffer of its own. */
export const sha256: Sha256 = (bytes) => Buffer.from(hash('sha256', bytes, 'binary'), 'latin1');

/** What stands before the raw key in its SubjectPublicKeyInfo (RFC 8410, RFC 9881). */
export const SPKI_PREFIXES: Readonly<Record<'ed25519' | 'ml-dsa-44', Buffer>> = {
  ed25519: Buffer.from('302a300506032b6570032100', 'hex'),
  'ml-dsa-44': Buffer.from('30820532300b06096086480165030403110382052100', 'hex'),
};
const MAX_KEYS = 1_000;

/** Key objects cost more than a verification, and a log has few keys. */
function verifierOf(prefix: Buffer): VerifySignature {
  const keys = new Map<string, KeyObject>();
  return (key, message, signature) => {
    const name = Buffer.from(key).toString('latin1');
    try {
      let publicKey = keys.get(name);
      if (publicKey === undefined) {
        publicKey = publicKeyOf(prefix, key);
        if (keys.size === MAX_KEYS) keys.clear();
        keys.set(name, publicKey);
      }
      return verify(null, message, publicKey, signature);
    } catch {
      return false;
    }
  };
}

function publicKeyOf(prefix: Buffer, key: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([prefix, key]), format: 'der', type: 'spki' });
}

/** Node has ML-DSA-44 where its OpenSSL does: asked once, with a key of zeros. */
function findMlDsa44(): boolean {
  try {
    publicKeyOf(SPKI_PREFIXES['ml-dsa-44'], new Uint8Array(1_312));
    return true;
  } catch {
    return false;
  }
}

export const HAS_ML_DSA_44: boolean = findMlDsa44();

export const verifiers: Verifiers = {
  ed25519: verifierOf(SPKI_PREFIXES.ed25519),
  ...(HAS_ML_DSA_44 ? { mlDsa44: verifierOf(SPKI_PREFIXES['ml-dsa-44']) } : {}),
};
