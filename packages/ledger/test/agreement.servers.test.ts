/** Two other verifiers, Go's checksum-database code and a Python program, answer as this package does: on proofs, notes and whole logs. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { search } from '@weir/testkit/search';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { afterAll, describe, expect, test } from 'vitest';
import { CHECKPOINT, formatManifest } from '../src/bundle.ts';
import { toBase64, toHex, utf8 } from '../src/bytes.ts';
import { approvalMessage } from '../src/entry-codec.ts';
import { formatVkey } from '../src/keys.ts';
import { sha256, verifiers } from '../src/node-crypto.ts';
import { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from '../src/proof.ts';
import { Frontier, TreeHasher } from '../src/tree.ts';
import { parseTrust } from '../src/trust.ts';
import { Author, entryKey } from './author.ts';
import { judge, remembering } from './judge.ts';
import { mutate } from './mutations.ts';
import { type Files, filesOf, LOG_SIGNER, logSigner, NEW_KEY, OLD_KEY, ORIGIN, randomLog, trustText } from './scene.ts';

const PROOFS = 100_000;
const LEAVES = 20_000;
const folder = mkdtempSync(join(tmpdir(), 'weir-agreement-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Program {
  readonly command: readonly [string, ...string[]];
}

const go = await search<Program>('Go with golang.org/x/mod', [
  {
    way: 'local',
    cure: 'install Go 1.18 or later, and let it download golang.org/x/mod once',
    open: async () => {
      const program = join(folder, 'verify');
      const { status } = spawnSync('go', ['build', '-buildvcs=false', '-o', program, '.'], {
        cwd: join(import.meta.dirname, 'go'),
      });
      return status === 0 ? { command: [program] } : undefined;
    },
  },
]);
const python = await search<Program>('Python with cryptography', [
  {
    way: 'local',
    cure: 'pip3 install -r packages/ledger/test/python/requirements.txt',
    open: async () => {
      const { status } = spawnSync('python3', ['-c', 'from cryptography.hazmat.primitives.asymmetric import mldsa']);
      return status === 0 ? { command: ['python3', join(import.meta.dirname, 'python/verify.py')] } : undefined;
    },
  },
]);
const programs = [
  ['Go', go],
  ['Python', python],
] as const;
for (const [, found] of programs) if ('skip' in found) process.stderr.write(`skipped: ${found.skip}\n`);

const hasher = new TreeHasher(sha256);
const levels: Uint8Array[][] = [];
const roots: Uint8Array[] = [hasher.empty()];
const frontier = new Frontier(hasher);
for (let index = 0; index < LEAVES; index += 1) {
  frontier.append(hasher.leaf(utf8(`entry ${index}`)), (level, at, hash) => {
    (levels[level] ??= [])[at] = hash;
  });
  roots.push(frontier.root());
}
const node = (level: number, index: number): Uint8Array => levels[level]?.[index] as Uint8Array;

interface Case {
  readonly what: 'inclusion' | 'consistency';
  readonly a: number;
  readonly size: number;
  readonly x: Uint8Array;
  readonly root: Uint8Array;
  readonly path: readonly Uint8Array[];
}

const rng = xoroshiro128plus(6_962);
const below = (count: number): number => uniformInt(rng, 0, count - 1);
const flip = (hash: Uint8Array): Uint8Array =>
  hash.with(below(32), below(256)).with(0, (hash[0] as number) ^ (1 << below(8)));

function proof(): Case {
  const size = 1 + below(LEAVES);
  const root = roots[size] as Uint8Array;
  if (below(2) === 0) {
    const a = below(size);
    return { what: 'inclusion', a, size, x: node(0, a), root, path: inclusionProof(hasher, node, a, size) };
  }
  const a = 1 + below(size);
  return {
    what: 'consistency',
    a,
    size,
    x: roots[a] as Uint8Array,
    root,
    path: consistencyProof(hasher, node, a, size),
  };
}

/** One change that makes the proof false. */
function mutant(sound: Case): Case {
  const { x, root, path } = sound;
  const at = below(Math.max(1, path.length));
  const extra = [...path, node(0, below(LEAVES))];
  const changes: Partial<Case>[] = [{ x: flip(x) }, { root: flip(root) }, { path: extra }];
  if (path.length > 0)
    changes.push(
      { path: path.with(at, flip(path[at] as Uint8Array)) },
      { path: path.toSpliced(at, 1) },
      { path: path.length > 1 ? [...path.slice(1), path[0] as Uint8Array] : extra },
    );
  return { ...sound, ...changes[below(changes.length)] };
}

const line = ({ what, a, size, x, root, path }: Case): string =>
  `${what} ${a} ${size} ${toHex(x)} ${toHex(root)} ${path.length === 0 ? '-' : path.map(toHex).join(',')}\n`;
const ours = ({ what, a, size, x, root, path }: Case): boolean =>
  what === 'inclusion'
    ? verifyInclusion(hasher, a, size, x, path, root)
    : verifyConsistency(hasher, a, size, x, root, path);

async function answers([command, ...args]: Program['command'], lines: Iterable<string>): Promise<string> {
  const child = spawn(command, [...args, 'proofs'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const out = text(child.stdout);
  for (const chunk of lines)
    if (!child.stdin.write(chunk)) await new Promise((resolve) => void child.stdin.once('drain', resolve));
  child.stdin.end();
  return await out;
}

function write(files: Files, name: string): string {
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(folder, name, path)), { recursive: true });
    writeFileSync(join(folder, name, path), bytes);
  }
  return join(folder, name);
}

describe.each(programs)('%s', (_, found) => {
  test.skipIf('skip' in found)(
    `accepts ${PROOFS} random proofs and refuses a mutant of each`,
    { timeout: 300_000 },
    async () => {
      let expected = '';
      function* lines(): Iterable<string> {
        for (let count = 0; count < PROOFS; count += 1) {
          const sound = proof();
          const changed = mutant(sound);
          expected += `${ours(sound) ? 1 : 0}\n${ours(changed) ? 1 : 0}\n`;
          yield line(sound) + line(changed);
        }
      }
      const said = await answers((found as Program).command, lines());
      expect(expected).toBe('1\n0\n'.repeat(PROOFS));
      expect(said === expected).toBe(true);
    },
  );
});

test.skipIf('skip' in go)('Go opens our checkpoints and no changed one', () => {
  const { files } = randomLog(3, 60);
  const note = files.get(CHECKPOINT) as Uint8Array;
  const open = (input: Uint8Array) =>
    spawnSync((go as Program).command[0], ['note', formatVkey(LOG_SIGNER.key)], { input });
  expect(open(note)).toMatchObject({ status: 0 });
  expect(open(note).stdout.toString()).toMatch(/^60 [0-9a-f]{64}\n$/);
  for (let at = 0; at < note.length; at += 7) expect(open(note.with(at, (note[at] as number) ^ 1)).status).toBe(1);
});

test.skipIf('skip' in python)(
  'Python finds the same logs sound and names the same index in others',
  { timeout: 120_000 },
  () => {
    const signers = [LOG_SIGNER, logSigner(11, 'ml-dsa-44')];
    const trust = join(folder, 'trust');
    writeFileSync(trust, trustText(signers));
    const [command, ...args] = (python as Program).command;
    const verdict = (path: string): string => spawnSync(command, [...args, 'bundle', path, trust]).stdout.toString();
    for (const [seed, length] of [
      [1, 1],
      [2, 40],
      [3, 300],
    ] as const) {
      const scene = randomLog(seed, length);
      expect(verdict(write(filesOf(scene.entries, scene.author, [], signers), `sound-${seed}`))).toBe(
        `sound ${length}\n`,
      );
    }
    const scene = randomLog(4, 24);
    const found: string[] = [];
    for (const kind of ['drop', 'swap', 'insert', 'fork', 'old key', 'replayed epoch'])
      for (let seed = 0; seed < 4; seed += 1) {
        const mutation = mutate(kind, scene, seed);
        if (mutation?.index === undefined) continue;
        const said = verdict(write(mutation.files, `${kind}-${seed}`));
        expect({ kind, seed, said: said.split(' ').slice(0, 2).join(' ') }).toEqual({
          kind,
          seed,
          said: `tampered ${mutation.index}`,
        });
        expect(judge(mutation.files)).toMatchObject({ index: mutation.index });
        found.push(kind);
      }
    expect(new Set(found).size).toBe(6);
  },
);

/** 600 entries, so two full tiles and a partial one: approvals, a rotated key, two kinds of signatures, four checkpoints. */
function longLog(): { readonly files: Files; readonly trust: string } {
  const author = new Author(ORIGIN, OLD_KEY);
  const approver = entryKey(5, 'weir.example/people');
  const written = Array.from({ length: 600 }, (_, index) => {
    if (index === 290) return author.rotate(NEW_KEY);
    if (index % 50 !== 7) return author.write(`m${index % 4}`, index % 90 === 3 ? 'epoch-claim' : 'weights-set');
    const of = toHex(sha256(utf8(`decision ${index}`)));
    const approval = { of, keyId: approver.vkey.keyId, sig: toBase64(approver.sign(approvalMessage(of))) };
    return author.write(`m${index % 4}`, 'approval', { approval, actor: { principal: 'p-7', role: 'risk' } });
  });
  const signers = [LOG_SIGNER, logSigner(11, 'ml-dsa-44')];
  const lines = [`approver-key ${formatVkey(approver.vkey)} 0-599`, 'require ed25519', 'require ml-dsa-44'];
  return { files: filesOf(written, author, [5, 256, 300], signers), trust: trustText(signers, lines) };
}

/** What may be done to a file, each found by both verifiers or by neither. */
function* changesOf(files: Files): Generator<readonly [string, Files]> {
  for (const [name, bytes] of files) {
    const middle = Math.floor(bytes.length / 2);
    const changes: [string, Uint8Array | undefined][] = [
      ['removed', undefined],
      ['emptied', new Uint8Array(0)],
      ['flipped', bytes.with(middle, (bytes[middle] as number) ^ 1)],
      ['cut', bytes.slice(0, middle)],
      ['and a byte more', Buffer.concat([bytes, Buffer.from([10])])],
    ];
    if (name === 'checkpoint') changes.push(['as of 300', files.get('checkpoints/300')]);
    for (const [what, changed] of changes) {
      const other = new Map(files);
      if (changed === undefined) other.delete(name);
      else other.set(name, changed);
      yield [`${name} ${what}`, other];
    }
  }
  const manifest = formatManifest({ origin: ORIGIN, checkpoints: ['checkpoints/5'] });
  yield ['a manifest that hides', new Map(files).set('manifest.json', manifest)];
  for (const name of [
    'checkpoints/7',
    'checkpoints/x',
    'tile/2/000',
    'tile/0/002.p/99',
    'tile/x',
    'notes.txt',
    'tile/.x',
  ])
    yield [`${name} in addition`, new Map(files).set(name, utf8('junk'))];
}

test.skipIf('skip' in python)(
  'Python judges every file of a long log with rotation and approvals as this package does',
  { timeout: 600_000 },
  () => {
    const { files, trust: text } = longLog();
    const trust = join(folder, 'long.trust');
    writeFileSync(trust, text);
    const rules = {
      trust: parseTrust(text, sha256),
      verifiers: { ...verifiers, ed25519: remembering(verifiers.ed25519) },
    };
    const [command, ...args] = (python as Program).command;
    const said = (of: Files): string => {
      const path = write(of, 'long');
      const answer = spawnSync(command, [...args, 'bundle', path, trust])
        .stdout.toString()
        .trim();
      rmSync(path, { recursive: true });
      return answer;
    };
    expect(said(files)).toBe('sound 600');
    const differ: string[] = [];
    const found: string[] = [];
    for (const [what, changed] of changesOf(files)) {
      const ours = judge(changed, rules);
      const [verdict = '', at, reason] = said(changed).split(' ');
      const both = `${what}: ${verdict} ${at} ${reason}, here ${JSON.stringify(ours)}`;
      if (ours === 'sound' ? verdict !== 'sound' : ours === 'unusable' || ours.reason !== reason) differ.push(both);
      if (ours !== 'sound') found.push(what);
    }
    expect(differ).toEqual([]);
    expect(found.length).toBeGreaterThan(80);
  },
);
