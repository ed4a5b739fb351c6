/** What the kernel asks of the folder, and what comes back: payloads of the effect `store` and of its answer. */
import { fromHex, toHex } from '@weir/ledger/bytes';
import { BundleReader, frameEntry } from '@weir/ledger/tiles';
import { decodeState, encodeState } from '@weir/service-kit/state-codec';

export interface StoreRequest {
  readonly partition: number;
  readonly origin: string;
  /** Leaves and root of the tree to be signed. */
  readonly size: number;
  readonly root: Uint8Array;
  /** Index of the first of `entries`, which end with the tree. */
  readonly first: number;
  readonly entries: readonly Uint8Array[];
}

export interface StoreAnswer {
  /** The signed note; empty when a larger tree was signed before and this one's note is no longer kept. */
  readonly note: string;
  /** Leaves of the largest tree that was ever signed here. */
  readonly signed: number;
}

interface Head {
  readonly partition: number;
  readonly origin: string;
  readonly size: number;
  readonly root: string;
  readonly first: number;
}

export function encodeRequest({ entries, root, ...head }: StoreRequest): Uint8Array {
  return encodeState({ ...head, root: toHex(root) }, [Buffer.concat(entries.map(frameEntry))]);
}

/** @throws when the bytes are torn */
export function decodeRequest(payload: Uint8Array): StoreRequest {
  const saved = decodeState<Head>(payload);
  const { partition, origin, size, first } = saved.head;
  const entries = readEntries(new Uint8Array(saved.part(0)));
  const root = fromHex(saved.head.root);
  if (root === undefined || first + entries.length !== size)
    throw new Error(`a request to store ${size} leaves brings ${entries.length} from ${first} on; it is torn`);
  return { partition, origin, size, root, first, entries };
}

/** Framed entries up to the end. @throws when the last is torn */
export function readEntries(framed: Uint8Array): Uint8Array[] {
  const reader = new BundleReader(framed);
  const entries: Uint8Array[] = [];
  for (let entry = reader.next(); entry !== undefined; entry = reader.next()) entries.push(entry);
  if (reader.left > 0) throw new Error(`${reader.left} bytes follow the last whole entry; they are torn`);
  return entries;
}

export function encodeAnswer(answer: StoreAnswer): Uint8Array {
  return Buffer.from(JSON.stringify(answer));
}

export function decodeAnswer(payload: Uint8Array): StoreAnswer {
  return JSON.parse(Buffer.from(payload).toString()) as StoreAnswer;
}
