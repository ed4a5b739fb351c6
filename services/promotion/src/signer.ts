/**
 * The key that signs entries and splits: Ed25519, which is deterministic, so that a kernel may sign. The private key stays out of the
 * configuration, which is recorded in the journal; only the id of the key is there.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { SignMessage } from '@weir/ledger/crypto';
import { formatVkey, verifierKey } from '@weir/ledger/keys';
import { sha256 } from '@weir/ledger/node-crypto';
import { makePrivateFile } from '@weir/service-kit/config/private-file';
import { ConfigError } from '@weir/service-kit/config/settings';

export interface Signer {
  /** `<name>+<hash>` of C2SP signed-note; `unsigned` without a key. */
  readonly keyId: string;
  /** The public key for a trust file; empty without a key. */
  readonly vkey: string;
  readonly sign: SignMessage;
}

/** 64 zero bytes: no key verifies them, so a governance log refuses such entries. */
export const UNSIGNED: Signer = { keyId: 'unsigned', vkey: '', sign: () => new Uint8Array(64) };

const BLOCK = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/g;
const RAW_PUBLIC_BYTES = 32;

/**
 * Keys of a file of PKCS#8 PEM blocks, Ed25519 each: the first signs; the others are for entries that are processed again after a crash and
 * were signed before the first one came.
 * @param name of the key, e.g. `weir/promotion`
 * @throws {ConfigError} naming the file and what is wrong with it
 */
export function readSigners(file: string, name: string): readonly Signer[] {
  const refuse = (fault: string): never => {
    throw new ConfigError([`WEIR_PROMOTION_KEY_FILE is ${JSON.stringify(file)}; ${fault}`]);
  };
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    refuse(`it cannot be read (${String((error as NodeJS.ErrnoException).code)}): correct the path or its rights`);
  }
  const blocks = text.match(BLOCK) ?? [];
  if (blocks.length === 0)
    refuse('it has no private key in PEM: make one with openssl genpkey -algorithm ed25519 -out FILE');
  return blocks.map((pem, index) => {
    let key: KeyObject | undefined;
    try {
      key = createPrivateKey(pem);
    } catch {
      // The message of the parser may quote the key.
    }
    if (key?.asymmetricKeyType !== 'ed25519') return refuse(`block ${index + 1} is no Ed25519 key: leave it out`);
    return signerOf(key, name);
  });
}

/** As `readSigners`; a file that is not there is made, readable by its owner only: for development. */
export function readOrMakeSigners(file: string, name: string): readonly Signer[] {
  const { privateKey } = generateKeyPairSync('ed25519');
  try {
    makePrivateFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new ConfigError([
        `WEIR_PROMOTION_KEY_FILE is ${JSON.stringify(file)}; it cannot be written: ${String(error)}`,
      ]);
  }
  return readSigners(file, name);
}

export function signerOf(key: KeyObject, name: string): Signer {
  // SubjectPublicKeyInfo of Ed25519 ends with the raw key (RFC 8410).
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const vkey = verifierKey(name, 'ed25519', new Uint8Array(spki.subarray(-RAW_PUBLIC_BYTES)), sha256);
  return { keyId: vkey.keyId, vkey: formatVkey(vkey), sign: (message) => sign(null, message, key) };
}
