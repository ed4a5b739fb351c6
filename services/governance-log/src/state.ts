/** The log of one partition: chains, tree, and what is on its way to the folder. */
import type { OpenAlert } from '@weir/alerts/open-alert';
import type { AdmissionState } from '@weir/ledger/admission';
import type { Head } from '@weir/ledger/chain';
import type { Rotation } from '@weir/ledger/keys';
import { sha256 } from '@weir/ledger/node-crypto';
import { Frontier, TreeHasher } from '@weir/ledger/tree';
import { keyRingOf, type Trust } from '@weir/ledger/trust';
import { LeafIndex } from './leaf-index.ts';
import { type LogConfig, originOf, trustOf } from './log-trust.ts';
import type { WitnessFault } from './witness-request.ts';

/** A tree that the folder was asked to store and sign. */
export interface Asked {
  readonly size: number;
  readonly root: Uint8Array;
  /** Request of store-request.ts, encoded once. */
  readonly payload: Uint8Array;
  /** How often it has failed. */
  attempt: number;
  /** Not asked again before this time, ms; 0: it is being asked. */
  retryAtMs: number;
}

/** A checkpoint that is with the witnesses. */
export interface Witnessing {
  readonly size: number;
  /** With the cosignatures that it has. */
  readonly note: string;
  /** How often a witness was missing. */
  attempt: number;
  /** Not asked again before this time, ms; 0: they are being asked. */
  retryAtMs: number;
}

/** What the witnesses said last. */
export interface Witnessed {
  readonly size: number;
  /** Names in the policy of those that have cosigned. */
  readonly witnesses: readonly string[];
  readonly hasQuorum: boolean;
  readonly faults: readonly WitnessFault[];
}

/** An alert about the log as a whole. */
export interface LogAlert {
  readonly rule: 'governance-store' | 'governance-topic-short';
  readonly open: OpenAlert;
}

/** The alert about a model that takes no more entries. */
export interface HaltAlert {
  /** governance-fork, governance-gap or governance-broken. */
  readonly rule: string;
  readonly seq: number;
  readonly open: OpenAlert;
}

/** What is known once the partition is. */
export interface Log {
  readonly partition: number;
  readonly trust: Trust;
  readonly admission: AdmissionState;
  readonly frontier: Frontier;
  readonly leaves: LeafIndex;
}

export interface LogState {
  readonly config: LogConfig;
  /** Undefined before the first event: the key is the same in every partition. */
  log: Log | undefined;
  /** Admitted entries that nothing was asked for yet, and the clock at the first of them, ms. */
  waiting: Uint8Array[];
  waitingSinceMs: number;
  asked: Asked | null;
  /** Leaves of the last tree that was answered, and of the largest that the folder has ever signed. */
  stored: number;
  signed: number;
  /** Clock at the last admitted entry, ms. */
  lastEntryMs: number;
  alert: LogAlert | null;
  witnessing: Witnessing | null;
  /** The newest checkpoint that was signed meanwhile. */
  nextToWitness: Pick<Witnessing, 'size' | 'note'> | null;
  witnessed: Witnessed | null;
  witnessAlert: OpenAlert | null;
  /** By model, until the halt is lifted. */
  readonly halts: Map<string, HaltAlert>;
}

export const hasher: TreeHasher = new TreeHasher(sha256);

export function newState(config: LogConfig): LogState {
  return {
    config,
    log: undefined,
    waiting: [],
    waitingSinceMs: 0,
    asked: null,
    stored: 0,
    signed: 0,
    lastEntryMs: 0,
    alert: null,
    witnessing: null,
    nextToWitness: null,
    witnessed: null,
    witnessAlert: null,
    halts: new Map(),
  };
}

/** What a saved state has of the log. */
export interface LogContent {
  readonly size: number;
  readonly frontier: readonly Uint8Array[];
  readonly heads: ReadonlyMap<string, Head>;
  readonly rotations: readonly Rotation[];
  readonly leaves: LeafIndex;
}

function nothing(): LogContent {
  return { size: 0, frontier: [], heads: new Map(), rotations: [], leaves: new LeafIndex() };
}

/** @throws {TrustError} when the configuration names keys that are none */
export function openLog(config: LogConfig, partition: number, content: LogContent = nothing()): Log {
  const trust = trustOf(config, partition);
  const keys = keyRingOf(trust);
  for (const rotation of content.rotations) keys.rotate(rotation);
  return {
    partition,
    trust,
    admission: { origin: originOf(config, partition), size: content.size, heads: new Map(content.heads), keys },
    frontier: new Frontier(hasher, content.size, content.frontier),
    leaves: content.leaves,
  };
}
