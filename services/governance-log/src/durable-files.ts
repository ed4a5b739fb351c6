/** Files whose content and names survive a crash, in groups whose order survives it too. */
import { createDisk, type Disk } from './disk.ts';

export type Files = ReadonlyMap<string, Uint8Array>;

/** What the store writes to. */
export interface FileWriter {
  /** The names of a group are durable before those of the next one change. */
  write(...groups: readonly Files[]): Promise<void>;
  remove(...names: readonly string[]): Promise<void>;
}

export class DurableFiles {
  readonly #disk: Disk;
  /** Folders whose own name is durable. */
  readonly #settled = new Set(['']);

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Each file is whole, as it was before or as it is now: what is written takes the name of what was there. */
  write(...groups: readonly Files[]): void {
    for (const files of groups) for (const [name, bytes] of files) this.#disk.write(`${name}.new`, bytes);
    for (const files of groups) this.#name([...files.keys()]);
  }

  remove(...names: readonly string[]): void {
    for (const name of names) {
      for (const folder of this.#settled)
        if (folder === name || folder.startsWith(`${name}/`)) this.#settled.delete(folder);
      this.#disk.remove(name);
    }
  }

  #name(names: readonly string[]): void {
    const unsettled = new Set<string>();
    const folders = new Set<string>();
    for (const name of names) {
      this.#disk.rename(`${name}.new`, name);
      let folder = parentOf(name);
      folders.add(folder);
      // A folder's name is durable when the one above it is.
      for (; !this.#settled.has(folder); folder = parentOf(folder)) {
        unsettled.add(folder);
        folders.add(parentOf(folder));
      }
    }
    for (const folder of folders) this.#disk.syncFolder(folder);
    for (const folder of unsettled) this.#settled.add(folder);
  }
}

/** In this thread: waits for the disk at each call. */
export function writerOn(disk: Disk): FileWriter {
  const files = new DurableFiles(disk);
  return { write: async (...groups) => files.write(...groups), remove: async (...names) => files.remove(...names) };
}

/** @param folder path */
export function filesIn(folder: string): DurableFiles {
  return new DurableFiles(createDisk(folder));
}

function parentOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')));
}
