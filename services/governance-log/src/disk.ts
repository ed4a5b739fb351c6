/** A folder as the store needs it: each call that can be lost in a crash is one of these, so that a test can crash between any two. */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** Names are relative to the folder, with slashes. */
export interface Disk {
  /** Undefined when there is no such file. */
  read(name: string): Uint8Array | undefined;
  /** Names of the files in a folder, without the folder; empty when there is none. */
  list(folder: string): readonly string[];
  /** Content of a new or overwritten file, durable on return; its name is not before `syncFolder`. */
  write(name: string, bytes: Uint8Array): void;
  rename(from: string, to: string): void;
  /** Names in the folder, '' for the outermost. */
  syncFolder(folder: string): void;
  /** Files or folders that need not be there. */
  remove(name: string): void;
}

export function createDisk(folder: string): Disk {
  const at = (name: string): string => join(folder, name);
  return {
    read: (name) => unlessAbsent(() => readFileSync(at(name))),
    list: (name) => unlessAbsent(() => readdirSync(at(name))) ?? [],
    write: (name, bytes) => {
      const file = openNew(at(name));
      try {
        writeFileSync(file, bytes);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    },
    rename: (from, to) => renameSync(at(from), at(to)),
    syncFolder: (name) => {
      const file = openSync(at(name), 'r');
      try {
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    },
    remove: (name) => rmSync(at(name), { recursive: true, force: true }),
  };
}

/** With the folders above it, where they are not there yet. */
function openNew(path: string): number {
  const opened = unlessAbsent(() => openSync(path, 'w'));
  if (opened !== undefined) return opened;
  mkdirSync(dirname(path), { recursive: true });
  return openSync(path, 'w');
}

function unlessAbsent<Value>(run: () => Value): Value | undefined {
  try {
    return run();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
