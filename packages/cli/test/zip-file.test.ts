/** Zip files: no byte of one can change so that two readers of it see different files, or this one other files than were packed. */
import { buffer } from 'node:stream/consumers';
import { zipOf } from '@weir/governance-log/export';
import { CHECKPOINT, checkpointPath } from '@weir/ledger/bundle';
import { TamperError } from '@weir/ledger/tampering';
import { Unzip, UnzipInflate, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { type Files, randomLog } from '../../ledger/test/scene.ts';
import { openZip } from '../src/commands/verify/bundle-input.ts';
import { unzip } from '../src/commands/verify/zip-file.ts';

const { files } = randomLog(12, 6);
/** As the service exports it: sizes and CRC behind each file. */
const exported = await buffer(zipOf([...files].map(([name, bytes]) => ({ name, bytes: () => bytes }))));
/** As another program packs it: compressed, sizes and CRC before each file, all in a folder. */
const packed = Buffer.from(zipSync(Object.fromEntries([...files].map(([name, bytes]) => [`log/${name}`, bytes]))));
const ZIPS = [
  ['exported', exported, ''],
  ['packed', packed, 'log/'],
] as const;

const plain = (of: ReadonlyMap<string, Uint8Array>, folder = ''): Record<string, string> =>
  Object.fromEntries([...of].map(([name, bytes]) => [folder + name, Buffer.from(bytes).toString('latin1')]));

function refusal(zip: Uint8Array): string | undefined {
  try {
    openZip(zip);
    return undefined;
  } catch (error) {
    if (error instanceof TamperError) return error.tampering.detail;
    throw error;
  }
}

/** What a reader finds that goes from the front and never sees the directory. */
function fromTheFront(zip: Uint8Array): Record<string, string> {
  const found = new Map<string, Uint8Array>();
  const reader = new Unzip((file) => {
    const chunks: Uint8Array[] = [];
    file.ondata = (error, chunk) => {
      if (error !== null) throw error;
      chunks.push(chunk);
      found.set(file.name, Buffer.concat(chunks));
    };
    file.start();
  });
  reader.register(UnzipInflate);
  reader.push(zip, true);
  return plain(found);
}

/** Offsets of the entries of the directory. */
function directoryOf(zip: Buffer): readonly number[] {
  const places: number[] = [];
  for (let at = zip.readUInt32LE(zip.length - 6); at < zip.length - 22; )
    at += (places.push(at), 46 + zip.readUInt16LE(at + 28) + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32));
  return places;
}

describe.each(ZIPS)('%s', (_, zip, folder) => {
  test('is read as it was packed', () => {
    expect(plain(unzip(zip))).toEqual(plain(files, folder));
    expect(fromTheFront(zip)).toEqual(plain(files, folder));
  });

  test('a byte that changes is found, or says who packed it and with which rights on which system', () => {
    const unnoticed = new Set<number>();
    const dense = directoryOf(zip)[0] as number;
    for (let at = 0; at < zip.length; at += 1)
      for (const bit of at < dense ? [at % 8] : [0, 1, 2, 3, 4, 5, 6, 7]) {
        const changed = Buffer.from(zip);
        changed[at] = (changed[at] as number) ^ (1 << bit);
        if (refusal(changed) !== undefined) continue;
        unnoticed.add(at);
        expect(plain(unzip(changed))).toEqual(plain(files, folder));
        expect(fromTheFront(changed)).toEqual(plain(files, folder));
      }
    // Version and system that made it, and attributes of the file there: no reader takes names or bytes from them.
    const harmless = directoryOf(zip).flatMap((place) => [4, 5, 36, 37, 38, 39, 40, 41].map((field) => place + field));
    // Deflate has several ways to pack the same bytes, and bits behind the last of them.
    const isDeflate = (at: number): boolean => zip === packed && at < dense;
    expect([...unnoticed].filter((at) => !harmless.includes(at) && !isDeflate(at))).toEqual([]);
  });

  test('cut anywhere, or with something in front or behind, it is refused', () => {
    for (let length = 0; length < zip.length; length += 11) expect(refusal(zip.subarray(0, length))).toBeDefined();
    expect(refusal(Buffer.concat([zip, Buffer.from('\n')]))).toMatch('something follows its directory');
    expect(refusal(Buffer.concat([Buffer.from('\n'), zip]))).toBeDefined();
  });
});

/** The same zip, its files under other names of the same length. */
function renamed(zip: Buffer, from: string, to: string, which: 'before the file' | 'in the directory'): Buffer {
  const changed = Buffer.from(zip);
  const at = which === 'before the file' ? zip.indexOf(from, 0) : zip.indexOf(from, directoryOf(zip)[0]);
  changed.write(to, at);
  return changed;
}

test('a file that one reader finds and another does not is refused', () => {
  const name = checkpointPath(6);
  for (const which of ['before the file', 'in the directory'] as const)
    expect(refusal(renamed(exported, name, 'checkpoint6.6', which))).toMatch('described in one way');
  const twice = [`${CHECKPOINT}s/5`, name].map((of) => zipSync({ [of]: files.get(CHECKPOINT) as Uint8Array }));
  const hidden = Buffer.concat([twice[0] as Uint8Array, exported]);
  expect(refusal(hidden)).toBeDefined();
});

test('a name that is there twice is refused', () => {
  const zip = Buffer.from(
    zipSync({ 'manifest.json': Buffer.from('a'), 'manifest.jsox': Buffer.from('b') }, { level: 0 }),
  );
  const twice = renamed(
    renamed(zip, 'manifest.jsox', 'manifest.json', 'before the file'),
    'manifest.jsox',
    'manifest.json',
    'in the directory',
  );
  expect(refusal(twice)).toMatch('manifest.json is in it twice');
});

test('what lies beside the folder of the manifest is no file of the bundle', () => {
  const more: Files = new Map([...files].map(([name, bytes]) => [`log/${name}`, bytes]));
  more.set('checkpoints/9', Buffer.from('junk')).set('__MACOSX/log/._checkpoint', Buffer.from('junk'));
  const { names } = openZip(zipSync(Object.fromEntries(more)));
  expect([...names()].filter((name) => !files.has(name))).toEqual(['../checkpoints/9', '../__MACOSX/log/._checkpoint']);
  expect(refusal(zipSync({ 'a/manifest.json': Buffer.from(''), 'b/manifest.json': Buffer.from('') }))).toMatch(
    'holds 2 files',
  );
  expect(refusal(zipSync({ checkpoint: Buffer.from('') }))).toMatch('holds 0 files named manifest.json');
});
