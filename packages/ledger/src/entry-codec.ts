/** Entries as canonical JSON whose bytes are signed and hashed as they are. */
import { concatBytes, fromBase64, isHexOf, toBase64, toHex, utf8, utf8Scratch } from './bytes.ts';
import type { Sha256, SignMessage } from './crypto.ts';
import { type Entry, type EntryBody, EntryError, type Hex32, MAX_ENTRY_BYTES } from './entry.ts';
import { readPlainEntry } from './entry-reader.ts';
import { checkEntry } from './entry-schema.ts';
import { canonicalize, JcsError, type Json, parseCanonical } from './jcs.ts';

const SIGNING_PREFIX = utf8('weir/entry/v1\n');
const APPROVAL_PREFIX = 'weir/approval/v1\n';

/**
 * SHA-256 of JCS{model, no, action, policyHash, cursor, stateHash}: neither partition counts, nor arrival order, nor the number of
 * crashes take part.
 */
export function decisionIdOf(entry: Pick<Entry, 'model' | 'no' | 'decision'>, sha256: Sha256): Hex32 {
  return toHex(decisionHash(entry, sha256));
}

function decisionHash(entry: Pick<Entry, 'model' | 'no' | 'decision'>, sha256: Sha256): Uint8Array {
  const { action, policyHash, cursor, stateHash } = entry.decision;
  const { id, maturity, n } = cursor;
  // The members in canonical order; the schema has checked that each is what JSON.stringify and canonicalize write alike.
  const text = `{"action":${JSON.stringify(action)},"cursor":{"id":${JSON.stringify(id)},"maturity":${maturity},"n":${n}},"model":${JSON.stringify(entry.model)},"no":${entry.no},"policyHash":"${policyHash}","stateHash":"${stateHash}"}`;
  return sha256(utf8Scratch(text));
}

/** Bytes of a new entry. @throws EntryError before anything is published: a field out of its range, or more than 65,535 bytes */
export function encodeEntry(body: EntryBody, sha256: Sha256, sign: SignMessage): Uint8Array {
  const unsigned = { ...body, decisionId: decisionIdOf(body, sha256), sig: '' };
  const sig = toBase64(sign(signedMessage(utf8(canonical(unsigned)), unsigned)));
  const bytes = utf8(canonical({ ...unsigned, sig }));
  decodeEntry(bytes, sha256);
  return bytes;
}

/** @throws EntryError that names what is wrong: size, canonical form, a field, or the decision id */
export function decodeEntry(bytes: Uint8Array, sha256: Sha256): Entry {
  if (bytes.length > MAX_ENTRY_BYTES)
    throw new EntryError(
      'size',
      `the entry has ${bytes.length} bytes, at most ${MAX_ENTRY_BYTES} fit; refer to large evidence by its SHA-256`,
    );
  const entry = readPlainEntry(bytes) ?? judgeEntry(bytes);
  const hash = decisionHash(entry, sha256);
  if (!isHexOf(entry.decisionId, hash))
    throw new EntryError('decisionId', `decisionId is ${entry.decisionId}, the decision gives ${toHex(hash)}`);
  return entry;
}

function judgeEntry(bytes: Uint8Array): Entry {
  try {
    return checkEntry(parseCanonical(bytes));
  } catch (error) {
    if (error instanceof JcsError)
      throw new EntryError(error.rule, `the entry is not canonical JSON (RFC 8785): ${error.message}`);
    throw error;
  }
}

/**
 * "weir/entry/v1\n" ‖ JCS(entry without sig), cut out of the entry's own bytes: nothing is serialised again in order to be verified.
 * In canonical order only time and v follow sig, so its place is known from the end.
 * @param bytes canonical bytes of this entry
 */
export function signedMessage(bytes: Uint8Array, { sig, time }: Pick<Entry, 'sig' | 'time'>): Uint8Array {
  const tail = `,"time":${time},"v":1}`.length;
  const signature = `,"sig":"${sig}"`.length;
  return concatBytes(
    SIGNING_PREFIX,
    bytes.subarray(0, bytes.length - tail - signature),
    bytes.subarray(bytes.length - tail),
  );
}

/** What an approver signs, and what a new key signs when an old one introduces it. */
export function approvalMessage(decisionId: Hex32): Uint8Array {
  return utf8(APPROVAL_PREFIX + decisionId);
}

/** No bytes, which no key verifies, unless the text is base64 in its one spelling. */
export function signatureOf(signed: { readonly sig: string }): Uint8Array {
  return fromBase64(signed.sig) ?? new Uint8Array(0);
}

function canonical(entry: Entry): string {
  try {
    return canonicalize(entry as unknown as Json);
  } catch (error) {
    if (error instanceof JcsError)
      throw new EntryError(error.rule, `the entry is not canonical JSON (RFC 8785): ${error.message}`);
    throw error;
  }
}
