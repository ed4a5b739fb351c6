import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ConfigError } from '../src/config/settings.ts';
import { loadPrincipals, type Principals, sha256 } from '../src/http/principals.ts';
import type { Problem } from '../src/http/problem.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-'));
const file = join(folder, 'principals.json');
afterAll(() => rmSync(folder, { recursive: true }));

const NOTHING = { WEIR_HTTP_HOST: '127.0.0.1', WEIR_HTTP_TOKEN: '', WEIR_PRINCIPALS_FILE: '' };
const ADA = { id: 'ada', roles: ['write'], tokenSha256: sha256('token-of-ada') };
const BOB = { id: 'bob', roles: ['*'], tokenSha256: sha256('token-of-bob') };

function load(content: unknown, more: object = {}): Principals {
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return loadPrincipals({ ...NOTHING, WEIR_PRINCIPALS_FILE: file, ...more });
}

function faultsOf(content: unknown): readonly string[] {
  try {
    load(content);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

function asked(principals: Principals, authorization?: string, role?: string): string {
  try {
    return principals.principalOf({ headers: authorization === undefined ? {} : { authorization } }, role).id;
  } catch (error) {
    return (error as Problem).code;
  }
}

describe('without identities', () => {
  test('everybody is anonymous, and may do everything on loopback', () => {
    const principals = loadPrincipals(NOTHING);
    expect(principals).toMatchObject({ areNamed: false, trustLoopback: true });
    expect(asked(principals)).toBe('anonymous');
    expect(asked(principals, undefined, 'command')).toBe('anonymous');
  });

  test('beyond loopback anonymous only reads', () => {
    const principals = loadPrincipals({ ...NOTHING, WEIR_HTTP_HOST: '0.0.0.0' });
    expect(principals).toMatchObject({ areNamed: false, trustLoopback: false });
    expect(asked(principals)).toBe('anonymous');
    expect(asked(principals, undefined, 'write')).toBe('FORBIDDEN');
  });
});

describe('with identities', () => {
  test('the token of WEIR_HTTP_TOKEN is one principal with every role', () => {
    const principals = loadPrincipals({ ...NOTHING, WEIR_HTTP_TOKEN: 'a-token-of-good-length' });
    expect(asked(principals)).toBe('UNAUTHORIZED');
    expect(asked(principals, 'Bearer a-token-of-good-lengtH')).toBe('UNAUTHORIZED');
    expect(asked(principals, 'bEARER a-token-of-good-length', 'whatever')).toBe('token');
  });

  test('each token of the file is its principal, with its roles, beside WEIR_HTTP_TOKEN', () => {
    const principals = load([ADA, BOB], { WEIR_HTTP_TOKEN: 'a-token-of-good-length' });
    expect(asked(principals, 'Bearer token-of-ada')).toBe('ada');
    expect(asked(principals, 'bearer  token-of-ada ', 'write')).toBe('ada');
    expect(asked(principals, 'Bearer token-of-ada', 'command')).toBe('FORBIDDEN');
    expect(asked(principals, 'Bearer token-of-bob', 'command')).toBe('bob');
    expect(asked(principals, 'Bearer a-token-of-good-length', 'command')).toBe('token');
    for (const wrong of ['', 'Bearer', 'Bearer ', 'token-of-ada', 'Bearer token of-ada', `Bearer ${ADA.tokenSha256}`])
      expect(asked(principals, wrong)).toBe('UNAUTHORIZED');
  });

  test('a principal is given without the hash of its token', () => {
    const principal = load([ADA]).principalOf({ headers: { authorization: 'Bearer token-of-ada' } });
    expect(principal).toEqual({ id: 'ada', roles: ['write'] });
  });
});

describe('the file', () => {
  test.each([
    ['not JSON', '{', /is not JSON: write a list/],
    ['no list', { id: 'ada' }, /must be array/],
    ['an empty list', [], /must not have fewer than 1 items/],
    ['an unknown field', [{ ...ADA, token: 'x' }], /must not have additional properties/],
    ['a token instead of its hash', [{ ...ADA, tokenSha256: 'token-of-ada' }], /\/0\/tokenSha256 must match pattern/],
    ['a role that is no word', [{ ...ADA, roles: ['Write It'] }], /\/0\/roles\/0 must match pattern/],
    ['a reserved id', [{ ...ADA, id: 'anonymous' }], /the id anonymous is reserved: take another/],
    ['an id twice', [ADA, { ...BOB, id: 'ada' }], /the id ada stands twice/],
    [
      'one token for two',
      [ADA, { ...BOB, tokenSha256: ADA.tokenSha256 }],
      /ada and bob have the same token: give each its own/,
    ],
  ])('%s is refused with the name of the setting and the cure', (_, content, rule) => {
    const faults = faultsOf(content);
    expect(faults).not.toEqual([]);
    for (const fault of faults) expect(fault).toContain(`WEIR_PRINCIPALS_FILE is ${JSON.stringify(file)}; `);
    expect(faults.join('\n')).toMatch(rule);
    expect(faults.join('\n')).not.toContain('token-of-ada');
  });

  test('all faults at once', () => {
    expect(faultsOf([{ ...ADA, id: 'anonymous' }, BOB, BOB])).toHaveLength(3);
  });

  test('one that cannot be read', () => {
    const missing = join(folder, 'missing.json');
    expect(() => loadPrincipals({ ...NOTHING, WEIR_PRINCIPALS_FILE: missing })).toThrow(
      /cannot be read \(ENOENT\): correct the path/,
    );
  });
});
