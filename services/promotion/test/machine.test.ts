import { generateKeyPairSync, sign } from 'node:crypto';
import { decode } from '@weir/events/codec';
import type { AlertRaised, GovernanceEntry, TrafficSplitSet } from '@weir/events/generated/events';
import { type AdmissionState, admit, advance } from '@weir/ledger/admission';
import { approvalMessage } from '@weir/ledger/entry-codec';
import { KeyRing, parseVkey, type VerifierKey } from '@weir/ledger/keys';
import { sha256, verifiers } from '@weir/ledger/node-crypto';
import { TreeHasher } from '@weir/ledger/tree';
import { expect, test } from 'vitest';
import { signerOf } from '../src/signer.ts';
import {
  alert,
  CONFIG,
  command,
  NOW_MS,
  outcome,
  policySet,
  prediction,
  resolved,
  Stage,
  traffic,
  version,
} from './scene.ts';

const START_MS = NOW_MS - 1e6;
const TWO_APPROVALS = { approval: { required: 2, roles: ['risk'], ttl: '1h' } };
const risk = (id: string) => ({ principal: { id, roles: ['risk'] } });

function opened(changed: object = {}, config = CONFIG, signers?: ConstructorParameters<typeof Stage>[1]): Stage {
  const stage = new Stage(config, signers);
  stage.feed(version('m', 'a'), version('m', 'b', 'sha256:b'), policySet('m', changed));
  return stage;
}

function waiting(changed: object = {}): { readonly stage: Stage; readonly decision: string } {
  const stage = opened({ ...TWO_APPROVALS, ...changed });
  stage.feed(...traffic('m', 300, START_MS));
  const decision = stage.state().test?.eligible?.decisionId ?? '';
  expect(stage.kinds.at(-1)).toBe('eligible');
  return { stage, decision };
}

const approve = (id: string, by: string, decision: string) =>
  command('m', { id, action: 'approve', subject: { decision }, ...risk(by) });

test('a better challenger is promoted, and its split is all of the traffic', () => {
  const stage = opened();
  stage.feed(...traffic('m', 300, START_MS));
  expect(stage.kinds).toEqual(['eligible', 'promoted']);
  expect(stage.view('model')).toMatchObject({ champion: 'b', judged: true, weights: { b: 1_000_000 } });
  const { event } = decode(stage.outputs.filter(({ topic }) => topic === 'traffic-splits').at(-1)?.value as Uint8Array);
  expect(event as TrafficSplitSet).toMatchObject({
    champion: 'b',
    epoch: 3,
    ranges: [{ version: 'b', from: 0, to: 1_000_000 }],
  });
  expect(stage.entries.at(-1)?.decision.evidence).toMatchObject({ championOutcomes: expect.any(Number) });
});

test('a worse challenger is rolled back by the harm guardrail, with an alert, and asks nobody', () => {
  const stage = opened(TWO_APPROVALS);
  stage.feed(...traffic('m', 300, START_MS, { championFails: 10, challengerFails: 2 }));
  expect(stage.kinds).toEqual(['guardrail-fired', 'rolled-back']);
  expect(stage.view('model')).toMatchObject({ champion: 'a', weights: { a: 1_000_000 } });
  const raised = decode(stage.outputs.find(({ topic }) => topic === 'alerts')?.value as Uint8Array)
    .event as AlertRaised;
  expect(raised).toMatchObject({
    kind: 'promotion',
    version: 'b',
    severity: 'warning',
    promotion: { from: 'b', to: 'a' },
  });
});

test('the same traffic without a policy leaves nothing but the inventory', () => {
  const stage = new Stage();
  stage.feed(version('m', 'a'), version('m', 'b'), ...traffic('m', 300, START_MS));
  expect(stage.kinds).toEqual([]);
  expect(stage.view('model')).toMatchObject({ judged: false, why: expect.stringContaining('no promotion policy') });
  expect(stage.state().joiner.open).toBe(0);
});

test('a refused policy names every fault and changes nothing', () => {
  const stage = opened();
  const before = stage.fold.kernel.save(stage.state());
  stage.feed(
    policySet('m', { reward: { metric: 'luck', window: '3s', missing: 'never', unit: 'account' }, exposure: 0 }),
  );
  expect(stage.rejections).toHaveLength(1);
  expect(stage.rejections[0]).toMatchObject({ code: 'BAD_POLICY' });
  for (const field of ['reward.metric', 'reward.missing', 'exposure'])
    expect(stage.rejections[0]?.message).toContain(field);
  expect(stage.fold.kernel.save(stage.state())).toEqual(before);
});

test('a changed policy or digest voids the evidence: the next test spends its own level', () => {
  const stage = opened();
  stage.feed(...traffic('m', 10, START_MS));
  stage.feed(policySet('m', { exposure: 21 }));
  expect(stage.state().test).toMatchObject({
    number: 2,
    scored: 0,
    alpha: expect.closeTo(0.05 * (6 / (4 * Math.PI ** 2)), 12),
  });
  stage.feed(version('m', 'b', 'sha256:other'));
  expect(stage.state().test?.number).toBe(3);
  expect(stage.kinds).toEqual(['reset', 'digest-changed', 'reset']);
});

test('two distinct principals who did not write the policy promote; each of the others is refused by name', () => {
  const { stage, decision } = waiting();
  stage.feed(
    command('m', { id: 'c1', action: 'approve', subject: { decision }, principal: { id: 'eve', roles: ['other'] } }),
    approve('c2', 'bo', 'f'.repeat(64)),
    command('m', { id: 'c3', action: 'approve', subject: { decision }, principal: { id: 'ada', roles: ['risk'] } }),
    approve('c4', 'bo', decision),
    approve('c5', 'bo', decision),
    approve('c4', 'bo', decision),
  );
  expect(stage.rejections.map(({ code }) => code)).toEqual([
    'ROLE_MISSING',
    'COMMAND_REFUSED',
    'COMMAND_REFUSED',
    'COMMAND_REFUSED',
  ]);
  expect(stage.state().champion).toBe('a');
  stage.feed(approve('c6', 'cy', decision));
  expect(stage.kinds.slice(-3)).toEqual(['approval', 'approval', 'promoted']);
  expect(stage.entries.at(-2)?.actor).toEqual({ principal: 'cy', role: 'risk' });
  expect(stage.view('command/m', 'm')).toBeNull();
});

test('a guardrail while people decide rolls back, and the approvals are worth nothing', () => {
  const { stage, decision } = waiting();
  stage.feed(approve('c1', 'bo', decision));
  stage.feed(...traffic('m', 200, START_MS + 31_000, { output: Number.NaN, prefix: 'q' }));
  expect(stage.kinds).toContain('rolled-back');
  stage.feed(approve('c2', 'cy', decision));
  expect(stage.kinds).not.toContain('promoted');
});

test('approvals are void when their time is over, and when an alert opens', () => {
  const { stage, decision } = waiting({ approval: { ...TWO_APPROVALS.approval, ttl: '5s' } });
  stage.feed(approve('c1', 'bo', decision));
  stage.feed(...traffic('m', 100, START_MS + 31_000, { prefix: 'q' }));
  expect(stage.kinds).toContain('approvals-void');
  const next = stage.state().test?.eligible?.decisionId as string;
  expect(next).not.toBe(decision);
  stage.feed(alert('m', { id: 'd1', eventTimeMs: START_MS + 20_000 }));
  expect(stage.kinds.at(-1)).toBe('approvals-void');
  stage.feed(approve('c2', 'cy', next));
  expect(stage.rejections.at(-1)?.message).toContain('no promotion of m waits');
});

test('an open alert of the policy holds the promotion, says so once, and lets it go when it is resolved', () => {
  const stage = opened();
  stage.feed(alert('m', { id: 'd1', kind: 'anomaly', severity: 'warning', eventTimeMs: START_MS }));
  stage.feed(alert('m', { id: 'd2', kind: 'anomaly', escalates: 'd1', eventTimeMs: START_MS + 1 }));
  stage.feed(...traffic('m', 300, START_MS));
  expect(stage.kinds).toEqual(['held-by-alert']);
  expect(stage.entries.at(-1)?.decision.reasons).toEqual(['open critical alert of kind anomaly: m: x moved']);
  stage.feed(resolved('m', 'd1', START_MS + 1), ...traffic('m', 30, START_MS + 30_000, { prefix: 'q' }));
  expect(stage.kinds).toEqual(['held-by-alert', 'eligible', 'promoted']);
  const told = stage.outputs.filter(({ topic }) => topic === 'alerts').map(({ value }) => decode(value as Uint8Array));
  expect(told.map(({ name }) => name)).toEqual(['AlertRaised', 'AlertResolved']);
  const [raised, over] = told.map(({ event }) => event as { readonly id: string; readonly raisedId?: string });
  expect(over?.raisedId).toBe(raised?.id);
});

test('an alert that the policy says so of takes the traffic at once, without an outcome', () => {
  const stage = opened({ alerts: [{ kind: 'fairness', severity: 'warning', action: 'rollback' }] });
  stage.feed(...traffic('m', 20, START_MS));
  stage.feed(alert('m', { id: 'f0', kind: 'fairness', version: 'a', eventTimeMs: START_MS + 1 }));
  expect(stage.kinds).toEqual([]);
  stage.feed(alert('m', { id: 'f1', kind: 'fairness', version: 'b', severity: 'warning', eventTimeMs: START_MS + 1 }));
  expect(stage.kinds).toEqual(['rolled-back']);
});

test('freeze holds, unfreeze lets go, kill falls to the champion and opens nothing', () => {
  const stage = opened();
  const operate = (id: string, action: string) =>
    command('m', { id, action, principal: { id: 'ops', roles: ['operate'] } });
  stage.feed(command('m', { id: 'c0', action: 'freeze', principal: { id: 'ops', roles: ['risk'] } }));
  expect(stage.rejections.at(-1)?.code).toBe('ROLE_MISSING');
  stage.feed(operate('c1', 'freeze'), ...traffic('m', 300, START_MS));
  expect(stage.kinds).toEqual(['frozen']);
  stage.feed(operate('c2', 'unfreeze'), ...traffic('m', 30, START_MS + 30_000, { prefix: 'q' }));
  expect(stage.kinds).toEqual(['frozen', 'unfreeze', 'eligible', 'promoted']);
  stage.feed(operate('c3', 'kill'), version('m', 'c'));
  expect(stage.view('model')).toMatchObject({ champion: 'a', halt: 'killed', test: null });
  const other = command('m', { id: 'c5', action: 'unfreeze', principal: { id: 'bo', roles: ['operate'] } });
  stage.feed(
    operate('c4', 'unfreeze'),
    other,
    ...traffic('m', 20, START_MS + 60_000, { challenger: 'c', prefix: 'r' }),
  );
  expect(stage.state().test?.challenger).toBe('c');
});

test('rollback without a test returns to the version before, once', () => {
  const stage = opened();
  stage.feed(...traffic('m', 300, START_MS));
  stage.feed(command('m', { id: 'c1', action: 'rollback', reason: 'complaints' }));
  expect(stage.view('model')).toMatchObject({ champion: 'a', weights: { a: 1_000_000 } });
  stage.feed(command('m', { id: 'c2', action: 'rollback' }));
  expect(stage.rejections.at(-1)?.code).toBe('COMMAND_REFUSED');
});

test('break-glass needs its role, a reason and the name of the challenger, and leaves its own entry', () => {
  const stage = opened(TWO_APPROVALS);
  const glass = (id: string, reason: string, named = 'b') =>
    command('m', {
      id,
      action: 'break-glass',
      reason,
      subject: { version: named },
      principal: { id: 'cto', roles: ['break-glass'] },
    });
  stage.feed(glass('c1', ' '), glass('c2', 'outage', 'c'), glass('c3', 'the champion is down'));
  expect(stage.rejections).toHaveLength(2);
  expect(stage.kinds).toEqual(['break-glass', 'promoted']);
});

test('during the holdback the old champion keeps its share, and harm gives it everything back', () => {
  const routed = (
    weights: Readonly<Record<string, number>>,
    epoch: number,
    from: number,
    fails: Readonly<Record<string, number>>,
  ) =>
    Array.from({ length: 1_200 }, (_, at) => {
      const arm = at % 10 === 0 ? 'a' : 'b';
      const eventTimeMs = from + 100 * at;
      const id = `h${at}`;
      const routing = { epoch, arm, propensity: (weights[arm] as number) / 1e6 };
      const label = Math.floor(at / 10) % (fails[arm] as number) === 0 ? 0 : 1;
      return [
        prediction('m', { id, version: arm, eventTimeMs, routing }),
        outcome('m', { predictionId: id, eventTimeMs: eventTimeMs + 1_000, label }),
      ];
    }).flat();
  const stage = opened({ holdback: { share: 0.1, duration: '1h' }, guardrails: [{ kind: 'harm' }] });
  stage.feed(...traffic('m', 300, START_MS));
  const { weights, epoch } = stage.state().splits.at(-1) ?? { weights: {}, epoch: 0 };
  expect(weights).toEqual({ a: 100_000, b: 900_000 });
  // Who hears nothing more serves the old champion once its lease is over: the new one may be rolled back meanwhile.
  expect(stage.view('model')).toMatchObject({ champion: 'b' });
  expect(stage.view('split')).toMatchObject({ place: { champion: 'a' } });
  stage.feed(...routed(weights, epoch, START_MS + 40_000, { a: 100, b: 2 }));
  expect(stage.kinds.slice(-3)).toEqual(['promoted', 'guardrail-fired', 'rolled-back']);
  expect(stage.view('model')).toMatchObject({ champion: 'a', weights: { a: 1_000_000 } });
});

test('one prediction that another version answered stops the test', () => {
  const stage = opened();
  const split = stage.state().splits.at(-1);
  const half = split?.ranges.find(({ start }) => start === 0)?.arm as string;
  const routing = (arm: string) => ({ epoch: split?.epoch ?? 0, arm, propensity: 0.5 });
  for (let unit = 0; unit < 40; unit += 1) {
    stage.feed(
      prediction('m', {
        id: `u${unit}`,
        unit: `unit-${unit}`,
        version: half,
        routing: routing(half),
        eventTimeMs: START_MS + 100 * unit,
      }),
      outcome('m', { predictionId: `u${unit}`, eventTimeMs: START_MS + 100 * unit + 2_000 }),
    );
    if (stage.kinds.length > 0) break;
  }
  expect(stage.kinds).toEqual(['rolled-back']);
  expect(stage.entries.at(-1)?.decision.reasons[0]).toContain('assignment');
});

test('a unit that comes back counts once in a test, whatever comes after a restart', () => {
  const stage = opened();
  const feed = (from: number, to: number): void => {
    for (let at = from; at < to; at += 1) {
      const [id, arm] = [`u${at}`, at % 2 === 0 ? 'a' : 'b'];
      const eventTimeMs = START_MS + 50 * at;
      stage.feed(prediction('m', { id, unit: `unit ${at % 40}`, version: arm, eventTimeMs }));
      stage.feed(outcome('m', { predictionId: id, eventTimeMs: eventTimeMs + 1_000 }));
    }
  };
  feed(0, 200);
  const bytes = stage.fold.kernel.save(stage.state());
  const loaded = stage.fold.kernel.load('m', bytes, 1);
  expect(stage.fold.kernel.save(loaded)).toEqual(bytes);
  expect(loaded.test).toMatchObject({ repeated: stage.state().test?.repeated, units: { size: 40 } });
  feed(200, 400);
  expect(stage.state().test).toMatchObject({ scored: 40, units: { size: 40 } });
  expect(stage.view('evidence')['samples']).toMatchObject({ scored: 40, repeated: expect.any(Number) });
});

test('entries are a sound chain that the ledger admits with the key alone, approvals of people included', () => {
  const signer = signerOf(generateKeyPairSync('ed25519').privateKey, 'weir/promotion');
  const person = generateKeyPairSync('ed25519').privateKey;
  const bo = signerOf(person, 'bo');
  const stage = opened(TWO_APPROVALS, { ...CONFIG, keyId: signer.keyId, approvers: [bo.vkey] }, [signer]);
  stage.feed(...traffic('m', 300, START_MS));
  const decision = stage.state().test?.eligible?.decisionId ?? '';
  const signature = sign(null, approvalMessage(decision), person).toString('base64');
  const signed = (id: string, text: string, by: string) =>
    command('m', { id, action: 'approve', subject: { decision, keyId: bo.keyId, signature: text }, ...risk(by) });
  stage.feed(signed('c1', Buffer.alloc(64).toString('base64'), 'bo'));
  expect(stage.rejections.at(-1)?.message).toContain('is not that of bo+');
  stage.feed(signed('c2', signature, 'bo'), approve('c3', 'cy', decision));
  expect(stage.kinds.at(-1)).toBe('promoted');
  const hasher = new TreeHasher(sha256);
  const keyOf = (vkey: string): VerifierKey => parseVkey(vkey, sha256) as VerifierKey;
  const whole = { first: 0, last: Number.POSITIVE_INFINITY };
  const keys = new KeyRing([
    { role: 'entry', vkey: keyOf(signer.vkey), ...whole },
    { role: 'approver', vkey: keyOf(bo.vkey), ...whole },
  ]);
  const state: AdmissionState = { origin: 'weir/governance/0', size: 0, heads: new Map(), keys };
  const records = stage.outputs.filter(({ topic }) => topic === 'governance-log');
  for (const { value } of records) {
    const { model, seq, owner, kind, entry } = decode(value as Uint8Array).event as GovernanceEntry;
    const checkEntry = ({
      key,
      message,
      signature: sig,
    }: {
      readonly key: VerifierKey;
      readonly message: Uint8Array;
      readonly signature: Uint8Array;
    }) => verifiers.ed25519(key.key, message, sig);
    const routing = { model, seq, owner, kind: kind as never };
    const verdict = admit(state, { bytes: entry, routing }, { hasher, checkEntry, checkRotation: () => false });
    expect(verdict.reason).toBeUndefined();
    advance(state, verdict, hasher);
  }
  expect(state.size).toBe(records.length);
  expect(records.length).toBeGreaterThan(8);
});
