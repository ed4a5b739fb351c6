/**
 * Checkpoints are a cache of state: losing one costs a longer replay, never truth. A generation is what a task's keys were at one place of
 * its journal; only keys that changed since the generation before are written, the head last. States are a function of the journal, so two
 * owners that write the same generation write the same bytes.
 */
import { createHash } from 'node:crypto';
import type { Owner } from '../journal/recorded.ts';

export interface CheckpointHead {
  /** Journal offset to read on from: names the generation. */
  readonly generation: bigint;
  /** Sequence number of the next journal entry. */
  readonly seq: number;
  /** Last tick, ms. */
  readonly clockMs: number;
  /** Offset of the next record by logical topic, decimal. */
  readonly positions: Readonly<Record<string, string>>;
  /** Offset after the last own record by logical output topic, decimal: where a replay from here begins to compare. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Under whose configuration the states were made. */
  readonly owner: Owner;
  /** Wall clock at the commit, ms: decides which generation stands for its day. */
  readonly writtenMs: number;
}

/** `bytes` null: the key was forgotten. */
export interface KeyRecord {
  readonly key: string;
  readonly stateVersion: number;
  readonly bytes: Uint8Array | null;
}

/** State of all keys in one piece, as versions before keyed state wrote it. */
export interface WholeSnapshot {
  readonly journalNext: bigint;
  readonly stateVersion: number;
  readonly bytes: Uint8Array;
}

export interface CheckpointStore {
  /** Complete generations, oldest first. A head that is torn is left out. */
  generations(task: string): Promise<readonly CheckpointHead[]>;
  /** Keys of a generation, each once, forgotten ones left out. @throws {TornCheckpoint} */
  keys(task: string, generation: bigint): AsyncIterable<KeyRecord>;
  /** `stale`: a later generation is there already; nothing was written. */
  save(task: string, head: CheckpointHead, changed: readonly KeyRecord[]): Promise<'saved' | 'stale'>;
  /** Keeps these generations and what they are made of. */
  prune(task: string, keep: readonly bigint[]): Promise<void>;
  /** What a version before keyed state left; undefined when there is none, or it is torn. */
  wholeSnapshot(task: string): Promise<WholeSnapshot | undefined>;
}

/** A record of a generation does not have the bytes that were written. */
export class TornCheckpoint extends Error {
  override readonly name = 'TornCheckpoint';

  constructor(task: string, key: string) {
    super(`the checkpoint of key ${JSON.stringify(key.slice(0, 200))} of ${task} is torn; an older one is tried`);
  }
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

export function encodeHead({ generation, ...rest }: CheckpointHead): string {
  return JSON.stringify({ ...rest, generation: String(generation) });
}

export function decodeHead(json: string): CheckpointHead {
  const head = JSON.parse(json) as Omit<CheckpointHead, 'generation'> & { readonly generation: string };
  return { ...head, generation: BigInt(head.generation) };
}
