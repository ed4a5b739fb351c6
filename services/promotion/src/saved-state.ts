/** A model's state as bytes: a head of plain data, then evidence and open predictions as their packages write them. */
import { createHash } from 'node:crypto';
import { loadLatencyGuard, saveLatencyGuard } from '@weir/bandit/latency-guard';
import { parsePolicy } from '@weir/bandit/parse-policy';
import type { PromotionPolicy } from '@weir/bandit/promotion-policy';
import { loadRateGuard, saveRateGuard } from '@weir/bandit/rate-guard';
import { loadSampleRatio, saveSampleRatio } from '@weir/bandit/sample-ratio';
import { loadComparison, saveComparison } from '@weir/bandit/saved-comparison';
import { fromHex, toHex } from '@weir/ledger/bytes';
import type { Effect } from '@weir/service-kit/effects/effect';
import { decodeState, encodeState } from '@weir/service-kit/state-codec';
import { Joiner, type SavedJoiner } from './joiner.ts';
import { PredictionColumns } from './prediction-columns.ts';
import type { Told } from './promotion-alerts.ts';
import { comparisonSettings, createGuards, type Guards, type RunningTest, type TestRecord } from './running-test.ts';
import type { HeldAlert, ModelState, PolicyInForce, ShownCommand, ShownDecision, Split, Version } from './state.ts';
import { UnitSet } from './unit-set.ts';

export const STATE_VERSION = 2;
/** 1: without `claimedBy` and `retries`. */
const READ_VERSIONS: readonly number[] = [1, STATE_VERSION];

type SavedHead = Omit<NonNullable<ModelState['head']>, 'leaf'> & { readonly leaf: string };

/** Id, kind, payload in base64. */
type SavedEffect = readonly [id: string, kind: string, payload: string];

interface Saved {
  readonly model: string;
  readonly versions: readonly Version[];
  readonly policy: Omit<PolicyInForce, 'policy'> | null;
  readonly champion: string | null;
  readonly previous: string | null;
  readonly halt: ModelState['halt'];
  /** Absent most of the time. */
  readonly asked?: ModelState['asked'];
  readonly tests: number;
  readonly test: (TestRecord & { readonly estimate: RunningTest['estimate'] }) | null;
  readonly splits: readonly Split[];
  readonly coolsUntilMs: number;
  readonly chain: SavedHead | null;
  readonly decisions: number;
  readonly claimedBy?: number;
  readonly cursor: ModelState['cursor'];
  readonly shown: readonly ShownDecision[];
  readonly commands: readonly ShownCommand[];
  readonly told: readonly Told[];
  readonly alerts: readonly HeldAlert[];
  readonly alertsAhead: readonly HeldAlert[];
  readonly joiner: SavedJoiner;
  readonly effects: readonly (readonly [string, ...SavedEffect])[];
  readonly retries?: readonly (readonly [string, SavedEffect, number, number | null])[];
  readonly actuated: readonly (readonly [string, string])[];
}

const GUARDS = ['errorRate', 'latency', 'joinRate', 'sampleRatio'] as const;

export function saveState(state: ModelState): Uint8Array {
  const { policy, test, head, alerts, effects, retries, actuated, joiner, ...rest } = state;
  const join = joiner.save();
  const saved: Saved = {
    ...rest,
    policy: policy === null ? null : { text: policy.text, hash: policy.hash, author: policy.author },
    test: test === null ? null : plain(test),
    chain: head === null ? null : { ...head, leaf: toHex(head.leaf) },
    alerts: [...alerts.values()],
    joiner: join.head,
    effects: [...effects].map(([key, effect]) => [key, ...savedEffect(effect)]),
    retries: [...retries].map(([key, { effect, failures, atMs }]) => [key, savedEffect(effect), failures, atMs]),
    actuated: [...actuated],
  };
  return encodeState(saved, [...join.parts, ...(test === null ? [] : [...evidenceParts(test), test.units.table])]);
}

/** @throws when the version cannot be read, or the bytes are torn */
export function loadState(bytes: Uint8Array, stateVersion: number): ModelState {
  if (!READ_VERSIONS.includes(stateVersion))
    throw new Error(
      `state version is ${stateVersion}; this build reads ${READ_VERSIONS.join(' and ')}; start the build that wrote it`,
    );
  const decoded = decodeState<Saved & { readonly sizes: readonly number[] }>(bytes);
  const part = (index: number): ArrayBuffer => decoded.part(index);
  const { policy, test, chain, alerts, effects, retries, actuated, joiner, ...rest } = without(decoded.head, 'sizes');
  const inForce = policy === null ? null : { ...policy, policy: parsePolicy(JSON.parse(policy.text)) };
  const evidence = (index: number): Uint8Array => new Uint8Array(part(PredictionColumns.PARTS + index));
  return {
    ...rest,
    asked: rest.asked,
    claimedBy: rest.claimedBy ?? 0,
    versions: [...rest.versions],
    splits: [...rest.splits],
    shown: [...rest.shown],
    commands: [...rest.commands],
    told: [...rest.told],
    alertsAhead: [...rest.alertsAhead],
    policy: inForce,
    test: test === null || inForce === null ? null : loadTest(test, inForce.policy, evidence),
    head: chain === null ? null : { ...chain, leaf: fromHex(chain.leaf) as Uint8Array },
    alerts: new Map(alerts.map((alert) => [alert.id, alert])),
    joiner: Joiner.load(joiner, part),
    effects: new Map(effects.map(([key, ...effect]) => [key, loadedEffect(effect)])),
    retries: new Map(
      (retries ?? []).map(([key, effect, failures, atMs]) => [key, { effect: loadedEffect(effect), failures, atMs }]),
    ),
    actuated: new Map(actuated),
  };
}

function savedEffect({ id, kind, payload }: Effect): SavedEffect {
  return [id, kind, Buffer.from(payload).toString('base64')];
}

function loadedEffect([id, kind, payload]: SavedEffect): Effect {
  return { id, kind, payload: Buffer.from(payload, 'base64') };
}

/** What a decision rests on, beside the journal: neither owner nor offsets nor what still waits. Lower-case hex of SHA-256. */
export function stateHashOf({ versions, champion, previous, halt, test, tests, splits }: ModelState): string {
  const weights = splits.at(-1)?.weights ?? null;
  const digest = createHash('sha256').update(
    JSON.stringify({ versions, champion, previous, halt, tests, weights, test: test === null ? null : plain(test) }),
  );
  if (test !== null) for (const part of evidenceParts(test)) digest.update(part);
  return digest.digest('hex');
}

function plain(test: RunningTest): TestRecord & { readonly estimate: RunningTest['estimate'] } {
  return without(test, 'comparison', 'guards', 'units');
}

function without<Whole extends object, Key extends keyof Whole>(
  whole: Whole,
  ...keys: readonly Key[]
): Omit<Whole, Key> {
  const rest = { ...whole };
  for (const key of keys) delete rest[key];
  return rest;
}

/** The comparison, then one part for each guardrail; empty for one that the policy does not ask for. */
function evidenceParts({ comparison, guards }: RunningTest): Uint8Array[] {
  const { errorRate, latency, joinRate, sampleRatio } = guards;
  const none = new Uint8Array(0);
  return [
    saveComparison(comparison),
    errorRate === null ? none : saveRateGuard(errorRate),
    latency === null ? none : saveLatencyGuard(latency),
    joinRate === null ? none : saveRateGuard(joinRate),
    sampleRatio === null ? none : saveSampleRatio(sampleRatio),
  ];
}

function loadTest(
  { estimate, ...record }: NonNullable<Saved['test']>,
  policy: PromotionPolicy,
  part: (index: number) => Uint8Array,
): RunningTest {
  const fresh = createGuards(policy);
  const at = (name: (typeof GUARDS)[number]): Uint8Array => part(1 + GUARDS.indexOf(name));
  const guards: Guards = {
    errorRate: fresh.errorRate && loadRateGuard(at('errorRate'), fresh.errorRate.settings),
    latency: fresh.latency && loadLatencyGuard(at('latency'), fresh.latency.rate.settings.grid),
    joinRate: fresh.joinRate && loadRateGuard(at('joinRate'), fresh.joinRate.settings),
    sampleRatio: fresh.sampleRatio && loadSampleRatio(at('sampleRatio'), 2),
  };
  const comparison = loadComparison(part(0), comparisonSettings(policy));
  const units = new UnitSet(new Uint32Array(part(1 + GUARDS.length).buffer as ArrayBuffer));
  return { ...record, approvals: [...record.approvals], comparison, estimate: { ...estimate }, guards, units };
}
