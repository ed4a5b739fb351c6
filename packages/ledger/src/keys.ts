/** Public keys of entries: verifier keys (C2SP signed-note vkey), the ranges of leaf indices that each is good for, and rotation. */
import { equalBytes, fromBase64, toBase64, toHex, utf8 } from './bytes.ts';
import type { Sha256 } from './crypto.ts';

/** Signature types of C2SP signed-note and tlog-cosignature, and how long their keys and signatures are in bytes. */
export const SIGNATURE_TYPES = {
  ed25519: { byte: 0x01, keyLength: 32, signatureLength: 64 },
  'ed25519-cosignature': { byte: 0x04, keyLength: 32, signatureLength: 72 },
  'ml-dsa-44': { byte: 0x06, keyLength: 1_312, signatureLength: 2_428 },
} as const;

export type SignatureType = keyof typeof SIGNATURE_TYPES;

export interface VerifierKey {
  readonly name: string;
  readonly type: SignatureType;
  /** Raw public key. */
  readonly key: Uint8Array;
  /** `name+hash`: the key name and the 8 hex digits of its 4-byte id. What entries carry as keyId. */
  readonly keyId: string;
}

/** A key name of signed-note: not empty, neither Unicode spaces nor plus, no control character. */
export function isKeyName(name: string): boolean {
  return name !== '' && name.isWellFormed() && !/[\s+\p{Cc}]/u.test(name);
}

/** First four bytes of SHA-256(name ‖ "\n" ‖ type ‖ key), as in C2SP signed-note. @throws RangeError on a name or length out of range */
export function verifierKey(name: string, type: SignatureType, key: Uint8Array, sha256: Sha256): VerifierKey {
  const { byte, keyLength } = SIGNATURE_TYPES[type];
  if (!isKeyName(name)) throw new RangeError(`${JSON.stringify(name)} is no key name: no spaces, no "+", not empty`);
  if (key.length !== keyLength) throw new RangeError(`a key of ${type} has ${keyLength} bytes, not ${key.length}`);
  const head = utf8(`${name}\n`);
  const input = new Uint8Array(head.length + 1 + key.length);
  input.set(head);
  input[head.length] = byte;
  input.set(key, head.length + 1);
  return { name, type, key, keyId: `${name}+${toHex(sha256(input).subarray(0, 4))}` };
}

/** `<name>+<hash>+<base64(type ‖ key)>`. */
export function formatVkey({ keyId, type, key }: VerifierKey): string {
  const material = new Uint8Array(1 + key.length);
  material[0] = SIGNATURE_TYPES[type].byte;
  material.set(key, 1);
  return `${keyId}+${toBase64(material)}`;
}

/** @returns undefined on any text but the one form of a key of a known type, its hash included */
export function parseVkey(vkey: string, sha256: Sha256): VerifierKey | undefined {
  const [, name, hash, encoded] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(vkey) ?? [];
  const material = fromBase64(encoded ?? '');
  if (name === undefined || material === undefined || !isKeyName(name)) return undefined;
  for (const [type, { byte, keyLength }] of Object.entries(SIGNATURE_TYPES)) {
    if (material[0] !== byte || material.length !== keyLength + 1) continue;
    const key = verifierKey(name, type as SignatureType, material.subarray(1), sha256);
    return key.keyId === `${name}+${hash}` ? key : undefined;
  }
  return undefined;
}

/** Both ends belong to the range; `last` is Infinity while nothing has ended it. */
export interface IndexRange {
  readonly first: number;
  readonly last: number;
}

/** Services sign entries, people sign approvals: neither key is good for the other. */
export type KeyRole = 'entry' | 'approver';

export interface RangedKey extends IndexRange {
  readonly role: KeyRole;
  readonly vkey: VerifierKey;
}

/** The entry at `index` ended the old key and introduced the next one. */
export interface Rotation {
  readonly index: number;
  readonly oldKeyId: string;
  readonly next: VerifierKey;
}

/** The keys of one log: what the trust file names, and what the log itself has rotated to. */
export class KeyRing {
  readonly #keys: Map<string, RangedKey[]> = new Map();
  readonly #rotations: Rotation[] = [];

  constructor(keys: readonly RangedKey[]) {
    for (const key of keys) this.#add(key);
  }

  /** In the order of the log: with the trust file, all that the ring is made of. */
  get rotations(): readonly Rotation[] {
    return this.#rotations;
  }

  activeAt(role: KeyRole, keyId: string, index: number): VerifierKey | undefined {
    return this.#keys.get(keyId)?.find((key) => key.role === role && key.first <= index && index <= key.last)?.vkey;
  }

  /** For messages: why a key is not active. */
  describe(role: KeyRole, keyId: string, index: number): string {
    const ranges = (this.#keys.get(keyId) ?? []).filter((key) => key.role === role);
    if (ranges.length === 0) return `${role} key ${keyId} is not in the trust file and no rotation introduced it`;
    const shown = ranges.map(({ first, last }) => `${first} to ${last === Infinity ? 'now' : last}`).join(', ');
    return `${role} key ${keyId} is good for indices ${shown}, not for ${index}`;
  }

  /** Why the old key cannot be followed by this one; undefined when it can. */
  rotationFault(oldKeyId: string, next: VerifierKey): string | undefined {
    if (next.keyId === oldKeyId) return 'a key cannot follow itself';
    const known = this.#keys.get(next.keyId) ?? [];
    const isOther = known.some(({ vkey, role }) => role !== 'entry' || !equalBytes(vkey.key, next.key));
    return isOther ? `${next.keyId} already names another key` : undefined;
  }

  /**
   * The old key ends with the entry at `index`; the new one begins after it. A new key that the trust file already names keeps the range
   * that it has there.
   */
  rotate({ index, oldKeyId, next }: Rotation): void {
    this.#rotations.push({ index, oldKeyId, next });
    const old = this.#keys.get(oldKeyId) ?? [];
    this.#keys.set(
      oldKeyId,
      old.map((key) => (key.first <= index && index <= key.last ? { ...key, last: index } : key)),
    );
    if (!this.#keys.has(next.keyId)) this.#add({ role: 'entry', vkey: next, first: index + 1, last: Infinity });
  }

  #add(key: RangedKey): void {
    const ranges = this.#keys.get(key.vkey.keyId);
    if (ranges === undefined) this.#keys.set(key.vkey.keyId, [key]);
    else ranges.push(key);
  }
}
