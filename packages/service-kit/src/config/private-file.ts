/** Files of keys that a service makes for itself. */
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a file that is not there yet, and its folders: readable by its owner only, and whole or not at all, since a key that is cut off
 * would stop the next start.
 * @throws an error of the file system, EEXIST when it is there already: a key is never overwritten
 */
export function makePrivateFile(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true });
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    writeFileSync(descriptor, content);
    fsyncSync(descriptor);
  } catch (error) {
    rmSync(file);
    throw error;
  } finally {
    closeSync(descriptor);
  }
}
