/** The audit bundle as a zip: the files of a log under one checkpoint, written while they are read. */
import { Readable } from 'node:stream';
import { CHECKPOINT, formatManifest, MANIFEST } from '@weir/ledger/bundle';
import { bundlesOf, type Tile, tilePath, tilesOf } from '@weir/ledger/tiles';
import { Zip, ZipPassThrough } from 'fflate';
import type { LogReader, ReadCheckpoint } from './log-reader.ts';

export interface Exported {
  readonly name: string;
  readonly bytes: () => Uint8Array;
}

/** The files of the bundle; what is signed later is not among them. */
export function bundleFiles(reader: LogReader, checkpoint: ReadCheckpoint): readonly Exported[] {
  const { origin, size, note } = checkpoint;
  const newest = `checkpoints/${size}`;
  const earlier = reader.checkpointNames().flatMap((name) => {
    const bytes = reader.file(name);
    return bytes === undefined || name === newest || sizeIn(name) > size ? [] : [{ name, bytes }];
  });
  const checkpoints = [...earlier.map(({ name }) => name), newest];
  const tile = (each: Tile): Exported => ({
    name: tilePath(each),
    bytes: () => reader.tile(each.level, each.index, each.width),
  });
  return [
    { name: MANIFEST, bytes: () => formatManifest({ origin, checkpoints }) },
    { name: CHECKPOINT, bytes: () => note },
    { name: newest, bytes: () => note },
    ...earlier.map(({ name, bytes }) => ({ name, bytes: () => bytes })),
    ...bundlesOf(size).map(tile),
    ...tilesOf(size).map(tile),
  ];
}

/** Stored, not compressed: hashes and signatures do not compress, and a reader can take single files out. */
export function zipOf(files: readonly Exported[]): Readable {
  return Readable.from(zipped(files));
}

async function* zipped(files: readonly Exported[]): AsyncGenerator<Uint8Array> {
  let chunks: Uint8Array[] = [];
  let failure: Error | null = null;
  const zip = new Zip((error, chunk) => {
    failure ??= error;
    chunks.push(chunk);
  });
  for (const { name, bytes } of files) {
    const file = new ZipPassThrough(name);
    // The same log gives the same zip.
    file.mtime = new Date(1980, 0, 1);
    zip.add(file);
    file.push(bytes(), true);
    if (failure !== null) throw failure;
    yield* chunks;
    chunks = [];
  }
  zip.end();
  yield* chunks;
}

function sizeIn(name: string): number {
  return Number(name.slice(name.lastIndexOf('/') + 1));
}
