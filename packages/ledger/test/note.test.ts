import { expect, test } from 'vitest';
import { decodeUtf8, fromBase64, toBase64, toHex, utf8 } from '../src/bytes.ts';
import { parseCheckpoint, signCheckpoint, verifyCheckpointSignature } from '../src/checkpoint.ts';
import { formatVkey, parseVkey } from '../src/keys.ts';
import { sha256, verifiers } from '../src/node-crypto.ts';
import { NoteError, parseNote } from '../src/note.ts';
import { logSigner, witnessSigner } from './scene.ts';

// The examples of golang.org/x/mod/sumdb/note, which C2SP signed-note describes.
const VKEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const NOTE = `If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
`;

test('the note of the Go package is read and its signature verified', () => {
  const key = parseVkey(VKEY, sha256);
  const { text, signatures } = parseNote(utf8(NOTE));
  expect(signatures.map(({ keyId }) => keyId)).toEqual([key?.keyId]);
  expect(verifiers.ed25519(key?.key as Uint8Array, utf8(text), signatures[0]?.signature as Uint8Array)).toBe(true);
  expect(formatVkey(key as never)).toBe(VKEY);
});

test('a verifier key has one spelling, and its hash must fit', () => {
  for (const [from, to] of [
    ['c74f20a3', 'c74f20a4'],
    ['c74f20a3', 'C74F20A3'],
    ['Peter', 'peter'],
    ['10TW', '10TX'],
    ['+ARpc', '+ARpd'],
    ['PeterNeumann', 'Peter Neumann'],
  ] as const)
    expect(parseVkey(VKEY.replace(from, to), sha256)).toBeUndefined();
});

test.each<readonly [string, (note: string) => string]>([
  ['no empty line', (note) => note.replace('\n\n', '\n')],
  ['no newline at the end', (note) => note.slice(0, -1)],
  ['a carriage return', (note) => note.replace('\n', '\r\n')],
  ['another dash', (note) => note.replace('—', '-')],
  ['no base64', (note) => note.replace('x08go', 'x08g*')],
  ['base64 with unused bits set', (note) => note.replace('JnAM=', 'JnAN=')],
  ['words after the signature', (note) => note.replace('JnAM=', 'JnAM= x')],
  ['no signature', (note) => note.slice(0, note.indexOf('—'))],
  ['65 signatures', (note) => note + note.slice(note.indexOf('—')).repeat(64)],
])('a note with %s is refused', (_, change) => {
  expect(() => parseNote(utf8(change(NOTE)))).toThrow(NoteError);
});

test('sixteen signatures and more are accepted', () => {
  expect(parseNote(utf8(NOTE + NOTE.slice(NOTE.indexOf('—')).repeat(63))).signatures).toHaveLength(64);
});

// The example of C2SP tlog-checkpoint and tlog-cosignature.
test('the checkpoint of C2SP is read', () => {
  const note = parseNote(
    utf8(`example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
`),
  );
  const { origin, size, root } = parseCheckpoint(note.text);
  expect([origin, size, toBase64(root)]).toEqual([
    'example.com/behind-the-sofa',
    20_852_163,
    'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=',
  ]);
  expect(note.signatures.map(({ signature }) => signature.length)).toEqual([64, 72]);
});

test.each([
  ['a\n01\nAAAA\n', 'is not a tree size'],
  ['a\n-1\nAAAA\n', 'is not a tree size'],
  ['a\n9007199254740992\nAAAA\n', 'is not a tree size'],
  ['a\n1\nAAAA\n', 'is not a root hash'],
  ['a\n1\n', 'three lines'],
  [`a\n1\n${'A'.repeat(43)}=\nextension\n`, 'three lines'],
  [`\n1\n${'A'.repeat(43)}=\n`, 'no origin'],
])('%j is no checkpoint', (text, message) => {
  expect(() => parseCheckpoint(text)).toThrow(message);
});

test('each type of signature covers origin, size, root, and its time', () => {
  const checkpoint = { origin: 'weir.example/governance/0', size: 300, root: sha256(utf8('root')) };
  for (const signer of [logSigner(1), logSigner(1, 'ml-dsa-44'), witnessSigner(2, 'witness.example/w1')]) {
    const note = parseNote(signCheckpoint(checkpoint, [signer], 1_770_000_000));
    const { signature } = note.signatures[0] as (typeof note.signatures)[0];
    const holds = (changed: Partial<typeof checkpoint>, bytes = signature): boolean | undefined =>
      verifyCheckpointSignature({ ...checkpoint, ...changed }, signer.key, bytes, verifiers);
    expect(holds({})).toBe(true);
    expect(holds({ origin: 'weir.example/governance/1' })).toBe(false);
    expect(holds({ size: 301 })).toBe(false);
    expect(holds({ root: sha256(utf8('other')) })).toBe(false);
    expect(holds({}, signature.with(7, (signature[7] as number) ^ 1))).toBe(false);
    expect(holds({}, signature.subarray(1))).toBe(false);
  }
});

test('bytes and their texts are one to one', () => {
  for (let length = 0; length < 70; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 37 + length * 11) & 255);
    expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
    expect([...(fromBase64(toBase64(bytes)) as Uint8Array)]).toEqual([...bytes]);
    expect(toHex(bytes)).toBe(Buffer.from(bytes).toString('hex'));
  }
  for (const text of ['A', 'AA', 'AAA', 'AA=A', 'A===', 'AB==', 'AAB=', 'AA==\n', 'A-A=', 'é==='])
    expect(fromBase64(text)).toBeUndefined();
  expect(decodeUtf8(utf8('\ufeffé'))).toBe('\ufeffé');
});
