/** Where a bundle comes from: a folder, read file by file, or a zip file, unpacked in memory. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type BundleFiles, CHECKPOINT, MANIFEST } from '@weir/ledger/bundle';
import { TamperError } from '@weir/ledger/tampering';
import { UsageError } from '../../output.ts';
import { unzip } from './zip-file.ts';

export function openFolder(folder: string): BundleFiles {
  return {
    names: () =>
      orUsageError(folder, () => readdirSync(folder, { recursive: true, withFileTypes: true }))
        .filter((entry) => !entry.isDirectory())
        .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).replaceAll(sep, '/')),
    read: (name) => {
      try {
        return readFileSync(join(folder, name));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
        return orUsageError(join(folder, name), () => {
          throw error;
        });
      }
    },
  };
}

function orUsageError<Value>(path: string, run: () => Value): Value {
  try {
    return run();
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

/** By what it claims to be, with its first bytes or its name: a torn zip is judged, and found not sound. */
export function isZip(path: string, bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, 2) === 'PK' || path.endsWith('.zip');
}

/** The files of the zip beside its manifest, in whatever folder of the zip that is. @throws TamperError */
export function openZip(bytes: Uint8Array): BundleFiles {
  const files = unzip(bytes);
  const manifests = [...files.keys()].filter((name) => name === MANIFEST || name.endsWith(`/${MANIFEST}`));
  if (manifests.length !== 1)
    throw new TamperError({
      reason: 'zip',
      detail: `the zip file holds ${manifests.length} files named ${MANIFEST}; a bundle has one`,
    });
  const folder = (manifests[0] as string).slice(0, -MANIFEST.length);
  // What lies beside that folder is named so that it is no file of the bundle.
  const nameOf = (name: string): string => (name.startsWith(folder) ? name.slice(folder.length) : `../${name}`);
  return { names: () => [...files.keys()].map(nameOf), read: (name) => files.get(folder + name) };
}

const TRIES = 5;
const WAIT_MS = 500;

/**
 * Reads a folder that a service may be writing to: a refusal counts when the folder stays as it was meanwhile.
 * @param run verifies the folder as it lies
 */
export async function whileStill<Value>(folder: string, run: (files: BundleFiles) => Promise<Value>): Promise<Value> {
  const files = openFolder(folder);
  for (let left = TRIES - 1; ; left -= 1) {
    const before = stateOf(files);
    try {
      return await run(files);
    } catch (error) {
      if (!(error instanceof TamperError) || left === 0) throw error;
      await setTimeout(WAIT_MS);
      if (stateOf(files) === before) throw error;
    }
  }
}

/** All names, and what is written over: the rest keeps its bytes under its name. */
function stateOf({ names, read }: BundleFiles): string {
  const shown = [MANIFEST, CHECKPOINT].map((name) => Buffer.from(read(name) ?? '').toString('latin1'));
  return [...shown, ...names()].join('\n');
}
