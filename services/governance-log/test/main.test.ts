/** The program: its files, its exit codes, and a topic that has lost its end. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatVkey, parseVkey } from '@weir/ledger/keys';
import { sha256 } from '@weir/ledger/node-crypto';
import { loadServiceConfig } from '@weir/service-kit/config/common-settings';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { witnessSigner } from '../../../packages/ledger/test/scene.ts';
import { readCheckpointKeys } from '../src/checkpoint-keys.ts';
import { logConfigOf, readKeyLines, SETTINGS } from '../src/config.ts';
import type { LogConfig } from '../src/log-trust.ts';
import { refuseShortTopic } from '../src/short-topic.ts';
import { Running, run, weirVerify } from './running.ts';
import { entryRecord, KEY_LINES, KEYS, newAuthor } from './scene.ts';

const MAIN = 'services/governance-log/src/main.ts';
const REBUILD = 'services/governance-log/src/rebuild.ts';
const INIT_KEY = 'services/governance-log/src/init-key.ts';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('init-key makes a file for its owner alone, prints the public keys, and overwrites none', async () => {
  const file = join(folder, 'key.pem');
  const made = await run(INIT_KEY, [file, 'acme/governance/0']);
  expect(made).toMatchObject({ code: 0, err: '' });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const [line = ''] = made.out.split('\n');
  expect(parseVkey(line.replace('log ', ''), sha256)).toMatchObject({ name: 'acme/governance/0', type: 'ed25519' });
  const before = readFileSync(file, 'utf8');
  expect(await run(INIT_KEY, [file])).toMatchObject({ code: 2, err: expect.stringContaining('never overwritten') });
  expect(readFileSync(file, 'utf8')).toBe(before);
  expect(await run(INIT_KEY, [])).toMatchObject({ code: 2 });
});

test('without a key the service does not start: no key is made silently', async () => {
  const env = { WEIR_LOG_FILE: join(folder, 'log.db'), WEIR_HTTP_PORT: '0', WEIR_GOVERNANCE_FOLDER: join(folder, 'g') };
  const ended = await run(MAIN, [], { ...env, WEIR_GOVERNANCE_KEY_FILE: join(folder, 'none.pem') });
  expect(ended).toMatchObject({ code: 2 });
  expect(ended.out).toContain('init-key.ts');
});

test('a key file that others may read, holds no key or another kind is refused without quoting it', async () => {
  const file = join(folder, 'key.pem');
  await run(INIT_KEY, [file]);
  chmodSync(file, 0o644);
  expect(() => readCheckpointKeys(file)).toThrow(/mode is 644.*chmod 600/s);
  writeFileSync(file, '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n');
  chmodSync(file, 0o600);
  expect(() => readCheckpointKeys(file)).toThrow(/block 1 is no private key/);
  expect(() => readCheckpointKeys(file)).not.toThrow(/c2VjcmV0/);
  writeFileSync(file, '');
  expect(() => readCheckpointKeys(file)).toThrow(/no key/);
});

test('a file of entry keys may hold the lines of keys and no others', () => {
  const file = join(folder, 'keys.txt');
  writeFileSync(file, 'quorum none\n');
  expect(() => readKeyLines(file)).toThrow(/"quorum none" does not belong here/);
  writeFileSync(file, '# nothing yet\n');
  expect(() => readKeyLines(file)).toThrow(/no line "entry-key VKEY"/);
  expect(() => readKeyLines('')).toThrow(/name a file/);
});

test('a file of witnesses may hold witness, group and quorum, and names URLs with TLS', () => {
  const file = join(folder, 'witnesses.txt');
  const config = (...lines: string[]): LogConfig => {
    writeFileSync(file, lines.join('\n'));
    const env = { WEIR_LOG_FILE: join(folder, 'log.db'), WEIR_GOVERNANCE_WITNESSES_FILE: file };
    return logConfigOf(loadServiceConfig(SETTINGS, env), KEY_LINES, KEYS);
  };
  const witness = `witness W ${formatVkey(witnessSigner(21, 'w.example').key)}`;
  expect(config('# ours', `${witness} https://w.example`, 'quorum W').witnessLines).toHaveLength(2);
  expect(config(`${witness} http://127.0.0.1:7380`, 'quorum W').witnessLines).toHaveLength(2);
  expect(() => config(`${witness} http://w.example`, 'quorum W')).toThrow(/without TLS: write https/);
  expect(() => config(witness, 'quorum W')).toThrow(/nobody would be asked/);
  expect(() => config(`${witness} https://w.example`)).toThrow(/there is no quorum line/);
  expect(() => config(`${witness} https://w.example`, 'quorum V')).toThrow(/name one witness or group/);
  expect(() => config(`log x`)).toThrow(/"log x" does not belong here/);
  const missing = { WEIR_GOVERNANCE_WITNESSES_FILE: join(folder, 'none.txt') };
  expect(() => logConfigOf(loadServiceConfig(SETTINGS, missing), KEY_LINES, KEYS)).toThrow(/cannot be read \(ENOENT\)/);
});

test('a lost folder is made anew; a topic that holds fewer records than were signed keeps the service from starting, naming both sizes', {
  timeout: 60_000,
}, async () => {
  const service = new Running();
  service.writeKeys();
  await service.start();
  const author = newAuthor();
  await service.send(Array.from({ length: 9 }, () => entryRecord(author.write('m'))));
  await service.signed(9);
  const { log } = service.ports;
  await expect(refuseShortTopic(log, 'weir.', 1, join(service.folder, 'governance'))).resolves.toBeUndefined();
  await service.stop();
  // A folder that is lost is made anew from the topics, with the same checkpoint; one that is there is left alone.
  expect(await run(REBUILD, [], service.env())).toMatchObject({ code: 1 });
  const note = readFileSync(join(service.bundle, 'checkpoint'));
  rmSync(service.bundle, { recursive: true });
  const rebuilt = await run(REBUILD, [], service.env());
  expect(rebuilt).toMatchObject({ code: 0 });
  expect(readFileSync(join(service.bundle, 'checkpoint')).equals(note)).toBe(true);
  expect(await weirVerify(service.bundle, '--trust', service.trust)).toMatchObject({ code: 0 });
  await service.start();
  await service.send([entryRecord(author.write('m'))]);
  await service.signed(10);
  await service.stop();
  // Torn files that were durable keep it from starting: the line names them and the cure.
  for (const [name, said] of [
    ['manifest.json', /governance\/0: manifest.json is damaged; restore the folder from an export/],
    ['checkpoints/10', /governance\/0: checkpoints\/10 is damaged: .*restore the folder/],
  ] as const) {
    const path = join(service.bundle, name);
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, 20));
    const refused = await run(MAIN, [], service.env());
    writeFileSync(path, whole);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.out).toMatch(said);
  }
  const env = { ...service.env(), WEIR_LOG_FILE: join(folder, 'other.db') };
  const ended = await run(MAIN, [], env);
  expect(ended).toMatchObject({ code: 1 });
  expect(ended.out).toMatch(/at most 0 records, and a tree of 10 entries was signed/);
  rmSync(service.folder, { recursive: true });
});
