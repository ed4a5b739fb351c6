/** The service as a processor: duplicates, stale owners, forks, gaps, torn bytes and tombstones; and that a replay needs no private key. */
import type { NewRecord } from '@weir/event-log/port';
import { decode, encode } from '@weir/events/codec';
import { toHex } from '@weir/ledger/bytes';
import { signCheckpoint } from '@weir/ledger/checkpoint';
import { encodeEntry } from '@weir/ledger/entry-codec';
import { sha256 } from '@weir/ledger/node-crypto';
import type { EffectHandler } from '@weir/service-kit/effects/effect';
import { describeProcessor } from '@weir/service-kit/testing/describe-processor';
import { newFold } from '@weir/service-kit/testing/fold-run';
import type { Scenario } from '@weir/service-kit/testing/scenario';
import { expect, test } from 'vitest';
import { bodyAfter } from '../../../packages/ledger/test/author.ts';
import { writerOn } from '../src/durable-files.ts';
import { LogFolder } from '../src/log-folder.ts';
import { originOf, trustOf } from '../src/log-trust.ts';
import { createLogProcessor } from '../src/processor.ts';
import { decodeRequest, encodeAnswer } from '../src/store-request.ts';
import { currentState, goldenState } from './golden-state.ts';
import { CONFIG, ENTRY_KEY, entryRecord, KEYS, NOW_MS, newAuthor, record } from './scene.ts';
import { SimulatedDisk } from './simulated-disk.ts';

const MODELS = 6;

/** What goes wrong with the record at `index`; most are in order. */
function records(): readonly NewRecord[] {
  const author = newAuthor();
  const made: NewRecord[] = [];
  const entries: Uint8Array[] = [];
  for (let index = 0; made.length < 900; index += 1) {
    // Each model but the last two halts once, for a reason of its own.
    const model = `m${index % MODELS}`;
    const bytes = author.write(model, index % 50 === 13 ? 'epoch-claim' : 'weights-set');
    entries.push(bytes);
    if (index === 401) continue;
    made.push(entryRecord(bytes));
    const head = author.head(model);
    const signed = (change: Parameters<typeof bodyAfter>[4]): Uint8Array =>
      encodeEntry(bodyAfter(head, model, 'weights-set', ENTRY_KEY.vkey.keyId, change), sha256, ENTRY_KEY.sign);
    if (index % 17 === 4) made.push(entryRecord(entries[index >> 1] as Uint8Array));
    if (index % 23 === 5) made.push(entryRecord(bytes, { seq: 1_000 + index }));
    if (index % 29 === 6) made.push(record(Buffer.from('torn'), model));
    if (index % 31 === 7) made.push(record(null, model));
    if (index % 37 === 8) made.push(record(entryOf(bytes.map((byte, at) => (at === 40 ? byte ^ 1 : byte))), model));
    if (index % 41 === 9 && head.owner > 0) made.push(entryRecord(signed({ owner: head.owner - 1 })));
    if (index % 43 === 10) made.push(record(checkpointEvent(), model));
    // A fork of m2, a broken chain of m3; the entry left out above makes a gap in m5.
    if (index === 302) made.push(entryRecord(signed({ seq: head.seq, time: 7 })));
    if (index === 303) made.push(entryRecord(signed({ prev: 'ab'.repeat(32) })));
  }
  return made;
}

function entryOf(bytes: Uint8Array): Buffer {
  return encode('GovernanceEntry', { model: 'm0', seq: 1, owner: 0, kind: 'weights-set', entry: Buffer.from(bytes) });
}

function checkpointEvent(): Buffer {
  return encode('GovernanceCheckpoint', { origin: 'weir/governance/0', size: 1, note: '' });
}

const RECORDS = records();

/** A folder in memory, as the world keeps it over all processes. */
function store(disk: SimulatedDisk): EffectHandler {
  const folder = new LogFolder(disk, writerOn(disk), trustOf(CONFIG, 0), KEYS.signersFor(originOf(CONFIG, 0)));
  return { run: async ({ payload }) => encodeAnswer(await folder.store(decodeRequest(payload), 0)), concurrency: 1 };
}

/** Signs whatever is asked: what a folder refuses is tested in log-folder.test.ts. */
const SIGNER: EffectHandler = {
  run: async ({ payload }) => {
    const { origin, size, root } = decodeRequest(payload);
    const note = signCheckpoint({ origin, size, root }, KEYS.signersFor(origin), 0);
    return encodeAnswer({ note: Buffer.from(note).toString(), signed: size });
  },
};

const SCENARIO: Scenario = {
  processor: createLogProcessor(),
  config: { ...CONFIG, checkpointEntries: 64 },
  nowMs: NOW_MS,
  control: () => [],
  event: (index) => RECORDS[index] as NewRecord,
  events: RECORDS.length,
  minOutputs: 3,
  // When a checkpoint is signed depends on the clock: that each of them is of the one tree is what is promised.
  outputs: ['alerts'],
  effects: () => ({ store: SIGNER }),
  faultRuns: 4,
  golden: [goldenState(1), goldenState(2), goldenState()],
};

describeProcessor('governance-log', SCENARIO);

interface Folded {
  readonly fold: ReturnType<typeof newFold>;
  readonly codes: readonly string[];
  readonly outputs: readonly { readonly topic: string; readonly value: Uint8Array | null }[];
}

function folded(given: readonly NewRecord[], chunk = given.length): Folded {
  const fold = newFold(SCENARIO);
  const codes: string[] = [];
  const outputs: { topic: string; value: Uint8Array | null }[] = [];
  const sink = {
    output: ({ topic, value }: { topic: string; value: Uint8Array | null }) => void outputs.push({ topic, value }),
    reject: (_: string, __: unknown, { code }: { readonly code: string }) => void codes.push(code),
  };
  for (let at = 0; at < given.length; at += chunk)
    fold.records(
      'governance-log',
      given
        .slice(at, at + chunk)
        .map(({ key, value }, index) => ({ offset: BigInt(at + index), key, value, headers: [], timestampMs: 0 })),
      sink,
    );
  return { fold, codes, outputs };
}

function treeOf({ fold }: Folded): { readonly size: number; readonly root: string } {
  const view = fold.keys.allViews().find(({ key }) => key === 'log/0');
  return JSON.parse(view?.json ?? '{}') as { size: number; root: string };
}

test('each refusal has its reason, and a model whose chain does not follow is halted with one alert', () => {
  const { codes, outputs, fold } = folded(RECORDS);
  expect([...new Set(codes)].sort()).toEqual([
    'ENTRY_HALTED',
    'ENTRY_MALFORMED',
    'ENTRY_ROUTING',
    'ENTRY_STALE',
    'TOMBSTONE',
    'UNDECODABLE',
    'WRONG_EVENT',
  ]);
  const alerts = outputs.map(({ value }) => decode(value as Uint8Array).event);
  const rules = alerts.map((event) => ('rule' in event ? `${event.model} ${event.rule}` : ''));
  expect(rules.sort()).toEqual(['m2 governance-fork', 'm3 governance-broken', 'm5 governance-gap']);
  const shown = fold.keys.allViews().find(({ key }) => key === 'model/m2')?.json ?? '';
  expect(JSON.parse(shown)).toMatchObject({ halted: expect.stringContaining('fork') });
});

test('a halt that two people lift ends its alert, and the model goes on under the next owner', () => {
  const author = newAuthor();
  const rival = newAuthor();
  const first = author.write('a', 'epoch-claim');
  const second = author.write('a');
  rival.write('a', 'epoch-claim');
  const fork = rival.write('a', 'weights-set', { time: 5 });
  const lift = author.write('a', 'epoch-claim', {
    actor: { principal: 'bo', role: 'operate' },
    decision: { action: 'lift-halt', evidence: { askedBy: 'cy' } },
  });
  const records = [first, second, fork, fork, lift, fork, author.write('a')].map((bytes) => entryRecord(bytes));
  const { codes, outputs, fold } = folded(records);
  expect(codes).toEqual(['ENTRY_HALTED', 'ENTRY_STALE']);
  const [raised, over] = outputs.map(({ value }) => decode(value as Uint8Array).event as unknown as AlertFields);
  expect(outputs).toHaveLength(2);
  expect(over).toMatchObject({ raisedId: raised?.id, reason: 'lifted', rule: 'governance-fork', severity: 'critical' });
  const shown = fold.keys.allViews().find(({ key }) => key === 'model/a')?.json ?? '';
  expect(JSON.parse(shown)).toMatchObject({ halted: null, seq: 4, leaf: toHex(author.head('a').leaf), owner: 2 });
});

interface AlertFields {
  readonly id: string;
}

test('a second reader gets the same root, whatever is published twice, aborted in between, or cut', () => {
  const whole = treeOf(folded(RECORDS));
  expect(treeOf(folded(RECORDS, 7))).toEqual(whole);
  expect(treeOf(folded([...RECORDS, ...RECORDS.slice(0, 200)]))).toMatchObject({ size: whole.size, root: whole.root });
  const isEntry = (value: Uint8Array | null): boolean => value !== null && value.length > 100;
  expect(treeOf(folded(RECORDS.filter(({ value }) => isEntry(value))))).toMatchObject({ root: whole.root });
});

/** Ticks, requests and answers as the kit makes them, without the kit. */
async function answered(fold: Folded['fold'], handler: EffectHandler): Promise<readonly Uint8Array[]> {
  const values: Uint8Array[] = [];
  const sink = {
    output: ({ value }: { readonly value: Uint8Array | null }) => void values.push(value as Uint8Array),
    reject: () => {},
  };
  for (let turn = 0; turn < 20; turn += 1) {
    fold.tick(fold.clockMs + 2_000, sink);
    for (const { key, effect } of fold.keys.takeUnasked()) {
      const signal = AbortSignal.timeout(10_000);
      let answer: { outcome: 'done' | 'failed'; payload: Buffer; error: string };
      try {
        const payload = Buffer.from(await handler.run(effect, { key, epoch: 1n, signal }));
        answer = { outcome: 'done', payload, error: '' };
      } catch (error) {
        answer = { outcome: 'failed', payload: Buffer.alloc(0), error: String(error) };
      }
      const { id: effectId, kind } = effect;
      const value = encode('EffectAnswered', { effectId, key, kind, ...answer, tries: 1, answeredMs: fold.clockMs });
      fold.records(
        'governance-log.results',
        [{ offset: 0n, key: Buffer.from(key), value, headers: [], timestampMs: 0 }],
        sink,
      );
    }
  }
  return values;
}

const names = (values: readonly Uint8Array[]): readonly string[] =>
  values.map((value) => {
    const { event } = decode(value);
    return 'rule' in event
      ? `${event.rule}${'reason' in event ? ` ${event.reason}` : ''}`
      : `checkpoint ${'size' in event ? event.size : ''}`;
  });

test('checkpoints follow the entries, each once, and a fold without any private key publishes the recorded ones', async () => {
  const author = newAuthor();
  const given = Array.from({ length: 70 }, () => entryRecord(author.write('m')));
  const one = folded(given);
  const recorded = new Map<string, Uint8Array>();
  const handler = store(new SimulatedDisk());
  const published = await answered(one.fold, {
    run: async (effect, context) => {
      const payload = await handler.run(effect, context);
      recorded.set(effect.id, payload);
      return payload;
    },
  });
  expect(names(published)).toEqual(['checkpoint 64', 'checkpoint 70']);
  const replay = folded(given);
  const again = await answered(replay.fold, { run: async ({ id }) => recorded.get(id) as Uint8Array });
  expect(again.map(toHex)).toEqual(published.map(toHex));
});

test('a note of another key, size or root is not published: the alert says why', async () => {
  const author = newAuthor();
  const { fold } = folded([entryRecord(author.write('m'))]);
  const forged = await answered(fold, {
    run: async () => encodeAnswer({ note: 'weir/governance/0\n1\nAAAA\n\n— x AAAAAAAA\n', signed: 1 }),
  });
  expect(names(forged)).toEqual(['governance-store']);
});

test('a folder that fails is asked again after a minute, told once, and its recovery too', async () => {
  const author = newAuthor();
  const { fold } = folded([entryRecord(author.write('m'))]);
  const handler = store(new SimulatedDisk());
  let asked = 0;
  const values = await answered(fold, {
    run: (effect, context) => {
      asked += 1;
      return asked === 1 ? Promise.reject(new Error('no space left')) : handler.run(effect, context);
    },
  });
  expect(asked).toBe(1);
  expect(names(values)).toEqual(['governance-store']);
  const later = [...(await answered(fold, handler)), ...(await answered(fold, handler))];
  expect(names(later)).toEqual(['checkpoint 1', 'governance-store recovered']);
});

test('a topic that ends before the signed tree raises an alert that names both sizes, and nothing is signed', async () => {
  const author = newAuthor();
  const entries = Array.from({ length: 100 }, () => entryRecord(author.write('m')));
  const disk = new SimulatedDisk();
  await answered(folded(entries).fold, store(disk));
  const kept = disk.list('checkpoints');
  const short = folded(entries.slice(0, 40));
  const values = await answered(short.fold, store(disk));
  expect(names(values)).toEqual(['governance-topic-short']);
  const { event } = decode(values[0] as Uint8Array);
  expect('summary' in event ? event.summary : '').toMatch(
    /ends after 40 entries, and a tree of 100 entries was signed/,
  );
  expect(disk.list('checkpoints')).toEqual(kept);
});

test('the golden state is what this build saves', () => {
  const { bytes, outputIds } = currentState();
  expect(Buffer.from(bytes).equals(goldenState().bytes)).toBe(true);
  expect(outputIds).toEqual(goldenState().outputIds);
});
