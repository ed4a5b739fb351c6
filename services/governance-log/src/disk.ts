/** A folder as the store needs it: each call that can be lost in a crash is one of these, so that a test can crash between any two. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Names are relative to the folder, with slashes. */
export interface Disk {
  /** Undefined when there is no such file. */
  read(name: string): Uint8Array | undefined;
  /** Names of the files in a folder, without the folder; empty when there is none. */
  list(folder: string): readonly string[];
  /** Content of a new or overwritten file: not durable before `sync`, and its name not before `syncFolder`. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  sync(name: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Names in the folder, '' for the outermost. */
  syncFolder(folder: string): Promise<void>;
  /** Files or folders that need not be there. */
  remove(name: string): Promise<void>;
}

export function createDisk(folder: string): Disk {
  const at = (name: string): string => join(folder, name);
  return {
    read: (name) => unlessAbsent(() => readFileSync(at(name))),
    list: (name) => unlessAbsent(() => readdirSync(at(name))) ?? [],
    write: async (name, bytes) => {
      await mkdir(dirname(at(name)), { recursive: true });
      const file = await open(at(name), 'w');
      try {
        await file.writeFile(bytes);
      } finally {
        await file.close();
      }
    },
    sync: (name) => syncPath(at(name)),
    rename: (from, to) => rename(at(from), at(to)),
    syncFolder: (name) => syncPath(at(name)),
    remove: (name) => rm(at(name), { recursive: true, force: true }),
  };
}

async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function unlessAbsent<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Files whose content and names survive a crash once this resolves. Each is whole or not there: a durable file is never written over. */
export async function writeDurable(disk: Disk, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const folders = new Set<string>();
  for (const [name, bytes] of files) {
    await disk.write(`${name}.new`, bytes);
    await disk.sync(`${name}.new`);
    await disk.rename(`${name}.new`, name);
    for (let folder = parentOf(name); ; folder = parentOf(folder)) {
      folders.add(folder);
      if (folder === '') break;
    }
  }
  // A folder's name is durable when the one above it is.
  for (const folder of [...folders].sort((a, b) => b.length - a.length)) await disk.syncFolder(folder);
}

function parentOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')));
}
