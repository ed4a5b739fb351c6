import { expect, test } from 'vitest';
import { formatVkey } from '../src/keys.ts';
import { sha256 } from '../src/node-crypto.ts';
import { describeQuorum, hasQuorum, parseTrust, type Quorum } from '../src/trust.ts';
import { logSigner, NEW_KEY, OLD_KEY, witnessSigner } from './scene.ts';

const log = formatVkey(logSigner(1).key);
const keys = [1, 2, 3, 4].map((seed) => witnessSigner(seed, `w${seed}.example`).key);
const witnesses = keys.map((key, at) => `witness W${at + 1} ${formatVkey(key)}`);
const parse = (...lines: string[]) => parseTrust(lines.join('\n'), sha256);
const entry = formatVkey(OLD_KEY.vkey);

test('all kinds of lines are read, comments and spaces left out', () => {
  const trust = parse(
    '# the log of the fraud team',
    '',
    ` \tlog  ${log}\thttps://weir.example/governance/0`,
    `log-sizes ${logSigner(1).key.keyId} 0-4096`,
    'require ed25519',
    'require ml-dsa-44',
    `entry-key ${entry} 0-41`,
    `entry-key ${formatVkey(NEW_KEY.vkey)} 42-`,
    ...witnesses,
    'group X 2 W1 W2 W3',
    'group Y all X W4',
    'quorum Y',
  );
  expect([...trust.logs.values()]).toMatchObject([{ first: 0, last: 4_096 }]);
  expect([...trust.required]).toEqual(['ed25519', 'ml-dsa-44']);
  expect(trust.keys.map(({ first, last }) => [first, last])).toEqual([
    [0, 41],
    [42, Infinity],
  ]);
  const reached = (...at: number[]): boolean =>
    hasQuorum(trust.quorum as Quorum, new Set(at.map((one) => (keys[one] as (typeof keys)[0]).keyId)));
  expect([reached(0, 1, 3), reached(0, 3), reached(0, 1, 2), reached(0, 1, 2, 3), reached()]).toEqual([
    true,
    false,
    false,
    true,
    false,
  ]);
});

test('a witness may have a URL, and a quorum is told in words', () => {
  const [first, ...rest] = witnesses as [string, ...string[]];
  const trust = parse(
    `log ${log}`,
    `${first} https://witness.example/a/`,
    ...rest,
    'group X 2 W1 W2 W3',
    'group Y all X W4',
    'quorum Y',
  );
  expect([...trust.witnesses.values()].map(({ label, url }) => [label, url])).toEqual([
    ['W1', 'https://witness.example/a'],
    ['W2', undefined],
    ['W3', undefined],
    ['W4', undefined],
  ]);
  expect(describeQuorum(trust.quorum as Quorum, trust.witnesses)).toBe('2 of (2 of (W1, W2, W3), W4)');
  for (const url of [
    'witness.example',
    'ftp://witness.example/',
    'https://u:p@witness.example/',
    'https://w.example/?a=1',
  ])
    expect(() => parse(`log ${log}`, `${first} ${url}`)).toThrow(/is no URL of a witness/);
});

test.each<readonly [string, readonly string[], string]>([
  ['no quorum', [`log ${log}`], 'there is no quorum line'],
  ['no log', ['quorum none'], 'there is no log line'],
  ['two quorums', [`log ${log}`, 'quorum none', 'quorum none'], 'line 3 (quorum none): there is a quorum line already'],
  ['an unknown word', ['logs x'], 'there is no "logs"; lines begin with log, witness'],
  ['a torn key', [`log ${log.slice(0, -2)}`], 'a verifier key is needed'],
  [
    'an entry key as log',
    [`log ${formatVkey(keys[0] as never)}`],
    'a key of type ed25519-cosignature; this line takes ed25519 or ml-dsa-44',
  ],
  ['one log twice', [`log ${log}`, `log ${log}`], 'another log line has the same public key'],
  [
    'one witness under two names',
    [witnesses[0] as string, (witnesses[0] as string).replace('W1', 'W9')],
    'another witness line has the same public key',
  ],
  ['a name twice', [witnesses[0] as string, (witnesses[1] as string).replace('W2', 'W1')], '"W1" cannot be defined'],
  ['the name none', [(witnesses[0] as string).replace('W1', 'none')], '"none" cannot be defined'],
  ['a member of nothing', ['group X any W1'], 'no line before this one defines "W1"'],
  ['a member twice', [witnesses[0] as string, 'group X any W1', 'group Y any W1'], '"W1" is a member already'],
  ['a threshold too high', [witnesses[0] as string, 'group X 2 W1'], '"2" of 1 members'],
  ['a threshold of 0', [witnesses[0] as string, 'group X 0 W1'], '"0" of 1 members'],
  ['an unknown kind', ['require rsa'], 'write ed25519 or ml-dsa-44'],
  ['sizes of no log', ['log-sizes a+00000000 0-1'], 'no log line before this one has the key'],
  ['a range backwards', [`entry-key ${entry} 5-4`], '"5-4" is not a range'],
  ['a range with zeros', [`entry-key ${entry} 05-`], '"05-" is not a range'],
  ['ranges that overlap', [`entry-key ${entry} 0-5`, `entry-key ${entry} 5-`], 'already has the range 0-5'],
  ['one key for both roles', [`entry-key ${entry} 0-5`, `approver-key ${entry} 6-`], 'already names another key'],
])('%s is refused with its line', (_, lines, message) => {
  expect(() => parse(...lines)).toThrow(message);
});
