/** Where a bundle comes from: a folder, read file by file, or a zip file, unpacked in memory. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MANIFEST, type ReadFile } from '@weir/ledger/bundle';
import { unzipSync } from 'fflate';
import { UsageError } from '../../output.ts';

const MAX_UNPACKED_BYTES = 2 ** 31;

export function openFolder(folder: string): ReadFile {
  return (name) => {
    try {
      return readFileSync(join(folder, name));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      throw new UsageError(`${join(folder, name)} cannot be read: ${message}`);
    }
  };
}

/** The files of the zip beside its manifest, in whatever folder of the zip that is. */
export function openZip(path: string, bytes: Uint8Array): ReadFile {
  let unpacked = 0;
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, {
      filter: ({ originalSize }) => {
        unpacked += originalSize;
        if (unpacked > MAX_UNPACKED_BYTES)
          throw new Error('it unpacks to more than 2 GiB; unpack it and verify the folder');
        return true;
      },
    });
  } catch (error) {
    throw new UsageError(`${path} cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`);
  }
  const manifests = Object.keys(files).filter((name) => name === MANIFEST || name.endsWith(`/${MANIFEST}`));
  if (manifests.length !== 1)
    throw new UsageError(`${path} holds ${manifests.length} files named ${MANIFEST}; a bundle has one`);
  const folder = (manifests[0] as string).slice(0, -MANIFEST.length);
  return (name) => files[folder + name];
}
