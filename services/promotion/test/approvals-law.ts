/**
 * G1: whatever people and the world do, in whatever order, no version goes live without the distinct approvals over one decision id, no approval
 * survives changed evidence, and a guardrail while people decide rolls back.
 */
import { decode } from '@weir/events/codec';
import { toHex } from '@weir/ledger/bytes';
import type { Head } from '@weir/ledger/chain';
import type { Entry } from '@weir/ledger/entry';
import type { StepContext } from '@weir/service-kit/processor';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { expect } from 'vitest';
import { type PromotionEvent, promotionKernel } from '../src/kernel.ts';
import { UNSIGNED } from '../src/signer.ts';
import type { ModelState } from '../src/state.ts';
import {
  alert,
  CONFIG,
  command,
  entryIn,
  NOW_MS,
  outcome,
  policySet,
  prediction,
  resolved,
  Stage,
  traffic,
  version,
} from './scene.ts';

const MOST_STEPS = 6;
const START_MS = NOW_MS - 1e6;
const AUTHOR = 'ada';
const PEOPLE = [
  { id: AUTHOR, roles: ['risk'] },
  { id: 'bo', roles: ['risk'] },
  { id: 'cy', roles: ['risk', 'operate'] },
  { id: 'di', roles: ['other'] },
  { id: 'ed', roles: ['*'] },
];
const MAY_APPROVE = ['bo', 'cy', 'ed'];

const kernel = promotionKernel(CONFIG, UNSIGNED);

function waitingState(): { readonly bytes: Uint8Array; readonly watermarkMs: number } {
  const stage = new Stage();
  stage.feed(version('m', 'a'), version('m', 'b', 'sha256:b'));
  stage.feed(
    policySet('m', { approval: { required: 2, roles: ['risk'], ttl: '1m' } }, AUTHOR),
    ...traffic('m', 200, START_MS),
  );
  expect(stage.state().test?.phase).toBe('awaiting-approval');
  return { bytes: kernel.save(stage.state()), watermarkMs: stage.state().test?.scoredMs ?? 0 };
}

/** One run of events, and what a reader of the log knows: who approved which decision since it was made. */
class Sequence {
  readonly state: ModelState;
  readonly entries: Entry[] = [];
  watermarkMs: number;
  #count = 0;
  #decision: string;
  readonly #approvers = new Set<string>();

  constructor(bytes: Uint8Array, watermarkMs: number) {
    this.state = kernel.load('m', bytes, 1);
    this.watermarkMs = watermarkMs + 3_001;
    this.#decision = this.state.test?.eligible?.decisionId ?? '';
  }

  feed({ value }: { readonly value: Uint8Array | null }): void {
    const { name, event } = decode(value as Uint8Array) as {
      readonly name: never;
      readonly event: PromotionEvent['event'];
    };
    const eventTimeMs = 'issuedMs' in event ? event.issuedMs : event.eventTimeMs;
    kernel.step(this.state, [{ key: 'm', eventTimeMs, name, event } as PromotionEvent], this.#context());
    this.#timers();
  }

  /** Time goes on, and one outcome of each arm matures. */
  mature(byMs: number): void {
    this.#count += 1;
    for (const arm of ['a', 'b']) {
      const id = `${arm}${this.#count}`;
      this.feed(prediction('m', { id, version: arm, eventTimeMs: this.watermarkMs + 1 }));
      this.feed(outcome('m', { predictionId: id, eventTimeMs: this.watermarkMs + 2, label: arm === 'b' ? 1 : 0 }));
    }
    this.watermarkMs += byMs;
    this.#timers();
  }

  #timers(): void {
    const timer = kernel.nextTimer?.(this.state);
    if (timer !== undefined && timer.atMs <= this.watermarkMs) kernel.onTimer?.(this.state, this.#context());
  }

  #context(): StepContext {
    return {
      topic: '',
      partition: 0,
      key: 'm',
      clockMs: NOW_MS,
      commit: { seq: 0, owner: 0 },
      watermarkMs: this.watermarkMs,
      recordOf: (index) => ({ offset: BigInt(index), key: null, value: null, headers: [], timestampMs: 0 }),
      emit: (_, { topic, value }) => {
        if (topic === 'governance-log') this.#note(entryIn(value as Uint8Array));
      },
      reject: () => {},
    };
  }

  /** The law, from the entries alone. */
  #note(entry: Entry): void {
    this.entries.push(entry);
    const { kind, decision, actor, decisionId } = entry;
    if (kind === 'approval') {
      if (!('principal' in actor)) throw new Error('an approval of nobody');
      if (decision.reasons[0] !== `approves ${this.#decision}`) throw new Error('an approval of another decision');
      this.#approvers.add(actor.principal);
    } else if (kind === 'promoted') {
      if (this.#approvers.size < 2) throw new Error(`live with ${this.#approvers.size} approvals`);
      for (const id of this.#approvers) if (!MAY_APPROVE.includes(id)) throw new Error(`${id} may not approve`);
      if (this.state.halt !== 'none') throw new Error(`live while ${this.state.halt}`);
    } else {
      // Whatever else happens ends what was approved.
      this.#approvers.clear();
      this.#decision = kind === 'eligible' ? decisionId : '';
    }
  }
}

type Step = (sequence: Sequence, pick: (most: number) => number) => void;

const decisionOf = ({ state }: Sequence): string => state.test?.eligible?.decisionId ?? 'f'.repeat(64);
let commands = 0;
const by = (sequence: Sequence, person: number, action: string, subject: Readonly<Record<string, string>> = {}): void =>
  sequence.feed(
    command('m', { id: `c${(commands += 1)}`, action, subject, principal: PEOPLE[person] as (typeof PEOPLE)[number] }),
  );

const approve: Step = (sequence, pick) => {
  const decision = pick(9) === 0 ? 'f'.repeat(64) : decisionOf(sequence);
  by(sequence, pick(4), 'approve', { decision });
};
const STEPS: readonly Step[] = [
  approve,
  approve,
  approve,
  approve,
  (sequence, pick) =>
    by(sequence, pick(4), 'reject', { decision: pick(3) === 0 ? decisionOf(sequence) : 'f'.repeat(64) }),
  (sequence, pick) => by(sequence, pick(4), 'freeze'),
  (sequence, pick) => by(sequence, pick(4), 'unfreeze'),
  (sequence, pick) => by(sequence, pick(4), pick(1) === 0 ? 'kill' : 'rollback'),
  (sequence) => by(sequence, 1, 'break-glass', { version: 'b' }),
  (sequence, pick) => {
    const { seq, leaf, owner, epoch } = sequence.state.head as Head;
    const place = { seq: String(seq), leaf: toHex(leaf), owner: String(owner), epoch: String(epoch) };
    for (const person of [2, 4]) if (pick(2) > 0) by(sequence, person, 'lift-halt', place);
  },
  (sequence, pick) => sequence.feed(alert('m', { id: `d${pick(1)}`, eventTimeMs: sequence.watermarkMs })),
  (sequence, pick) => sequence.feed(resolved('m', `d${pick(1)}`, sequence.watermarkMs)),
  (sequence, pick) => sequence.feed(version('m', pick(1) === 0 ? 'a' : 'b', `sha256:${pick(2)}`)),
  (sequence, pick) =>
    sequence.feed(policySet('m', { approval: { required: 2, roles: ['risk'], ttl: `${1 + pick(2)}m` } }, AUTHOR)),
  (sequence) => sequence.mature(4_000),
  (sequence) => sequence.mature(70_000),
  (sequence) => {
    const { test: running } = sequence.state;
    if (running?.phase !== 'awaiting-approval') return;
    const before = sequence.state.champion;
    // As if errors had been many: a guardrail is over its bar, and the next outcome shows it.
    (running.guards.errorRate as { readonly higher: { peak: number } }).higher.peak = 1e9;
    sequence.mature(4_000);
    expect(sequence.state.champion).toBe(before);
    expect(sequence.state.versions.find(({ name }) => name === running.challenger)?.stage).toBe('rolled-back');
  },
];

/** @throws what broke the law. @returns how often each kind of decision was made */
export function runSequences(seed: number, sequences: number): ReadonlyMap<string, number> {
  const { bytes, watermarkMs } = waitingState();
  const random = xoroshiro128plus(seed);
  const pick = (most: number): number => uniformInt(random, 0, most);
  const seen = new Map<string, number>();
  for (let left = sequences; left > 0; left -= 1) {
    const sequence = new Sequence(bytes, watermarkMs);
    for (let steps = 1 + pick(MOST_STEPS - 1); steps > 0; steps -= 1)
      (STEPS[pick(STEPS.length - 1)] as Step)(sequence, pick);
    for (const { decision } of sequence.entries) seen.set(decision.action, (seen.get(decision.action) ?? 0) + 1);
  }
  return seen;
}
