/** Everything that is known of one model. */
import type { BucketRange } from '@weir/bandit/assignment';
import type { PromotionPolicy } from '@weir/bandit/promotion-policy';
import type { Head } from '@weir/ledger/chain';
import type { Effect } from '@weir/service-kit/effects/effect';
import { Joiner } from './joiner.ts';
import type { IdHash } from './prediction-columns.ts';
import type { Told } from './promotion-alerts.ts';
import type { RunningTest } from './running-test.ts';

/**
 * registered: known. shadow: waits for its test, without traffic. canary: under test. eligible and awaiting-approval: all rules hold.
 * live: serves. holdback: was live, keeps a share beside its successor. retired, rolled-back, killed: serves no more.
 */
export type Stage =
  | 'registered'
  | 'shadow'
  | 'canary'
  | 'awaiting-approval'
  | 'live'
  | 'holdback'
  | 'retired'
  | 'rolled-back'
  | 'killed';

export interface Version {
  readonly name: string;
  digest: string | null;
  stage: Stage;
}

/** The policy in force. `text` is what was hashed. */
export interface PolicyInForce {
  readonly text: string;
  readonly hash: string;
  readonly author: string;
  readonly policy: PromotionPolicy;
}

/** Shares in force, in 1/10^6, and the buckets behind them. */
export interface Split {
  readonly epoch: number;
  readonly decisionId: string;
  readonly salt: string;
  readonly timeMs: number;
  readonly weights: Readonly<Record<string, number>>;
  readonly ranges: readonly BucketRange[];
}

export interface HeldAlert {
  readonly id: string;
  readonly kind: string;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly version: string | null;
  readonly summary: string;
  readonly atMs: number;
  /** Event time from which on it holds, ms. */
  readonly sinceMs: number;
}

/** A decision as the views show it. */
export interface ShownDecision {
  readonly no: number;
  readonly kind: string;
  readonly action: string;
  readonly decisionId: string;
  readonly timeMs: number;
  readonly from: string | null;
  readonly to: string | null;
  readonly reasons: readonly string[];
  readonly weights: Readonly<Record<string, number>> | null;
  readonly actor: string;
}

export interface ShownCommand {
  readonly id: string;
  readonly action: string;
  readonly principal: string;
  readonly result: string;
}

/** What an actuator did not do. */
export interface Retry {
  /** As it was asked first. */
  readonly effect: Effect;
  readonly failures: number;
  /** Wall clock from which it is asked again, ms; null while it is asked. */
  readonly atMs: number | null;
}

export interface AskedLift {
  readonly action: 'unfreeze' | 'lift-halt';
  /** The place in the log that both must name; empty for a kill. */
  readonly of: string;
  readonly by: string;
}

export interface ModelState {
  readonly model: string;
  readonly versions: Version[];
  policy: PolicyInForce | null;
  /** The version that serves; null before the first registration. */
  champion: string | null;
  /** What a rollback of the champion returns to; null when there is none. */
  previous: string | null;
  halt: 'none' | 'frozen' | 'killed';
  /** What one principal has asked for and another must ask too; undefined most of the time. */
  asked: AskedLift | undefined;
  /** Tests that the model has had: each spends its part of the lifetime α. */
  tests: number;
  test: RunningTest | null;
  /** Newest last, at most MAX_SPLITS: predictions name the epoch that they were routed by. */
  readonly splits: Split[];
  /** Event time until which no test may open, ms. */
  coolsUntilMs: number;
  /** Where the chain of entries stands; null before the first. */
  head: Head | null;
  /** Take-over of the partition whose owner claimed the chain last; 0 before the first, and where it was not recorded. */
  claimedBy: number;
  decisions: number;
  /** Matured outcomes of its tests so far, and the last of them. */
  cursor: { readonly n: number; readonly maturity: number; readonly hash: IdHash | null };
  readonly shown: ShownDecision[];
  readonly commands: ShownCommand[];
  /** Its own open alerts. */
  readonly told: Told[];
  /** Open alerts of other services, by id. */
  readonly alerts: Map<string, HeldAlert>;
  /** Alerts of event times that the watermark has not reached. */
  readonly alertsAhead: HeldAlert[];
  joiner: Joiner;
  /** Asked of actuators and not yet answered. */
  readonly effects: Map<string, Effect>;
  /** Failed, and to be asked again, by kind and target. */
  readonly retries: Map<string, Retry>;
  /** What actuators answered last, by kind and target. */
  readonly actuated: Map<string, string>;
}

export const MAX_VERSIONS = 256;
export const MAX_SPLITS = 64;
export const MAX_ALERTS = 256;
export const MAX_SHOWN = 100;
export const MAX_COMMANDS = 256;

/** The first date there is, ms. */
export const BEFORE_ALL_MS = -8_640_000_000_000_000;

export function newState(model: string): ModelState {
  return {
    model,
    versions: [],
    policy: null,
    champion: null,
    previous: null,
    halt: 'none',
    asked: undefined,
    tests: 0,
    test: null,
    splits: [],
    coolsUntilMs: BEFORE_ALL_MS,
    head: null,
    claimedBy: 0,
    decisions: 0,
    cursor: { n: 0, maturity: 0, hash: null },
    shown: [],
    commands: [],
    told: [],
    alerts: new Map(),
    alertsAhead: [],
    joiner: new Joiner(),
    effects: new Map(),
    retries: new Map(),
    actuated: new Map(),
  };
}

export function versionOf({ versions }: ModelState, name: string): Version | undefined {
  return versions.find((version) => version.name === name);
}

export function setStage(state: ModelState, name: string, stage: Stage): void {
  const version = versionOf(state, name);
  if (version !== undefined) version.stage = stage;
}

export function splitOf({ splits }: ModelState): Split | undefined {
  return splits.at(-1);
}

/** Of the last decision: of the split in force, or of the place at which the chain was lifted from a halt. 0 before the first. */
export function epochOf({ splits, head }: ModelState): number {
  return Math.max(splits.at(-1)?.epoch ?? 0, head?.epoch ?? 0);
}

export function keep<Item>(items: Item[], item: Item, most: number): void {
  items.push(item);
  if (items.length > most) items.shift();
}
