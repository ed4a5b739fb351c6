import { beforeEach, describe, expect, test } from 'vitest';
import { type AdmissionState, type AdmissionTools, admit, advance, type Verdict } from '../src/admission.ts';
import { toBase64, toHex } from '../src/bytes.ts';
import { type Head, SYSTEM_MODEL } from '../src/chain.ts';
import type { Kind } from '../src/entry.ts';
import { approvalMessage, encodeEntry } from '../src/entry-codec.ts';
import { KeyRing, type RangedKey } from '../src/keys.ts';
import { sha256, verifiers } from '../src/node-crypto.ts';
import { TreeHasher } from '../src/tree.ts';
import { Author, bodyAfter, type Change, entryKey, type NamedKey } from './author.ts';
import { NEW_KEY, OLD_KEY, ORIGIN } from './scene.ts';

const APPROVER = entryKey(5, 'weir.example/people');
const hasher = new TreeHasher(sha256);
const checkEntry: AdmissionTools['checkRotation'] = ({ key, message, signature }) =>
  verifiers.ed25519(key.key, message, signature);
const ranged = (role: RangedKey['role'], { vkey }: NamedKey): RangedKey => ({ role, vkey, first: 0, last: Infinity });

let state: AdmissionState;
let author: Author;
let leaves: Map<string, Uint8Array>;
beforeEach(() => {
  const keys = new KeyRing([ranged('entry', OLD_KEY), ranged('approver', APPROVER)]);
  state = { origin: ORIGIN, size: 0, heads: new Map<string, Head>(), keys };
  author = new Author(ORIGIN, OLD_KEY);
  leaves = new Map();
});

function take(bytes: Uint8Array): Verdict {
  const tools = {
    hasher,
    checkEntry,
    checkRotation: checkEntry,
    leafOf: (model: string, seq: number) => leaves.get(`${model} ${seq}`),
  };
  const verdict = admit(state, { bytes }, tools);
  advance(state, verdict, hasher);
  if (verdict.reason === undefined) leaves.set(`${verdict.entry.model} ${verdict.entry.seq}`, verdict.leaf);
  return verdict;
}
/** The next entry of the model with changes, without moving the author. */
const variant = (model: string, kind: Kind, change: Change = {}, key: NamedKey = OLD_KEY): Uint8Array =>
  encodeEntry(bodyAfter(author.head(model), model, kind, key.vkey.keyId, change), sha256, key.sign);

test('entries of several models take turns', () => {
  const reasons = ['a', 'b', 'a', 'a', 'b'].map((model) => take(author.write(model)).reason);
  expect(reasons).toEqual([undefined, undefined, undefined, undefined, undefined]);
  expect(state.size).toBe(5);
  expect(state.heads.get('a')?.seq).toBe(3);
});

test('a committed batch that is published again adds no leaf', () => {
  const batch = [author.write('a'), author.write('a'), author.write('b')];
  for (const bytes of [...batch, ...batch, batch[0] as Uint8Array]) take(bytes);
  expect(state.size).toBe(3);
  expect(take(batch[0] as Uint8Array).reason).toBe('duplicate');
  expect(take(author.write('a')).reason).toBeUndefined();
});

test('another entry at a seq that is taken is a fork, and the model takes no more', () => {
  const other = variant('a', 'promoted', { time: 5 });
  take(author.write('a'));
  const next = author.write('a');
  expect(take(other)).toMatchObject({
    reason: 'fork',
    detail: 'a has another entry at seq 1',
    entry: { model: 'a', seq: 1 },
  });
  expect(take(next).reason).toBe('halted');
  expect(take(author.write('b')).reason).toBeUndefined();
});

test('two people lift a halt: the chain goes on after its head, under an owner that leaves the fault behind', () => {
  const lift = (askedBy: string, actor: Change['actor']): Change => ({
    ...(actor === undefined ? {} : { actor }),
    decision: { action: 'lift-halt', evidence: { askedBy } },
  });
  const bo = { principal: 'bo', role: 'operate' };
  const fork = variant('a', 'promoted', { time: 5 });
  take(author.write('a'));
  expect(take(fork).reason).toBe('fork');
  expect(take(variant('a', 'epoch-claim')).reason).toBe('halted');
  expect(take(variant('a', 'epoch-claim', lift('bo', bo))).reason).toBe('halted');
  expect(take(variant('a', 'epoch-claim', lift('', bo))).reason).toBe('halted');
  expect(take(variant('a', 'epoch-claim', lift('cy', { service: 'promotion' }))).reason).toBe('halted');
  expect(take(variant('a', 'weights-set', lift('cy', bo))).reason).toBe('halted');
  expect(take(variant('a', 'epoch-claim', { ...lift('cy', bo), seq: 5 })).reason).toBe('halted');
  expect(take(variant('a', 'epoch-claim', { ...lift('cy', bo), prev: 'ab'.repeat(32) })).reason).toBe('halted');
  expect(take(author.write('a', 'epoch-claim', lift('cy', bo))).reason).toBeUndefined();
  expect(take(fork).reason).toBe('stale');
  expect(take(author.write('a')).reason).toBeUndefined();
});

test('a missing entry is a gap, another predecessor is broken', () => {
  author.write('a');
  expect(take(author.write('a'))).toMatchObject({
    reason: 'gap',
    detail: 'a goes from seq 0 to 2: 1 entries are missing',
  });
  expect(take(variant('b', 'promoted', { prev: 'ab'.repeat(32) })).reason).toBe('broken');
});

test('a chain does not continue under another origin or model', () => {
  const elsewhere = new Author('weir.example/governance/1', OLD_KEY);
  expect(take(elsewhere.write('a')).reason).toBe('broken');
});

describe('owners', () => {
  test('what a zombie writes after a take-over is stale, and the model goes on', () => {
    take(author.write('a', 'epoch-claim'));
    const zombie = variant('a', 'weights-set');
    const late = variant('a', 'weights-set', { seq: 3 });
    take(author.write('a', 'epoch-claim'));
    expect(take(zombie).reason).toBe('stale');
    expect(take(late).reason).toBe('stale');
    expect(take(author.write('a')).reason).toBeUndefined();
  });

  test('of two claims of one owner epoch the first is admitted, the other is stale, also after the winner went on', () => {
    const loser = variant('a', 'epoch-claim', { actor: { service: 'other' } });
    take(author.write('a', 'epoch-claim'));
    expect(take(loser).reason).toBe('stale');
    take(author.write('a'));
    expect(take(loser).reason).toBe('stale');
    expect(take(author.write('a')).reason).toBeUndefined();
  });

  test('an owner epoch rises by a claim alone, and by one', () => {
    take(author.write('a'));
    expect(take(variant('a', 'weights-set', { owner: 1 })).reason).toBe('unclaimed');
    expect(take(variant('a', 'epoch-claim', { owner: 2 })).reason).toBe('unclaimed');
    expect(take(variant('a', 'epoch-claim', { owner: 0 })).reason).toBe('unclaimed');
    expect(take(author.write('a', 'epoch-claim')).reason).toBeUndefined();
  });

  test('the split epoch never falls', () => {
    take(author.write('a', 'weights-set'));
    expect(take(variant('a', 'promoted', { epoch: 0 })).reason).toBe('epoch');
    expect(take(author.write('a', 'promoted')).reason).toBeUndefined();
  });
});

describe('keys', () => {
  test('an unknown key, a false signature and a key of a person are refused', () => {
    expect(take(variant('a', 'promoted', {}, NEW_KEY)).reason).toBe('key');
    expect(take(variant('a', 'promoted', {}, APPROVER)).reason).toBe('key');
    const bytes = encodeEntry(bodyAfter(author.head('a'), 'a', 'promoted', OLD_KEY.vkey.keyId), sha256, NEW_KEY.sign);
    expect(take(bytes).reason).toBe('signature');
    expect(state.size).toBe(0);
  });

  test('a rotated-out key signs nothing from the next index on, the new one from there', () => {
    expect(take(variant('a', 'promoted', {}, NEW_KEY)).reason).toBe('key');
    take(author.write('a'));
    const old = new Author(ORIGIN, OLD_KEY);
    old.heads.set('a', author.head('a'));
    expect(take(author.rotate(NEW_KEY)).reason).toBeUndefined();
    const verdict = take(old.write('a'));
    expect(verdict).toMatchObject({ reason: 'key' });
    expect(verdict.reason === 'key' && verdict.detail).toContain('is good for indices 0 to 1, not for 2');
    expect(take(author.write('a')).reason).toBeUndefined();
  });

  test('a key that was rotated out does not come back when another hands over to it', () => {
    take(author.rotate(NEW_KEY));
    expect(take(author.rotate(OLD_KEY)).reason).toBeUndefined();
    expect(take(author.write('a')).reason).toBe('key');
    const other = new Author(ORIGIN, NEW_KEY);
    expect(take(other.write('a')).reason).toBe('key');
  });

  test.each<readonly [string, Change]>([
    ['is in a model’s chain', { model: 'a' }],
    ['names another new key', { decision: { to: 'x+00000000' } }],
    ['names another old key', { decision: { from: 'x+00000000' } }],
    ['commits to another key', { decision: { stateHash: 'cd'.repeat(32) } }],
    ['has no key', { decision: { evidence: {} } }],
    ['is approved for another decision', { no: 9 }],
  ])('a rotation that %s is refused', (_, change) => {
    const verdict = take(
      author.rotate(NEW_KEY, { prev: toHex(author.head(change.model ?? SYSTEM_MODEL).leaf), ...change }),
    );
    expect(verdict.reason).toBe('rotation');
    expect(take(new Author(ORIGIN, NEW_KEY).write('b')).reason).toBe('key');
  });

  test('a rotation without the new key’s own signature is refused', () => {
    const thief = { ...NEW_KEY, sign: OLD_KEY.sign };
    expect(take(author.rotate(thief))).toMatchObject({
      reason: 'rotation',
      detail: expect.stringContaining('countersignature'),
    });
  });

  test('an approval counts when a person’s key has signed that decision id', () => {
    const of = 'ee'.repeat(32);
    const approval = (key: NamedKey, over = of) => ({
      of,
      keyId: key.vkey.keyId,
      sig: toBase64(key.sign(approvalMessage(over))),
    });
    expect(take(variant('a', 'approval', { approval: approval(OLD_KEY) })).reason).toBe('approval');
    expect(take(variant('a', 'approval', { approval: approval(APPROVER, 'ef'.repeat(32)) })).reason).toBe('approval');
    expect(take(author.write('a', 'approval', { approval: approval(APPROVER) })).reason).toBeUndefined();
  });
});

test('routing fields that differ from the entry are refused by name', () => {
  const bytes = author.write('a');
  const tools = { hasher, checkEntry, checkRotation: checkEntry };
  const routing = { model: 'a', seq: 1, owner: 0, kind: 'weights-set' } as const;
  expect(admit(state, { bytes, routing }, tools).reason).toBeUndefined();
  expect(admit(state, { bytes, routing: { ...routing, seq: 2 } }, tools)).toMatchObject({
    reason: 'routing',
    detail: 'seq is 2 in the event and 1 in the entry',
  });
});

test('judging changes nothing, and bytes that are no entry change nothing either', () => {
  expect(take(Uint8Array.of(1, 2, 3)).reason).toBe('malformed');
  admit(state, { bytes: author.write('a') }, { hasher, checkEntry, checkRotation: checkEntry });
  expect([state.size, state.heads.size]).toEqual([0, 0]);
});
