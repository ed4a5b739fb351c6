import { expect, test } from 'vitest';
import { decodeUtf8, toHex, utf8 } from '../src/bytes.ts';
import { emptyHead } from '../src/chain.ts';
import { type Entry, EntryError } from '../src/entry.ts';
import { decisionIdOf, decodeEntry, encodeEntry, signatureOf, signedMessage } from '../src/entry-codec.ts';
import { canonicalize, type Json } from '../src/jcs.ts';
import { sha256, verifiers } from '../src/node-crypto.ts';
import { Author, bodyAfter, digest } from './author.ts';
import { OLD_KEY, ORIGIN } from './scene.ts';

const author = (): Author => new Author(ORIGIN, OLD_KEY);
const BYTES = author().write('fraud');
const ENTRY = decodeEntry(BYTES, sha256);

const ruleOf = (bytes: Uint8Array): string => {
  try {
    decodeEntry(bytes, sha256);
  } catch (error) {
    if (error instanceof EntryError) return error.rule;
    throw error;
  }
  return 'accepted';
};
/** The entry with fields set by path; undefined removes one. */
function changed(changes: Readonly<Record<string, unknown>>): Uint8Array {
  const copy = structuredClone(ENTRY) as unknown as Record<string, unknown>;
  for (const [path, value] of Object.entries(changes)) {
    const names = path.split('.');
    const last = names.pop() as string;
    let at = copy;
    for (const name of names) at = at[name] as Record<string, unknown>;
    at[last] = value;
  }
  return utf8(canonicalize(copy as Json));
}

test('an entry is read back from its canonical bytes', () => {
  expect(canonicalize(ENTRY as unknown as Json)).toBe(decodeUtf8(BYTES));
  expect(ENTRY).toMatchObject({ v: 1, model: 'fraud', seq: 1, kind: 'weights-set', keyId: OLD_KEY.vkey.keyId });
});

test('the signature is over the canonical entry without sig, cut from its bytes', () => {
  const { sig: _, ...rest } = ENTRY;
  const message = signedMessage(BYTES, ENTRY);
  expect(decodeUtf8(message)).toBe(`weir/entry/v1\n${canonicalize(rest as unknown as Json)}`);
  expect(verifiers.ed25519(OLD_KEY.key, message, signatureOf(ENTRY))).toBe(true);
});

test('a signature has one spelling', () => {
  expect(signatureOf(ENTRY)).toHaveLength(64);
  for (const tail of ['=B', 'B==', 'h==', '==\n'])
    expect(signatureOf({ sig: ENTRY.sig.slice(0, -tail.length) + tail })).toHaveLength(0);
});

test('text that looks like a signature inside the entry does not move the cut', () => {
  const decision = { reasons: ['","sig":"x","time":1,"v":1}'] };
  const bytes = author().write('fraud', 'promoted', { decision });
  const entry = decodeEntry(bytes, sha256);
  expect(verifiers.ed25519(OLD_KEY.key, signedMessage(bytes, entry), signatureOf(entry))).toBe(true);
});

test('the decision id is SHA-256 of JCS of six fields, and of nothing else', () => {
  const { action, policyHash, cursor, stateHash } = ENTRY.decision;
  const text = canonicalize({ model: 'fraud', no: ENTRY.no, action, policyHash, cursor: { ...cursor }, stateHash });
  expect(ENTRY.decisionId).toBe(toHex(sha256(utf8(text))));
  const elsewhere: Entry = {
    ...ENTRY,
    seq: 9,
    owner: 4,
    epoch: 3,
    time: 0,
    inputs: { journal: { partition: 0, seq: 0 } },
  };
  expect(decisionIdOf(elsewhere, sha256)).toBe(ENTRY.decisionId);
  expect(decisionIdOf({ ...ENTRY, no: 2 }, sha256)).not.toBe(ENTRY.decisionId);
});

test('an entry of 65,535 bytes is accepted, one of 65,536 refused before it is published', () => {
  const body = (length: number) =>
    bodyAfter(emptyHead(ORIGIN, 'fraud', sha256), 'fraud', 'promoted', OLD_KEY.vkey.keyId, {
      decision: { reasons: ['x'.repeat(length)] },
    });
  const spare = 65_535 - encodeEntry(body(0), sha256, OLD_KEY.sign).length;
  const largest = encodeEntry(body(spare), sha256, OLD_KEY.sign);
  expect(largest.length).toBe(65_535);
  expect(ruleOf(largest)).toBe('accepted');
  expect(() => encodeEntry(body(spare + 1), sha256, OLD_KEY.sign)).toThrow(
    'the entry has 65536 bytes, at most 65535 fit; refer to large evidence by its SHA-256',
  );
});

test.each<readonly [string, Readonly<Record<string, unknown>>]>([
  ['v', { v: 2 }],
  ['model', { model: '' }],
  ['model', { model: 'a\nb' }],
  ['model', { model: 'a'.repeat(256) }],
  ['seq', { seq: 0 }],
  ['prev', { prev: 'AB' }],
  ['owner', { owner: -1 }],
  ['kind', { kind: 'deleted' }],
  ['time', { time: '1' }],
  ['actor.role', { actor: { principal: 'p-1' } }],
  ['actor.role', { actor: { service: 'promotion', role: 'x' } }],
  ['decision.weights.v2', { 'decision.weights': { v1: 1, v2: 1_000_001 } }],
  ['decision.evidence.e', { 'decision.evidence': { e: true } }],
  ['decision.reasons[1]', { 'decision.reasons': ['a', 1] }],
  ['decision.stateHash', { 'decision.stateHash': undefined }],
  ['decision.cursor.n', { 'decision.cursor.n': -3 }],
  ['inputs.journal', { 'inputs.journal': null }],
  ['approval.sig', { approval: { of: digest('d'), keyId: 'k', sig: 'AA==' } }],
  ['sig', { sig: 'A'.repeat(87) }],
  ['refs.url', { refs: { url: 'x' } }],
  ['note', { note: 1 }],
  ['decisionId', { decisionId: digest('other') }],
  ['decisionId', { no: 7 }],
])('a field out of its range is refused by name: %s', (rule, changes) => {
  expect(ruleOf(changed(changes))).toBe(rule);
});

test('a name has 1 to 255 code points, however many units or bytes those take, and no control character', () => {
  const named = (version: string) => ruleOf(changed({ 'decision.to': version }));
  for (const character of ['a', 'ß', '\u{1f600}']) {
    expect(named(character.repeat(255))).toBe('accepted');
    expect(named(character.repeat(256))).toBe('decision.to');
  }
  expect(named('')).toBe('decision.to');
  for (const control of ['\n', '\u007f', '\u0085', '\u009f']) expect(named(`a${control}`)).toBe('decision.to');
  expect(named('a\u00a0 b')).toBe('accepted');
});

test('the faults of canonical form are named', () => {
  const text = decodeUtf8(BYTES);
  expect(ruleOf(utf8(`${text} `))).toBe('whitespace');
  expect(ruleOf(utf8(text.replace('"v":1', '"v":1.0')))).toBe('number');
  expect(ruleOf(utf8(text.replace('{"actor"', '{"actor":1,"actor"')))).toBe('duplicate-key');
  expect(ruleOf(utf8(text.replace('"fraud"', '"\\ud800"')))).toBe('lone-surrogate');
  expect(ruleOf(utf8(JSON.stringify({ v: 1, model: 'x' })))).toBe('key-order');
  expect(() => author().write('fraud', 'promoted', { time: 2 ** 53 })).toThrow(
    '9007199254740992 is not an integer within',
  );
});

test('destroying the salt of a subject leaves entry, signature and hash as they are', () => {
  const salts = new Map([['s-1', 'b8e0']]);
  const principal = (): string => digest(`${salts.get('s-1')} jane@weir.example`);
  const bytes = author().write('fraud', 'break-glass', { actor: { principal: principal(), role: 'owner' } });
  const before = [...bytes];
  const pseudonym = (decodeEntry(bytes, sha256).actor as { readonly principal: string }).principal;
  expect(pseudonym).toBe(principal());
  salts.delete('s-1');
  expect(principal()).not.toBe(pseudonym);
  expect([...bytes]).toEqual(before);
  const entry = decodeEntry(bytes, sha256);
  expect(verifiers.ed25519(OLD_KEY.key, signedMessage(bytes, entry), signatureOf(entry))).toBe(true);
});
