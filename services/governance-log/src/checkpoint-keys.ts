/**
 * The keys that sign checkpoints: PKCS#8 blocks in one PEM file, an Ed25519 key and, where the runtime has it, an ML-DSA-44 key. The private
 * keys stay in this process: neither the journal nor the folder has them.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { toBase64 } from '@weir/ledger/bytes';
import type { CheckpointSigner } from '@weir/ledger/checkpoint';
import { verifierKey } from '@weir/ledger/keys';
import { HAS_ML_DSA_44, SPKI_PREFIXES, sha256 } from '@weir/ledger/node-crypto';
import { makePrivateFile } from '@weir/service-kit/config/private-file';
import { ConfigError } from '@weir/service-kit/config/settings';

type Kind = keyof typeof SPKI_PREFIXES;

/** The public half: what the journal records. */
export interface CheckpointKey {
  readonly kind: Kind;
  /** Raw public key, base64. */
  readonly key: string;
}

export interface CheckpointKeys {
  readonly keys: readonly CheckpointKey[];
  /** A key's name is the origin of the log that it signs. */
  signersFor(origin: string): readonly CheckpointSigner[];
}

/** Nothing is signed. */
export const NO_KEYS: CheckpointKeys = { keys: [], signersFor: () => [] };

const BLOCK = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/g;
/** Neither the group nor others may read a private key. */
const OTHERS = 0o077;
const VARIABLE = 'WEIR_GOVERNANCE_KEY_FILE';

/** @throws {ConfigError} naming the file, what is wrong with it and the cure; never a part of a key */
export function readCheckpointKeys(file: string): CheckpointKeys {
  const refuse = (fault: string): never => {
    throw new ConfigError([`${VARIABLE} is ${JSON.stringify(file)}; ${fault}`]);
  };
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    refuse(`it cannot be read (${code}): correct the path, or make a key with services/governance-log/src/init-key.ts`);
  }
  const mode = statSync(file).mode;
  if ((mode & OTHERS) !== 0)
    refuse(`its mode is ${(mode & 0o777).toString(8)}, so that others can read it: chmod 600 it`);
  const blocks = text.match(BLOCK) ?? [];
  const privateKeys = blocks.map((pem, index) => {
    try {
      return createPrivateKey(pem);
    } catch {
      // The message of the parser may quote the key.
      return refuse(`block ${index + 1} is no private key that this runtime reads: leave it out`);
    }
  });
  const kinds = privateKeys.map(({ asymmetricKeyType }) => asymmetricKeyType);
  const unknown = kinds.findIndex((kind) => kind !== 'ed25519' && kind !== 'ml-dsa-44');
  if (unknown >= 0) refuse(`block ${unknown + 1} is of kind ${kinds[unknown]}: it may be ed25519 or ml-dsa-44`);
  if (new Set(kinds).size < kinds.length || !kinds.includes('ed25519'))
    refuse(`it holds ${kinds.join(', ') || 'no key'}: it must hold one ed25519 key and may hold one ml-dsa-44 key`);
  return checkpointKeys(privateKeys);
}

/** Makes the file, readable by its owner only. @throws when it is there already: a key is never overwritten */
export function makeKeyFile(file: string): void {
  const kinds: readonly Kind[] = HAS_ML_DSA_44 ? ['ed25519', 'ml-dsa-44'] : ['ed25519'];
  const blocks = kinds.map((kind) =>
    // The declarations know ed25519 alone.
    generateKeyPairSync(kind as 'ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }),
  );
  makePrivateFile(file, blocks.join(''));
}

export function checkpointKeys(privateKeys: readonly KeyObject[]): CheckpointKeys {
  const pairs = privateKeys.map((privateKey) => {
    const kind = privateKey.asymmetricKeyType as Kind;
    const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
    return { kind, privateKey, raw: new Uint8Array(spki.subarray(SPKI_PREFIXES[kind].length)) };
  });
  return {
    keys: pairs.map(({ kind, raw }) => ({ kind, key: toBase64(raw) })),
    signersFor: (origin) =>
      pairs.map(({ kind, privateKey, raw }) => ({
        key: verifierKey(origin, kind, raw, sha256),
        sign: (message) => sign(null, message, privateKey),
      })),
  };
}
