/** The service whole: entries into an embedded log, files into a folder, answers out of HTTP, and `weir verify` over all of it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from '@weir/events/codec';
import { fromBase64 } from '@weir/ledger/bytes';
import type { Entry } from '@weir/ledger/entry';
import { decodeEntry } from '@weir/ledger/entry-codec';
import { sha256 } from '@weir/ledger/node-crypto';
import { verifyConsistency } from '@weir/ledger/proof';
import Value from 'typebox/value';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ComplianceShape, DecisionPage, DecisionShape, ExplanationShape, TimelineShape } from '../src/schemas.ts';
import { hasher } from '../src/state.ts';
import { Running, run, weirVerify } from './running.ts';
import { entryRecord, newAuthor, record } from './scene.ts';

const service = new Running();
const author = newAuthor();
const WHOLE = 1_000_000;

function written(...args: Parameters<typeof author.write>): Entry {
  const bytes = author.write(...args);
  made.push(bytes);
  return decodeEntry(bytes, sha256);
}
const made: Uint8Array[] = [];

const testId = 'delay-1';
written('delay', 'epoch-claim', { time: 1_000 });
const registered = written('delay', 'version-registered', { time: 1_000, decision: { to: 'v1' } });
written('delay', 'version-registered', { time: 1_100, decision: { to: 'v2' } });
written('delay', 'policy-set', { time: 1_200 });
const opened = written('delay', 'test-opened', {
  time: 2_000,
  decision: { testId, from: 'v1', to: 'v2', weights: { v1: 950_000, v2: 50_000 } },
});
const fired = written('delay', 'guardrail-fired', {
  time: 2_500,
  decision: { testId, action: 'held-by-alert', from: 'v1', to: 'v2' },
});
written('delay', 'eligible', { time: 3_000, decision: { testId, from: 'v1', to: 'v2' } });
written('delay', 'approval', {
  time: 3_500,
  actor: { principal: 'ada', role: 'risk' },
  decision: { testId, from: 'v1', to: 'v2' },
});
const promoted = written('delay', 'promoted', {
  time: 4_000,
  decision: { testId, from: 'v1', to: 'v2', weights: { v2: WHOLE }, evidence: { e: 123 }, reasons: ['E is above 1/α'] },
});
const rolledBack = written('delay', 'rolled-back', {
  time: 5_000,
  decision: { from: 'v2', to: 'v1', weights: { v1: WHOLE } },
});
for (const [time, kind, action] of [
  [10, 'frozen', 'frozen'],
  [20, 'reset', 'approvals-void'],
  [30, 'frozen', 'unfreeze'],
  [40, 'killed', 'killed'],
  [50, 'frozen', 'unfreeze-asked'],
  [60, 'frozen', 'unfreeze'],
] as const)
  written('halting', kind, { time, decision: { action } });
for (let index = 0; index < 300; index += 1) written(`other-${index % 4}`, 'weights-set', { time: 6_000 + index });

beforeAll(async () => {
  service.writeKeys();
  await service.start();
  await service.send(made.map((bytes) => entryRecord(bytes)));
  await service.signed(made.length);
});
afterAll(() => service.end());

test('weir verify passes on the folder and on the exported zip, as a process and without the private key', async () => {
  const folder = await weirVerify(service.bundle, '--trust', service.trust, '--json');
  expect(folder).toMatchObject({ code: 0, err: '' });
  expect(JSON.parse(folder.out)).toMatchObject({ verdict: 'sound' });
  const zip = join(service.folder, 'audit.zip');
  writeFileSync(zip, Buffer.from(await (await service.get('/v1/report/export')).arrayBuffer()));
  const unpacked = await weirVerify(zip, '--trust', service.trust, '--json');
  expect(unpacked).toMatchObject({ code: 0, err: '' });
  const { files, prefix } = await service.json('/v1/report/export?list=true');
  for (const name of (files as string[]).filter((each) => each.startsWith('tile/')))
    expect({ name, status: (await service.get(`${prefix as string}${name}`)).status }).toEqual({ name, status: 200 });
});

test('a decision, its explanation and its proof name the checkpoint; the proof passes weir verify', async () => {
  const id = promoted.decisionId;
  const decision = await service.json(`/v1/decisions/${id}`);
  expect(Value.Errors(DecisionShape, decision)).toEqual([]);
  expect(decision).toMatchObject({ seq: 9, kind: 'promoted', sig: promoted.sig, checkpoint: { size: made.length } });
  const explanation = await service.json(`/v1/decisions/${id}/explain`);
  expect(Value.Errors(ExplanationShape, explanation)).toEqual([]);
  expect(explanation).toMatchObject({
    policy: { hash: promoted.decision.policyHash, set: { kind: 'policy-set' } },
    inputs: { journal: promoted.inputs.journal, stateHash: promoted.decision.stateHash },
    evidence: { e: 123 },
    test: { id: testId, opened: [{ decisionId: opened.decisionId }] },
    guardrails: [{ decisionId: fired.decisionId }],
    approvals: [{ actor: { principal: 'ada' } }],
  });
  const proof = join(service.folder, 'one.tlog-proof');
  writeFileSync(proof, Buffer.from(await (await service.get(`/v1/decisions/${id}/proof`)).arrayBuffer()));
  expect(await weirVerify(proof, '--trust', service.trust)).toMatchObject({ code: 0 });
  const text = readFileSync(proof, 'utf8');
  writeFileSync(proof, text.replace(/^index \d+$/m, 'index 2'));
  expect(await weirVerify(proof, '--trust', service.trust)).toMatchObject({ code: 1 });
});

test('the timeline says what was live at a time, and which decisions say so', async () => {
  const at = (ms: number | string): Promise<Record<string, unknown>> =>
    service.json(`/v1/models/delay/timeline?at=${encodeURIComponent(ms)}`);
  expect(Value.Errors(TimelineShape, await at(4_500))).toEqual([]);
  expect(await at(500)).toMatchObject({ live: { champion: null, weights: null }, items: [] });
  expect(await at(1_500)).toMatchObject({
    live: { champion: 'v1', weights: { v1: WHOLE }, because: { champion: { decisionId: registered.decisionId } } },
  });
  expect(await at(2_200)).toMatchObject({
    live: {
      champion: 'v1',
      weights: { v1: 950_000, v2: 50_000 },
      because: { weights: { decisionId: opened.decisionId } },
    },
  });
  expect(await at('1970-01-01T00:00:04.500Z')).toMatchObject({
    live: { champion: 'v2', weights: { v2: WHOLE }, because: { champion: { decisionId: promoted.decisionId } } },
  });
  for (const [ms, halt, action] of [
    [15, 'frozen', 'frozen'],
    [25, 'frozen', 'frozen'],
    [35, 'none', undefined],
    [45, 'killed', 'killed'],
    [55, 'killed', 'killed'],
    [65, 'none', undefined],
  ] as const) {
    const { live } = await service.json(`/v1/models/halting/timeline?at=${ms}`);
    expect(live).toMatchObject({ halt, because: { halt: action === undefined ? null : { action } } });
  }
  const end = await service.json('/v1/models/delay/timeline?limit=2');
  expect(end).toMatchObject({ live: { champion: 'v1', because: { champion: { decisionId: rolledBack.decisionId } } } });
  const next = await service.json(`/v1/models/delay/timeline?limit=50&cursor=${end['next'] as string}`);
  expect([...(end['items'] as object[]), ...(next['items'] as object[])]).toHaveLength(10);
  expect((await service.get('/v1/models/nobody/timeline')).status).toBe(404);
  expect((await service.get('/v1/models/delay/timeline?at=yesterday')).status).toBe(400);
});

test('decisions are listed in pages, each once, by model and kind', async () => {
  const seen = new Set<string>();
  let path = '/v1/decisions?limit=100';
  for (let pages = 0; pages < 10 && path !== ''; pages += 1) {
    const page = await service.json(path);
    expect(Value.Errors(DecisionPage, page)).toEqual([]);
    for (const { decisionId } of page['items'] as { decisionId: string }[]) seen.add(decisionId);
    const next = page['next'] as string | null;
    path = next === null ? '' : `/v1/decisions?limit=100&cursor=${next}`;
  }
  expect(seen.size).toBe(made.length);
  const some = await service.json('/v1/decisions?model=delay&kind=promoted');
  expect(some['items']).toMatchObject([{ decisionId: promoted.decisionId }]);
  expect((await service.get(`/v1/decisions/${'0'.repeat(64)}`)).status).toBe(404);
});

test('the compliance report names for each rule the entries that show something, and where they are proved', async () => {
  const report = await service.json('/v1/report/compliance?model=delay');
  expect(Value.Errors(ComplianceShape, report)).toEqual([]);
  const rows = report['rows'] as { rule: string; count: number; entries: { decisionId: string; proof: string }[] }[];
  const row = (rule: string): (typeof rows)[number] =>
    rows.find((each) => each.rule.includes(rule)) as (typeof rows)[number];
  expect(row('article 12')).toMatchObject({ count: 10 });
  expect(row('14(4)(e)')).toMatchObject({ count: 0, entries: [] });
  expect(row('article 72').entries.map(({ decisionId }) => decisionId)).toContain(promoted.decisionId);
  expect(row('MANAGE').entries.map(({ decisionId }) => decisionId)).toContain(rolledBack.decisionId);
  expect(report['coverage']).toEqual([{ model: 'delay', entries: 10, versions: 2, firstMs: 1_000, lastMs: 5_000 }]);
  const [retention] = report['retention'] as { consistency: string; oldest: { proof: string; seq: number } }[];
  expect(retention).toMatchObject({ oldest: { seq: 1 }, consistency: `/consistency?from=1&to=${made.length}` });
  for (const path of [retention?.consistency, retention?.oldest.proof, row('article 72').entries[0]?.proof])
    expect({ path, status: (await service.get(path as string)).status }).toEqual({ path, status: 200 });
  expect((await service.json('/v1/report/compliance'))['coverage']).toHaveLength(6);
});

test('an earlier checkpoint is proved to be the beginning of a later one', async () => {
  const [, , root] = (await (await service.get('/log/checkpoint')).text()).split('\n');
  await service.send([entryRecord(author.write('late'))]);
  const before = made.length;
  await service.signed(before + 1);
  const answer = await service.json(`/consistency?from=${before}`);
  const now = answer['checkpoint'] as { size: number; root: string };
  const proof = (answer['proof'] as string[]).map((hash) => fromBase64(hash) as Uint8Array);
  const roots = [root, now.root].map((each) => fromBase64(each ?? '') as Uint8Array) as [Uint8Array, Uint8Array];
  expect(verifyConsistency(hasher, before, before + 1, ...roots, proof)).toBe(true);
  expect((await service.get('/consistency?from=9&to=8')).status).toBe(400);
  // Published after the files are durable.
  const published = async (): Promise<unknown> =>
    decode((await service.read('governance-checkpoints')).at(-1)?.value as Uint8Array).event;
  await expect.poll(published, { timeout: 5_000 }).toMatchObject({ size: before + 1, origin: 'weir/governance/0' });
});

test('a file of the log that is none is not found, and nothing outside of it', async () => {
  for (const path of [
    '/log/tile/0/999',
    '/log/tile/..%2F..%2Fkey.pem',
    '/log/tile/0/../../../key.pem',
    '/log/partitions/3/checkpoint',
  ])
    expect({ path, status: (await service.get(path)).status }).toEqual({ path, status: 404 });
  const files = await service.get('/log/tile/entries/000');
  expect(files.headers.get('cache-control')).toContain('immutable');
});

test('after an orderly restart the same checkpoint stands, and the log goes on', async () => {
  const before = await (await service.get('/log/checkpoint')).text();
  const size = Number(before.split('\n')[1]);
  await service.stop();
  await service.start();
  expect(await (await service.get('/log/checkpoint')).text()).toBe(before);
  await service.send([entryRecord(author.write('late')), record(Buffer.from('torn'), 'late')]);
  await service.signed(size + 1);
  expect(await weirVerify(service.bundle, '--trust', service.trust)).toMatchObject({ code: 0 });
});

test('tampering with a byte of any kind of file is found, with exit code 1', async () => {
  const newest = `checkpoints/${made.length + 2}`;
  for (const name of ['tile/entries/000', 'tile/0/000', newest, 'checkpoint', 'manifest.json']) {
    const path = join(service.bundle, name);
    const bytes = readFileSync(path);
    const changed = Buffer.from(bytes);
    changed[40] = (changed[40] as number) ^ 1;
    writeFileSync(path, changed);
    const verdict = await weirVerify(service.bundle, '--trust', service.trust);
    writeFileSync(path, bytes);
    expect({ name, ...verdict }).toMatchObject({ name, code: 1 });
  }
  const other = join(service.folder, 'other.trust');
  const trust = readFileSync(service.trust, 'utf8');
  writeFileSync(other, trust.replace(/^entry-key .*\n/m, ''));
  expect(await weirVerify(service.bundle, '--trust', other)).toMatchObject({ code: 1 });
});

test('weir timeline tells from the folder what the service tells', async () => {
  const ask = (...args: readonly string[]): ReturnType<typeof run> =>
    run('packages/cli/src/main.ts', ['timeline', service.bundle, '--trust', service.trust, ...args]);
  const told = await ask('--model', 'delay', '--at', '4500', '--json');
  expect(told).toMatchObject({ code: 0, err: '' });
  const { live } = await service.json('/v1/models/delay/timeline?at=4500');
  expect(JSON.parse(told.out)).toMatchObject({ model: 'delay', live });
  expect((await ask('--model', 'delay', '--at', '4500')).out).toMatch(
    /^delay at 1970-01-01T00:00:04.500Z: v2 was live/,
  );
  expect(await ask('--model', 'nobody')).toMatchObject({ code: 2 });
  // A manifest that leaves out the newest decisions changes no answer: there is none.
  const path = join(service.bundle, 'manifest.json');
  const manifest = readFileSync(path, 'utf8');
  const hiding = manifest.replace(/,"checkpoints\/\d+"\]/, ']');
  expect(hiding).not.toBe(manifest);
  writeFileSync(path, hiding);
  const refused = await ask('--model', 'delay');
  writeFileSync(path, manifest);
  expect(refused).toMatchObject({ code: 1, out: '' });
  expect(refused.err).toMatch(/is not sound: behind: checkpoints\/\d+ is signed and manifest.json ends at \d+ leaves/);
});
