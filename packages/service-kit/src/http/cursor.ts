/** Cursors of lists: opaque to clients, bound to the list and filter they came from. */
import { Problem } from './problem.ts';

export function cursorOf(list: string, key: string): string {
  return Buffer.from(JSON.stringify([list, key])).toString('base64url');
}

/** The key after which to go on. @throws {Problem} BAD_CURSOR when it is of another list or filter. */
export function keyOf(list: string, cursor: string): string {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    parts = undefined;
  }
  if (!Array.isArray(parts) || parts[0] !== list || typeof parts[1] !== 'string')
    throw new Problem(
      'BAD_CURSOR',
      `cursor ${JSON.stringify(cursor.slice(0, 40))} does not belong to this list and filter; start again without it`,
    );
  return parts[1];
}
