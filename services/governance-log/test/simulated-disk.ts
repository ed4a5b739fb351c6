/** A disk in memory that loses what was not made durable: content before `write` resolves, names before `syncFolder`. */
import type { Disk } from '../src/disk.ts';

export class Crash extends Error {
  override readonly name = 'Crash';
}

interface File {
  content: Uint8Array;
  isSynced: boolean;
}

export class SimulatedDisk implements Disk {
  /** Names as programs see them, and as a crash leaves them. */
  #names = new Map<string, File>();
  readonly #durable = new Map<string, File>();
  /** Calls that change something, so far; the one with the number `crashAt` does not happen. */
  calls = 0;
  crashAt: number = Number.POSITIVE_INFINITY;
  /** Calls from this one on find no room, until it is lifted; reading goes on. */
  fullAt: number = Number.POSITIVE_INFINITY;

  read(name: string): Uint8Array | undefined {
    return this.#names.get(name)?.content;
  }

  list(folder: string): readonly string[] {
    const prefix = `${folder}/`;
    return [...this.#names.keys()]
      .filter((name) => name.startsWith(prefix) && !name.slice(prefix.length).includes('/'))
      .map((name) => name.slice(prefix.length));
  }

  write(name: string, bytes: Uint8Array): void {
    this.#call();
    const file = { content: bytes.slice(), isSynced: false };
    this.#names.set(name, file);
    this.#call();
    file.isSynced = true;
  }

  rename(from: string, to: string): void {
    this.#call();
    this.#names.set(to, this.#names.get(from) as File);
    this.#names.delete(from);
  }

  syncFolder(folder: string): void {
    this.#call();
    const isIn = (name: string): boolean => name.slice(0, Math.max(0, name.lastIndexOf('/'))) === folder;
    for (const name of this.#durable.keys()) if (isIn(name) && !this.#names.has(name)) this.#durable.delete(name);
    for (const [name, file] of this.#names) if (isIn(name)) this.#durable.set(name, file);
  }

  remove(name: string): void {
    this.#call();
    for (const each of this.#names.keys()) if (each === name || each.startsWith(`${name}/`)) this.#names.delete(each);
  }

  /** The power fails: unsynced content is torn in half, unsynced names are as they were, or, with `keepsNames`, as they were to be. */
  loseUnsynced(keepsNames: boolean): void {
    const names = keepsNames ? this.#names : new Map(this.#durable);
    for (const file of names.values())
      if (!file.isSynced) file.content = file.content.slice(0, Math.floor(file.content.length / 2));
    this.#names = names;
    this.crashAt = Number.POSITIVE_INFINITY;
  }

  /** Something outside changes a file. */
  put(name: string, bytes: Uint8Array): void {
    const file = { content: bytes, isSynced: true };
    this.#names.set(name, file);
    this.#durable.set(name, file);
  }

  names(): readonly string[] {
    return [...this.#names.keys()];
  }

  #call(): void {
    this.calls += 1;
    if (this.calls >= this.crashAt) throw new Crash(`call ${this.calls}`);
    if (this.calls >= this.fullAt) throw new Error('ENOSPC: no space left on device, write');
  }
}
