/** What a snapshot holds: a processor's state and where in the log it stands. JSON head with its length in front, then the state's own bytes. */
import type { Owner } from './recorded.ts';

export interface SavedState {
  /** Last tick, ms. */
  readonly clockMs: number;
  /** Of the next journal entry. */
  readonly seq: number;
  /** Offset of the next record by logical topic, decimal. */
  readonly positions: Readonly<Record<string, string>>;
  /** Under whose configuration the state was made. */
  readonly owner: Owner;
  readonly state: Uint8Array;
}

export function toBytes({ state, ...head }: SavedState): Buffer {
  const json = Buffer.from(JSON.stringify(head));
  const size = Buffer.alloc(4);
  size.writeUInt32BE(json.length);
  return Buffer.concat([size, json, state]);
}

export function fromBytes(bytes: Uint8Array): SavedState {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = buffer.readUInt32BE(0);
  const head = JSON.parse(buffer.toString('utf8', 4, 4 + size)) as Omit<SavedState, 'state'>;
  return { ...head, state: buffer.subarray(4 + size) };
}
