import { describe, expect, test } from 'vitest';
import { decodeUtf8, fromBase64, utf8 } from '../src/bytes.ts';
import { type Checkpoint, checkpointLine, signCheckpoint } from '../src/checkpoint.ts';
import { verifiers } from '../src/node-crypto.ts';
import { addCheckpointBody, cosignatureIn, linesOf, readNote, withSignatures } from '../src/witness.ts';
import { logSigner, ORIGIN, witnessSigner } from './scene.ts';

const checkpoint: Checkpoint = { origin: ORIGIN, size: 70_000, root: new Uint8Array(32).fill(7) };
const log = logSigner(1);
const [w1, w2] = [witnessSigner(21, 'w1.example'), witnessSigner(22, 'w2.example')];
const note = signCheckpoint(checkpoint, [log], 0);
const line = checkpointLine(checkpoint, w1, 1_770_000_000);

test('a request is old, hashes, an empty line and the note', () => {
  const hashes = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const [head, ...rest] = decodeUtf8(addCheckpointBody(69_000, hashes, note)).split('\n\n');
  const [old, ...proof] = (head as string).split('\n');
  expect(old).toBe('old 69000');
  expect(proof.map(fromBase64)).toEqual(hashes);
  expect(rest.join('\n\n')).toBe(decodeUtf8(note));
  const long = Array.from({ length: 64 }, () => new Uint8Array(32));
  expect(() => addCheckpointBody(1, long, note)).toThrow(/a proof of 64 hashes/);
});

describe('a cosignature in an answer', () => {
  test('is found among lines of other keys', () => {
    const answer = `${checkpointLine(checkpoint, w2, 5)}${line}`;
    expect(cosignatureIn(answer, checkpoint, w1.key, verifiers)).toBe(line);
    expect(cosignatureIn(answer, checkpoint, w2.key, verifiers)).toBe(checkpointLine(checkpoint, w2, 5));
  });

  test.each([
    ['nothing', ''],
    ['no line', 'thank you\n'],
    ['a line without its end', line.slice(0, -1)],
    ['another key', checkpointLine(checkpoint, w2, 5)],
    ['another tree', checkpointLine({ ...checkpoint, size: 70_001 }, w1, 5)],
    ['another log', checkpointLine({ ...checkpoint, origin: 'other/governance/0' }, w1, 5)],
    ['one that holds and one that does not', `${line}${checkpointLine({ ...checkpoint, size: 1 }, w1, 5)}`],
  ])('is not found in %s', (_, answer) => {
    expect(cosignatureIn(answer, checkpoint, w1.key, verifiers)).toBeUndefined();
  });

  test('is not found when any bit of it is another', () => {
    const [dash, name, encoded] = line.trimEnd().split(' ') as [string, string, string];
    const bytes = fromBase64(encoded) as Uint8Array;
    for (let bit = 0; bit < 8 * bytes.length; bit += 7) {
      const changed = bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      const answer = `${dash} ${name} ${Buffer.from(changed).toString('base64')}\n`;
      expect(cosignatureIn(answer, checkpoint, w1.key, verifiers)).toBeUndefined();
    }
  });
});

test('lines are added to a note once for each key, and found again', () => {
  const once = withSignatures(note, [line]);
  expect(decodeUtf8(once)).toBe(`${decodeUtf8(note)}${line}`);
  expect(withSignatures(once, [checkpointLine(checkpoint, w1, 9)])).toEqual(once);
  const twice = withSignatures(once, [checkpointLine(checkpoint, w2, 9), line]);
  expect(linesOf(twice, [w2.key, w1.key])).toEqual([line, checkpointLine(checkpoint, w2, 9)]);
  expect(readNote(twice)).toMatchObject({ checkpoint, keyIds: new Set([log.key.keyId, w1.key.keyId, w2.key.keyId]) });
  expect(withSignatures(note, [])).toEqual(note);
  expect(() => withSignatures(utf8('torn'), [line])).toThrow(/no empty line/);
});
