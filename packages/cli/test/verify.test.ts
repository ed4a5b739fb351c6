import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CHECKPOINT, formatManifest, nodeReader } from '@weir/ledger/bundle';
import { inclusionProof } from '@weir/ledger/proof';
import { formatProofFile } from '@weir/ledger/proof-file';
import { tilePath } from '@weir/ledger/tiles';
import { zipSync } from 'fflate';
import { afterAll, describe, expect, test } from 'vitest';
import { formatVkey } from '../../ledger/src/keys.ts';
import { type Files, filesOf, LOG_SIGNER, NEW_KEY, randomLog, trustText } from '../../ledger/test/scene.ts';
import { verify } from '../src/commands/verify/verify.ts';
import { UsageError } from '../src/output.ts';

const root = mkdtempSync(join(tmpdir(), 'weir-verify-'));
afterAll(() => rmSync(root, { recursive: true }));
let made = 0;

function file(content: string | Uint8Array): string {
  made += 1;
  const path = join(root, `file-${made}`);
  writeFileSync(path, content);
  return path;
}
function folder(files: Files): string {
  made += 1;
  const path = join(root, `bundle-${made}`);
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), bytes);
  }
  return path;
}

interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly json: Record<string, unknown>;
}

/** A refusal is what main makes of it: one line and status 2. */
async function weirVerify(...args: readonly string[]): Promise<Outcome> {
  let out = '';
  const io = { out: (text: string) => void (out += text), err: () => {}, interactive: false };
  try {
    const status = await verify.run(args, io);
    return { status, out, json: args.includes('--json') ? (JSON.parse(out) as Record<string, unknown>) : {} };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { status: 2, out: error.message, json: {} };
  }
}

const SCENE = randomLog(3, 300);
const { files, entries, author, rotatedAt } = SCENE;
const TRUST = file(trustText());
const BUNDLE = folder(files);
/** One bit of one byte of the entry at an index. */
function tampered(index: number, from: Files = files): Files {
  const width = Math.min(256, SCENE.entries.length - Math.floor(index / 256) * 256);
  const name = tilePath({ level: 'entries', index: Math.floor(index / 256), width });
  const bytes = Uint8Array.from(from.get(name) as Uint8Array);
  let at = 0;
  for (let skipped = 0; skipped < index % 256; skipped += 1) at += 2 + Buffer.from(bytes).readUInt16BE(at);
  const digit =
    at +
    2 +
    Buffer.from(bytes)
      .subarray(at + 2)
      .indexOf('"n":') +
    4;
  bytes[digit] = (bytes[digit] as number) ^ 2;
  return new Map(from).set(name, bytes);
}

test('a sound folder and zip exit with 0 and say what was checked', async () => {
  const text = await weirVerify(BUNDLE, '--trust', TRUST);
  expect(text.status).toBe(0);
  expect(text.out).toContain('sound: weir.example/governance/0');
  expect(text.out).toMatch(/entries {5}300 entries read; 4 models to date/);
  expect(text.out).toMatch(/signatures {2}299 signatures of entries and approvals, all valid/);
  const zip = file(zipSync(Object.fromEntries([...files].map(([name, bytes]) => [`log/${name}`, bytes]))));
  const { status, json } = await weirVerify(zip, '--trust', TRUST, '--json', '--mode', 'structure');
  expect(status).toBe(0);
  expect(json).toMatchObject({
    verdict: 'sound',
    size: 300,
    entries: 300,
    kinds: ['ed25519'],
    mode: 'structure',
    signatures: 0,
  });
});

test.each([0, 5, 255, 256, 299])('a bit of entry %i exits with 1 and names it', async (index) => {
  const bundle = folder(tampered(index));
  for (const mode of ['full', 'structure']) {
    const { status, json } = await weirVerify(bundle, '--trust', TRUST, '--json', '--mode', mode);
    expect([status, json['verdict'], json['index']]).toEqual([1, 'tampered', index]);
  }
  const text = await weirVerify(bundle, '--trust', TRUST);
  expect(text.out).toMatch(new RegExp(`TAMPERED: .*\\n  where +index ${index}\\b`));
});

test('threads find the first false signature, and name the entry', { timeout: 30_000 }, async () => {
  const long = randomLog(5, 2_600);
  const sound = folder(long.files);
  expect(await weirVerify(sound, '--trust', TRUST, '--json')).toMatchObject({ status: 0, json: { signatures: 2_599 } });
  // Signed by a stranger in the name of the service, with tiles and checkpoint made anew: the signature alone is wrong.
  const at = 1_234;
  const bad = Buffer.from(long.entries[at] as Uint8Array);
  const sig = bad.lastIndexOf('"sig":"') + 7;
  bad[sig] = bad[sig] === 0x41 ? 0x42 : 0x41;
  const forged = long.entries.slice(0, at + 1).with(at, bad);
  const { json, status } = await weirVerify(folder(filesOf(forged, long.author)), '--trust', TRUST, '--json');
  expect([status, json['reason'], json['index']]).toEqual([1, 'signature', at]);
  const later = folder(filesOf(long.entries.with(at, bad), long.author));
  const first = await weirVerify(later, '--trust', TRUST, '--json');
  expect(first).toMatchObject({ status: 1, json: { reason: 'signature', index: at, model: long.models[at] } });
});

describe('what the reader has kept', () => {
  const short = filesOf(entries.slice(0, 200), author);

  test('a log that was cut off is found by a kept checkpoint', async () => {
    const kept = file(files.get(CHECKPOINT) as Uint8Array);
    const cut = folder(short);
    expect((await weirVerify(cut, '--trust', TRUST)).status).toBe(0);
    const { status, json } = await weirVerify(cut, '--trust', TRUST, '--since', kept, '--json');
    expect(status).toBe(1);
    expect(json).toMatchObject({ reason: 'rollback', index: 200 });
    const grown = await weirVerify(BUNDLE, '--trust', TRUST, '--since', file(short.get(CHECKPOINT) as Uint8Array));
    expect(grown.out).toContain('the pinned checkpoint at 200 leaves is its beginning');
    expect(await weirVerify(BUNDLE, '--trust', TRUST, '--since', TRUST)).toMatchObject({ status: 2 });
  });

  test('with a state only new entries are read, and a state is written of sound logs alone', async () => {
    const state = join(root, 'state');
    const run = (bundle: string) => weirVerify(bundle, '--trust', TRUST, '--state', state, '--json');
    expect((await run(folder(tampered(7)))).status).toBe(1);
    expect(existsSync(state)).toBe(false);
    expect((await run(folder(short))).json).toMatchObject({ entries: 200, resumedAt: null });
    expect((await run(BUNDLE)).json).toMatchObject({ entries: 100, resumedAt: 200 });
    expect((await run(BUNDLE)).json).toMatchObject({ entries: 0, resumedAt: 300 });
    const before = readFileSync(state, 'utf8');
    expect((await run(folder(short))).json).toMatchObject({ reason: 'rollback' });
    expect(readFileSync(state, 'utf8')).toBe(before);
    expect(await weirVerify(BUNDLE, '--trust', TRUST, '--state', TRUST)).toMatchObject({ status: 2 });
  });
});

test('one decision is proved by its .tlog-proof', async () => {
  const node = nodeReader(
    author.hasher,
    300,
    (level, width, index) => files.get(tilePath({ level, width, index })) as Uint8Array,
  );
  const proof = formatProofFile({
    extra: entries[299] as Uint8Array,
    index: 299,
    proof: inclusionProof(author.hasher, node, 299, 300),
    checkpoint: files.get(CHECKPOINT) as Uint8Array,
  });
  const trust = file(trustText([LOG_SIGNER], [`entry-key ${formatVkey(NEW_KEY.vkey)} ${rotatedAt + 1}-`]));
  const { status, out } = await weirVerify(file(proof), '--trust', trust);
  expect(status).toBe(0);
  expect(out).toMatch(new RegExp(`sound: ${SCENE.models[299]} seq \\d+ is entry 299 of weir.example/governance/0`));
  const other = await weirVerify(file(proof.with(60, (proof[60] as number) ^ 1)), '--trust', trust, '--json');
  expect(other).toMatchObject({ status: 1, json: { verdict: 'tampered', reason: 'inclusion', index: 299 } });
});

test.each<readonly [string, readonly string[], string]>([
  ['no trust file', [BUNDLE], '--trust FILE is needed'],
  ['no bundle', ['--trust', TRUST], 'one bundle or .tlog-proof is needed'],
  ['a bundle that is not there', [join(root, 'none'), '--trust', TRUST], 'does not exist'],
  [
    'an empty folder',
    [folder(new Map([['x', Buffer.from('x')]])), '--trust', TRUST],
    'there is no file of a bundle of a governance log',
  ],
  ['another kind of file', [TRUST, '--trust', TRUST], 'is neither a folder, nor a zip file, nor a .tlog-proof'],
  ['a trust file that is none', [BUNDLE, '--trust', file('logs\n')], 'line 1 (logs): there is no "logs"'],
  ['an unknown mode', [BUNDLE, '--trust', TRUST, '--mode', 'fast'], 'it is full or structure'],
  ['an unknown option', [BUNDLE, '--trust', TRUST, '--deep'], 'see weir verify --help'],
])('%s exits with 2 and the cure', async (_, args, message) => {
  const { status, out } = await weirVerify(...args);
  expect(status).toBe(2);
  expect(out).toContain(message);
});

describe('exit code 1: what claims to be evidence and cannot be read is not sound', () => {
  const proof = (name: string, text: string): string => {
    writeFileSync(join(root, name), text);
    return join(root, name);
  };
  const without = (name: string): Files => new Map([...files].filter(([each]) => each !== name));

  test.each<readonly [string, string, string]>([
    ['a folder without its manifest', folder(without('manifest.json')), 'missing'],
    ['a folder without its checkpoint', folder(without(CHECKPOINT)), 'missing'],
    ['a torn manifest', folder(new Map(files).set('manifest.json', Buffer.from('{"check'))), 'manifest'],
    ['an empty checkpoint', folder(new Map(files).set(CHECKPOINT, Buffer.alloc(0))), 'note'],
    [
      'a folder in the place of a file',
      folder(new Map([...without(CHECKPOINT), ['checkpoint/x', Buffer.from('')]])),
      'missing',
    ],
    ['a torn zip', file('PK\u0003\u0004'), 'zip'],
    ['an empty file named zip', proof('empty.zip', ''), 'zip'],
    ['a torn .tlog-proof', proof('torn.tlog-proof', 'c2sp.org/tlog-proof@v1\nindex 3'), 'proof'],
    ['an empty .tlog-proof', proof('empty.tlog-proof', ''), 'proof'],
    ['a .tlog-proof of no entry', proof('bare.tlog-proof', 'c2sp.org/tlog-proof@v1\nindex 3\n\nx\n'), 'proof'],
  ])('%s', async (_, path, reason) => {
    expect(await weirVerify(path, '--trust', TRUST, '--json')).toMatchObject({
      status: 1,
      json: { verdict: 'tampered', reason },
    });
  });
});

describe('a folder that hides the end of the log', () => {
  const note = (size: number): Uint8Array => files.get(`checkpoints/${size}`) as Uint8Array;
  const [earlier = 0] = SCENE.checkpointsAt;
  const manifest = formatManifest({ origin: author.origin, checkpoints: [`checkpoints/${earlier}`] });

  test.each<readonly [string, Files]>([
    ['by its manifest', new Map(files).set('manifest.json', manifest)],
    ['by its checkpoint', new Map(files).set(CHECKPOINT, note(earlier))],
    ['by both', new Map(files).set('manifest.json', manifest).set(CHECKPOINT, note(earlier))],
  ])('%s is unfinished, and all that is signed was checked', async (_, hiding) => {
    const path = folder(hiding);
    const { status, out } = await weirVerify(path, '--trust', TRUST);
    expect(status).toBe(1);
    expect(out).toContain(`UNFINISHED: ${path}\n  sound       300 leaves, all that is signed\n`);
    expect(out).toMatch(new RegExp(`checkpoints/300 is signed and \\S+ ends at ${earlier} leaves`));
    expect((await weirVerify(path, '--trust', TRUST, '--json')).json).toMatchObject({
      verdict: 'unfinished',
      sound: 300,
      reason: 'behind',
      index: earlier,
    });
    // With what it hides damaged, the damage is told.
    const damaged = await weirVerify(folder(tampered(299, hiding)), '--trust', TRUST, '--json');
    expect(damaged.json).toMatchObject({ verdict: 'tampered', index: 299 });
  });

  test('a folder that is finished while it is read is sound', async () => {
    const path = folder(new Map(files).set(CHECKPOINT, note(earlier)));
    const verdict = weirVerify(path, '--trust', TRUST);
    setTimeout(() => writeFileSync(join(path, CHECKPOINT), note(300)), 200);
    expect((await verdict).status).toBe(0);
  });
});

test('files that are no part of a bundle are named', async () => {
  const path = folder(new Map(files).set('notes.txt', Buffer.from('x')));
  expect((await weirVerify(path, '--trust', TRUST)).out).toContain(
    'ignored     1 file, no part of a bundle: notes.txt',
  );
  expect((await weirVerify(path, '--trust', TRUST, '--json')).json['ignored']).toEqual(['notes.txt']);
});

test('an entry that is missing at the end is told by both counts', async () => {
  const name = 'tile/entries/001.p/44';
  const bytes = Buffer.from(files.get(name) as Uint8Array);
  let at = 0;
  for (let left = 43; left > 0; left -= 1) at += 2 + bytes.readUInt16BE(at);
  const path = folder(new Map(files).set(name, bytes.subarray(0, at)));
  expect((await weirVerify(path, '--trust', TRUST, '--json')).json).toMatchObject({
    reason: 'missing',
    detail: `${name} holds 43 entries, the checkpoint of 300 leaves says 44`,
    index: 299,
  });
});
