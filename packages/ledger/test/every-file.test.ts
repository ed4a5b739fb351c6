/**
 * Every file of a bundle: changed, torn, emptied, removed, or taken from an earlier state of the log. Whatever is done to one is found, but for
 * what HARMLESS names with its reason.
 */
import { describe, expect, test } from 'vitest';
import { CHECKPOINT, checkpointPath, formatManifest, MANIFEST } from '../src/bundle.ts';
import { concatBytes, decodeUtf8, equalBytes, utf8 } from '../src/bytes.ts';
import { verifiers } from '../src/node-crypto.ts';
import { parseNote } from '../src/note.ts';
import { parseTilePath, tilePath } from '../src/tiles.ts';
import { type Answer, judge, remembering, trustOf } from './judge.ts';
import { type Files, filesOf, LOG_SIGNER, logSigner, ORIGIN, randomLog } from './scene.ts';

const SIGNERS = [LOG_SIGNER, logSigner(11, 'ml-dsa-44')];
const trust = trustOf(SIGNERS, ['require ed25519', 'require ml-dsa-44']);
const { entries, author } = randomLog(5, 300);
const SIZES = [7, 9, 260, 297];
/** The bundle as it was at each of its checkpoints, and all that it has kept of them now. */
const states = new Map([...SIZES, 300].map((size) => [size, filesOf(entries.slice(0, size), author, SIZES, SIGNERS)]));
const files = states.get(300) as Files;
const memory = {
  ed25519: remembering(verifiers.ed25519),
  ...(verifiers.mlDsa44 === undefined ? {} : { mlDsa44: remembering(verifiers.mlDsa44) }),
};
const asked = (of: Files): Answer => judge(of, { trust, verifiers: memory, mode: 'structure' });

const isOldCheckpoint = (name: string): boolean => SIZES.some((size) => name === checkpointPath(size));
const isOldPartial = (name: string): boolean => {
  const tile = parseTilePath(name);
  return tile !== undefined && name.includes('.p/') && !name.endsWith('.p/44') && name !== 'tile/1/000.p/1';
};

interface Harmless {
  readonly reason: string;
  readonly is: (name: string, changed: Uint8Array | undefined) => boolean;
}

/** What may go unnoticed, and why. */
const HARMLESS: readonly Harmless[] = [
  {
    reason:
      'a reader of the newest tree needs no file of a smaller one, and a partial tile is dropped once its full one is there',
    is: (name, changed) => changed === undefined && isOldPartial(name),
  },
  {
    reason:
      'C2SP signed-note: a line of an unknown key is ignored, and of an earlier checkpoint one signature over its three lines is enough',
    is: (name, changed) => isOldCheckpoint(name) && changed !== undefined && hasSameText(name, changed),
  },
];

function hasSameText(name: string, changed: Uint8Array): boolean {
  try {
    return parseNote(changed).text === parseNote(files.get(name) as Uint8Array).text;
  } catch {
    return false;
  }
}

function* changesOf(name: string, bytes: Uint8Array): Generator<readonly [string, Uint8Array | undefined]> {
  // All bytes of the manifest and of what a note signs; of tiles and long signatures some fifty.
  const dense = parseTilePath(name) === undefined ? 400 : 0;
  const step = Math.max(1, Math.floor(bytes.length / 53));
  for (let at = 0; at < bytes.length; at += at < dense ? 1 : step)
    yield [`byte ${at}`, bytes.with(at, (bytes[at] as number) ^ (1 << (at % 8)))];
  for (let at = 1; at < bytes.length; at += step * 3) yield [`cut ${at}`, bytes.slice(0, at)];
  if (name.startsWith('checkpoint')) {
    const text = decodeUtf8(bytes);
    yield ['without its last line', utf8(text.slice(0, text.lastIndexOf('\u2014')))];
  }
  yield ['removed', undefined];
  yield ['emptied', new Uint8Array(0)];
  yield ['other text', utf8('hello')];
  yield ['a byte more', concatBytes(bytes, Uint8Array.of(10))];
  for (const [size, state] of states) {
    const tile = parseTilePath(name);
    const before =
      tile === undefined
        ? undefined
        : [...state.keys()].find((each) => each.startsWith(`${tilePath({ ...tile, width: 256 })}.p/`));
    const older = before === undefined ? state.get(name) : state.get(before);
    if (older !== undefined && !equalBytes(older, bytes)) yield [`as of ${size}`, older];
  }
  if (name.startsWith('checkpoint'))
    for (const size of [...SIZES, 300]) {
      const other = files.get(checkpointPath(size)) as Uint8Array;
      if (!equalBytes(other, bytes)) yield [`the note of ${size}`, other];
    }
}

test('the whole bundle is sound, and so is it at each of its checkpoints', () => {
  for (const state of states.values()) expect(asked(state)).toBe('sound');
});

describe.each([...files.keys()])('%s', (name) => {
  test('no change of it goes unnoticed', { timeout: 60_000 }, () => {
    const bytes = files.get(name) as Uint8Array;
    const unnoticed: string[] = [];
    let tried = 0;
    for (const [what, changed] of changesOf(name, bytes)) {
      const other = new Map(files);
      if (changed === undefined) other.delete(name);
      else other.set(name, changed);
      tried += 1;
      const answer = asked(other);
      if (answer === 'unusable') unnoticed.push(`${what}: no verdict`);
      if (answer === 'sound' && !HARMLESS.some(({ is }) => is(name, changed))) unnoticed.push(what);
    }
    expect(unnoticed).toEqual([]);
    expect(tried).toBeGreaterThan(10);
  });
});

describe('hiding the end of the log', () => {
  const manifestAt = (...sizes: number[]): Uint8Array =>
    formatManifest({ origin: ORIGIN, checkpoints: sizes.map(checkpointPath) });
  const noteAt = (size: number): Uint8Array => files.get(checkpointPath(size)) as Uint8Array;

  test('a manifest that names no newest checkpoint hides nothing, and is told of', () => {
    const edited = new Map(files).set(MANIFEST, manifestAt(7));
    expect(asked(edited)).toMatchObject({ reason: 'behind', index: 7 });
    expect(asked(edited)).toMatchObject({ detail: 'checkpoints/300 is signed and manifest.json ends at 7 leaves' });
    expect(asked(new Map(edited).set(CHECKPOINT, noteAt(7)))).toMatchObject({ reason: 'behind', index: 7 });
    expect(asked(new Map(files).set(CHECKPOINT, noteAt(297)))).toMatchObject({ reason: 'behind', index: 297 });
  });

  test('every way to leave some of the newest files, and every one that is left is found', () => {
    const ways: readonly ((of: Files) => void)[] = [
      (of) => void of.set(MANIFEST, manifestAt(...SIZES)),
      (of) => void of.set(CHECKPOINT, noteAt(297)),
      (of) => void of.delete(checkpointPath(300)),
      ...[...files.keys()].filter((name) => name.endsWith('.p/44')).map((name) => (of: Files) => void of.delete(name)),
    ];
    const all = 2 ** ways.length - 1;
    for (let some = 1; some <= all; some += 1) {
      const other = new Map(files);
      for (const [at, way] of ways.entries()) if ((some & (1 << at)) !== 0) way(other);
      // With all of it gone, what is left is the log as it was: that a reader knows by a checkpoint that it has kept.
      expect({ some, answer: asked(other) === 'sound' }).toEqual({ some, answer: some === all });
    }
  });

  test('a manifest may leave out earlier checkpoints: they are read all the same', () => {
    const short = new Map(files).set(MANIFEST, manifestAt(300));
    expect(asked(short)).toBe('sound');
    expect(asked(new Map(short).set(checkpointPath(9), noteAt(7)))).toMatchObject({ reason: 'checkpoint' });
    expect(asked(new Map(short).set(checkpointPath(8), utf8('junk')))).toMatchObject({ reason: 'note' });
    const forged = filesOf(entries.slice(0, 8), author, [], [logSigner(66)]).get(CHECKPOINT) as Uint8Array;
    expect(asked(new Map(short).set(checkpointPath(8), forged))).toMatchObject({ reason: 'checkpoint-kind' });
  });
});

test.each([
  ['tile/2/000', 'unsigned'],
  ['tile/2/000.p/1', 'unsigned'],
  ['tile/0/002', 'unsigned'],
  ['tile/0/001', 'unsigned'],
  ['tile/0/001.p/45', 'unsigned'],
  ['tile/entries/001.p/45', 'unsigned'],
  ['tile/entries/x001/234', 'unsigned'],
  ['tile/0/000.p/100', 'tile'],
  ['tile/entries/001.p/3', 'tile'],
  ['tile/0/1', 'stray'],
  ['tile/0/000.bak', 'stray'],
  ['checkpoints/0300', 'stray'],
  ['checkpoints/300.old', 'stray'],
  ['checkpoints/301', 'note'],
])('%s, a file that the log does not have, is refused: %s', (name, reason) => {
  expect(asked(new Map(files).set(name, utf8('junk')))).toMatchObject({ reason });
});

test('a file that claims nothing is named and does no harm', () => {
  const more = new Map(files);
  for (const name of [
    'notes.txt',
    '.DS_Store',
    'tile/.DS_Store',
    'checkpoints/301.new',
    'tile/0/001.p/45.new',
    '0.trust',
  ])
    more.set(name, utf8('junk'));
  expect(asked(more)).toBe('sound');
});

test.each([
  ['a space', (text: string) => text.replace(':', ': ')],
  ['no newline at the end', (text: string) => text.trimEnd()],
  [
    'another order of keys',
    () => `{"format":"weir-governance-bundle/1","checkpoints":["checkpoints/300"],"origin":"${ORIGIN}"}\n`,
  ],
  ['a member more', (text: string) => text.replace('"origin"', '"more":1,"origin"')],
  ['a name twice', (text: string) => text.replace('"checkpoints/7"', '"checkpoints/7","checkpoints/7"')],
  [
    'names that fall',
    (text: string) => text.replace('"checkpoints/7","checkpoints/9"', '"checkpoints/9","checkpoints/7"'),
  ],
  ['no names', (text: string) => text.replace(/\[.*\]/, '[]')],
  ['a path', (text: string) => text.replace('checkpoints/7', '../7')],
  ['an escape', (text: string) => text.replace('"origin"', '"\\u006frigin"')],
])('a manifest with %s is not that of a bundle', (_, edit) => {
  const text = decodeUtf8(files.get(MANIFEST) as Uint8Array);
  expect(edit(text)).not.toBe(text);
  expect(asked(new Map(files).set(MANIFEST, utf8(edit(text))))).toMatchObject({ reason: 'manifest' });
});

test('cosignatures may be appended to one of the two copies of the newest note', () => {
  const line = decodeUtf8(filesOf(entries, author, [], [logSigner(33)]).get(CHECKPOINT) as Uint8Array).split(
    '\n\n',
  )[1] as string;
  for (const name of [CHECKPOINT, checkpointPath(300)]) {
    const note = files.get(name) as Uint8Array;
    expect(asked(new Map(files).set(name, concatBytes(note, utf8(line))))).toBe('sound');
    const text = decodeUtf8(note);
    const before = text.indexOf('\n\n') + 2;
    const inFront = text.slice(0, before) + line + text.slice(before);
    expect(asked(new Map(files).set(name, utf8(inFront)))).toMatchObject({ reason: 'checkpoint' });
  }
});
