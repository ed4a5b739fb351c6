/** The state as bytes and back. */
import { openAlertOf } from '@weir/alerts/open-alert';
import { fromHex, toHex } from '@weir/ledger/bytes';
import type { Head as ChainHead } from '@weir/ledger/chain';
import { formatVkey, parseVkey } from '@weir/ledger/keys';
import { sha256 } from '@weir/ledger/node-crypto';
import { frameEntry } from '@weir/ledger/tiles';
import { decodeState, encodeState } from '@weir/service-kit/state-codec';
import { LeafIndex } from './leaf-index.ts';
import type { LogConfig } from './log-trust.ts';
import {
  type Asked,
  type HaltAlert,
  type Log,
  type LogAlert,
  type LogState,
  newState,
  openLog,
  type Witnessing,
} from './state.ts';
import { readEntries } from './store-request.ts';

export const STATE_VERSION = 3;
/** 1: without `halts`; 2: without witnesses. */
const READ_VERSIONS: readonly number[] = [1, 2, STATE_VERSION];

interface SavedLog {
  readonly partition: number;
  readonly size: number;
  readonly frontier: readonly string[];
  readonly heads: readonly (Omit<ChainHead, 'leaf'> & { readonly model: string; readonly leaf: string })[];
  readonly rotations: readonly { readonly index: number; readonly oldKeyId: string; readonly next: string }[];
  readonly leaves: readonly (readonly [string, number])[];
}

type SavedWitnesses = Pick<LogState, 'witnessing' | 'nextToWitness' | 'witnessed' | 'witnessAlert'>;
const NO_WITNESSES: SavedWitnesses = { witnessing: null, nextToWitness: null, witnessed: null, witnessAlert: null };

interface Saved extends Pick<LogState, 'waitingSinceMs' | 'stored' | 'signed' | 'lastEntryMs' | 'alert'> {
  readonly log: SavedLog | null;
  readonly asked: (Omit<Asked, 'root' | 'payload'> & { readonly root: string }) | null;
  readonly witnesses?: SavedWitnesses;
  readonly halts?: readonly (readonly [model: string, HaltAlert])[];
}

export function saveState({
  log,
  waiting,
  asked,
  waitingSinceMs,
  stored,
  signed,
  lastEntryMs,
  alert,
  halts,
  ...state
}: LogState): Uint8Array {
  const leaves = log?.leaves.save();
  const saved: Saved = {
    waitingSinceMs,
    stored,
    signed,
    lastEntryMs,
    alert,
    halts: [...halts],
    witnesses: savedWitnesses(state),
    log: log === undefined ? null : { ...savedLog(log), leaves: leaves?.models ?? [] },
    asked: asked === null ? null : { ...withoutPayload(asked), root: toHex(asked.root) },
  };
  return encodeState(saved, [
    asked?.payload ?? new Uint8Array(0),
    Buffer.concat(waiting.map(frameEntry)),
    leaves?.bytes ?? new Uint8Array(0),
  ]);
}

/** @throws when the version is another, or the bytes are torn */
export function loadState(bytes: Uint8Array, stateVersion: number, config: LogConfig): LogState {
  if (!READ_VERSIONS.includes(stateVersion))
    throw new Error(
      `a state of version ${stateVersion} cannot be read; this build reads ${READ_VERSIONS.join(' and ')}`,
    );
  const saved = decodeState<Saved>(bytes);
  const {
    log,
    asked,
    alert,
    halts = [],
    witnesses = NO_WITNESSES,
    waitingSinceMs,
    stored,
    signed,
    lastEntryMs,
  } = saved.head;
  return {
    ...newState(config),
    log: log === null ? undefined : loadLog(log, new Uint8Array(saved.part(2)), config),
    waiting: readEntries(new Uint8Array(saved.part(1))),
    asked: asked === null ? null : { ...asked, root: hash(asked.root), payload: new Uint8Array(saved.part(0)) },
    alert: alert === null ? null : ({ rule: alert.rule, open: openAlertOf(alert.open) } satisfies LogAlert),
    halts: new Map(halts.map(([model, { rule, seq, open }]) => [model, { rule, seq, open: openAlertOf(open) }])),
    ...witnesses,
    witnessAlert: witnesses.witnessAlert === null ? null : openAlertOf(witnesses.witnessAlert),
    waitingSinceMs,
    stored,
    signed,
    lastEntryMs,
  };
}

/** Fields in one order, whatever made the objects. */
function savedWitnesses({ witnessing, nextToWitness, witnessed, witnessAlert }: SavedWitnesses): SavedWitnesses {
  return {
    witnessing: witnessing === null ? null : withFields(witnessing),
    nextToWitness: nextToWitness === null ? null : { size: nextToWitness.size, note: nextToWitness.note },
    witnessed,
    witnessAlert,
  };
}

function withFields({ size, note, attempt, retryAtMs }: Witnessing): Witnessing {
  return { size, note, attempt, retryAtMs };
}

function savedLog({ partition, admission, frontier }: Log): Omit<SavedLog, 'leaves'> {
  const { size, heads, keys } = admission;
  return {
    partition,
    size,
    frontier: frontier.hashes.map(toHex),
    heads: [...heads].map(([model, head]) => savedHead(model, head)),
    rotations: keys.rotations.map(({ index, oldKeyId, next }) => ({ index, oldKeyId, next: formatVkey(next) })),
  };
}

/** Fields in one order, whatever made the head: a state has one form. */
function savedHead(model: string, head: ChainHead): SavedLog['heads'][number] {
  const { seq, leaf, owner, epoch, keyId, claimSeq, halted } = head;
  return { model, seq, leaf: toHex(leaf), owner, epoch, keyId, claimSeq, ...(halted === undefined ? {} : { halted }) };
}

function loadLog(saved: SavedLog, leaves: Uint8Array, config: LogConfig): Log {
  return openLog(config, saved.partition, {
    size: saved.size,
    frontier: saved.frontier.map(hash),
    heads: new Map(saved.heads.map(({ model, leaf, ...head }) => [model, { ...head, leaf: hash(leaf) }])),
    rotations: saved.rotations.map(({ index, oldKeyId, next }) => {
      const vkey = parseVkey(next, sha256);
      if (vkey === undefined) throw new Error(`a saved rotation at ${index} names no verifier key`);
      return { index, oldKeyId, next: vkey };
    }),
    leaves: LeafIndex.load(saved.leaves, leaves),
  });
}

function withoutPayload({ size, attempt, retryAtMs }: Asked): Omit<Asked, 'root' | 'payload'> {
  return { size, attempt, retryAtMs };
}

function hash(text: string): Uint8Array {
  const bytes = fromHex(text);
  if (bytes?.length !== 32) throw new Error(`a saved hash is ${JSON.stringify(text)}; it must be 64 hex digits`);
  return bytes;
}
