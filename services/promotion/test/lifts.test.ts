import { generateKeyPairSync } from 'node:crypto';
import type { NewRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import type { GovernanceEntry } from '@weir/events/generated/events';
import { type AdmissionState, admit, advance, type Verdict } from '@weir/ledger/admission';
import { toHex } from '@weir/ledger/bytes';
import type { Head } from '@weir/ledger/chain';
import { KeyRing, parseVkey, type VerifierKey } from '@weir/ledger/keys';
import { sha256 } from '@weir/ledger/node-crypto';
import { TreeHasher } from '@weir/ledger/tree';
import { expect, test } from 'vitest';
import { signerOf } from '../src/signer.ts';
import { CONFIG, command, NOW_MS, policySet, Stage, traffic, version } from './scene.ts';

const START_MS = NOW_MS - 1e6;
const hasher = new TreeHasher(sha256);
let commands = 0;
const operate = (by: string, action: string, subject: Readonly<Record<string, string>> = {}): NewRecord =>
  command('m', { id: `l${(commands += 1)}`, action, subject, principal: { id: by, roles: ['operate'] } });

function opened(): Stage {
  const stage = new Stage();
  stage.feed(version('m', 'a'), version('m', 'b', 'sha256:b'), policySet('m'));
  return stage;
}

test('a kill is lifted by two distinct principals, and a new kill asks for both again', () => {
  const stage = opened();
  stage.feed(operate('ops', 'kill'), operate('bo', 'unfreeze'), operate('bo', 'unfreeze'));
  expect(stage.rejections.at(-1)?.message).toContain('another principal must ask the same');
  stage.feed(operate('cy', 'kill'), operate('cy', 'unfreeze'));
  expect(stage.view('model')).toMatchObject({ halt: 'killed' });
  const { kernel } = stage.fold;
  expect(kernel.load('m', kernel.save(stage.state()), 2).asked).toMatchObject({ by: 'cy' });
  stage.feed(operate('bo', 'unfreeze'));
  expect(stage.view('model')).toMatchObject({ halt: 'none' });
  expect(stage.kinds.slice(-2)).toEqual(['unfreeze-asked', 'unfreeze']);
  expect(stage.entries.findLast(({ decision }) => decision.action === 'unfreeze')).toMatchObject({
    actor: { principal: 'bo' },
    decision: { from: 'killed', evidence: { askedBy: 'cy' } },
  });
});

test('a freeze is lifted by one', () => {
  const stage = opened();
  stage.feed(operate('ops', 'freeze'), operate('ops', 'unfreeze'));
  expect(stage.view('model')).toMatchObject({ halt: 'none' });
});

const bytesOf = ({ outputs }: Stage): readonly Uint8Array[] =>
  outputs.flatMap(({ topic, value }) =>
    topic === 'governance-log' ? [(decode(value as Uint8Array).event as GovernanceEntry).entry] : [],
  );

/** The governance log's judgement of everything that the stage has written so far, in order. */
class Reader {
  readonly state: AdmissionState;
  #read = 0;

  constructor(vkey: string) {
    const keys = new KeyRing([
      { role: 'entry', vkey: parseVkey(vkey, sha256) as VerifierKey, first: 0, last: Number.POSITIVE_INFINITY },
    ]);
    this.state = { origin: 'weir/governance/0', size: 0, heads: new Map(), keys };
  }

  read(stage: Stage, drop: (index: number) => boolean = () => false): readonly Verdict['reason'][] {
    const entries = bytesOf(stage);
    const from = this.#read;
    this.#read = entries.length;
    return entries.slice(from).flatMap((entry, index) => {
      if (drop(index)) return [];
      const verdict = admit(this.state, { bytes: entry }, { hasher, checkRotation: () => false });
      advance(this.state, verdict, hasher);
      return [verdict.reason];
    });
  }

  /** Of another writer of the same chain. */
  readAll(stage: Stage): readonly Verdict['reason'][] {
    this.#read = 0;
    return this.read(stage);
  }

  get head(): Head {
    return this.state.heads.get('m') as Head;
  }

  get place(): Readonly<Record<string, string>> {
    const { seq, leaf, owner, epoch } = this.head;
    return { seq: String(seq), leaf: toHex(leaf), owner: String(owner), epoch: String(epoch) };
  }
}

function signed(): { readonly stage: () => Stage; readonly reader: Reader } {
  const signer = signerOf(generateKeyPairSync('ed25519').privateKey, 'weir/promotion');
  return { stage: () => new Stage({ ...CONFIG, keyId: signer.keyId }, [signer]), reader: new Reader(signer.vkey) };
}

test('a chain with a lost entry goes on where two principals name its head, and later decisions are admitted', () => {
  const { stage: make, reader } = signed();
  const stage = make();
  stage.feed(version('m', 'a'), version('m', 'b', 'sha256:b'), policySet('m'));
  expect(new Set(reader.read(stage, (index) => index === 2))).toEqual(new Set([undefined, 'gap', 'halted']));
  const { place } = reader;
  stage.feed(operate('bo', 'lift-halt', place), operate('bo', 'lift-halt', place));
  expect(stage.rejections.at(-1)?.code).toBe('COMMAND_REFUSED');
  // Another place is another request.
  stage.feed(operate('cy', 'lift-halt', { ...place, seq: '1' }), operate('bo', 'lift-halt', place));
  expect(reader.read(stage)).toEqual([]);
  stage.feed(operate('cy', 'lift-halt', place), ...traffic('m', 300, START_MS));
  expect([...new Set(reader.read(stage))]).toEqual([undefined]);
  expect(reader.head.halted).toBeUndefined();
  expect(stage.kinds.at(-1)).toBe('promoted');
  expect(stage.state().head).toMatchObject({ seq: reader.head.seq, owner: 2 });
  const lift = stage.entries.find(({ decision }) => decision.action === 'lift-halt');
  expect(lift).toMatchObject({ actor: { principal: 'cy' }, decision: { evidence: { askedBy: 'bo' } } });
  expect(lift?.decision.reasons).toContain('what was written from seq 3 to 5 is not in the log');
});

test('a service that has lost its state goes on above the epochs of the log', () => {
  const { stage: make, reader } = signed();
  const before = make();
  before.feed(version('m', 'a'), version('m', 'b', 'sha256:b'), policySet('m'), ...traffic('m', 300, START_MS));
  reader.read(before);
  const { epoch } = reader.head;
  expect(epoch).toBeGreaterThan(1);
  const after = make();
  after.feed(version('m', 'a'), version('m', 'b', 'sha256:c'));
  const verdicts = reader.readAll(after);
  expect(verdicts.at(-1)).toBe('halted');
  after.feed(operate('bo', 'lift-halt', reader.place), operate('cy', 'lift-halt', reader.place), policySet('m'));
  expect([...new Set(reader.read(after))]).toEqual([undefined]);
  expect(after.state().splits.map((split) => split.epoch)).toEqual([epoch + 1, epoch + 2]);
});

test('a lift names its place in full, and needs the role', () => {
  const stage = opened();
  const place = { seq: '1', leaf: 'ab'.repeat(32), owner: '1', epoch: '1' };
  for (const wrong of [{ leaf: 'ab' }, { seq: '-1' }, { owner: '1.5' }, { epoch: '' }])
    stage.feed(operate('bo', 'lift-halt', { ...place, ...wrong }));
  expect(stage.rejections.map(({ code }) => code)).toEqual(Array(4).fill('COMMAND_REFUSED'));
  stage.feed(command('m', { id: 'x', action: 'lift-halt', subject: place, principal: { id: 'bo', roles: ['risk'] } }));
  expect(stage.rejections.at(-1)?.code).toBe('ROLE_MISSING');
});

test('approvals of a decision that a lift may have left out of the log are void', () => {
  const stage = new Stage();
  const approval = { required: 2, roles: ['risk'], ttl: '1h' };
  stage.feed(version('m', 'a'), version('m', 'b'), policySet('m', { approval }), ...traffic('m', 300, START_MS));
  const decision = stage.state().test?.eligible?.decisionId ?? '';
  const head = stage.state().head as Head;
  const place = { seq: String(head.seq - 1), leaf: toHex(head.leaf), owner: '1', epoch: String(head.epoch) };
  const approve = (by: string): NewRecord =>
    command('m', { id: `a-${by}`, action: 'approve', subject: { decision }, principal: { id: by, roles: ['risk'] } });
  stage.feed(approve('bo'), operate('ops', 'lift-halt', place), operate('cy', 'lift-halt', place), approve('di'));
  expect(stage.kinds.slice(-3)).toEqual(['approval', 'lift-halt', 'approvals-void']);
  expect(stage.rejections.at(-1)?.message).toContain('no promotion of m waits for approval');
  expect(stage.state().champion).toBe('a');
});

test('a drill is an entry of its own with what it measured, and moves no traffic', () => {
  const stage = opened();
  const weights = stage.state().splits.at(-1);
  stage.feed(operate('ops', 'drill', { tookMs: '840', clients: '20' }), operate('ops', 'drill', { tookMs: 'soon' }));
  expect(stage.entries.at(-1)).toMatchObject({
    kind: 'drill',
    actor: { principal: 'ops', role: 'operate' },
    decision: { evidence: { tookMs: 840, clients: 20 } },
  });
  expect(stage.rejections.at(-1)?.message).toContain('subject.tookMs is "soon"; it must be a whole number');
  expect(stage.state().splits.at(-1)).toBe(weights);
});

test('a rollback that was decided on another split is refused, with the epoch in force', () => {
  const stage = opened();
  const { epoch } = stage.state().splits.at(-1) as { readonly epoch: number };
  stage.feed(operate('ops', 'rollback', { epoch: String(epoch - 1) }));
  expect(stage.rejections.at(-1)?.message).toContain(`the split in force has epoch ${epoch}`);
  stage.feed(operate('ops', 'rollback', { epoch: String(epoch) }));
  expect(stage.kinds).toEqual(['rolled-back']);
});
