/**
 * Who asks. Named principals come from a file of hashed tokens; WEIR_HTTP_TOKEN is one principal called `token`. Where neither is set there
 * are no identities: everybody is `anonymous`, who may do everything on loopback and only read elsewhere.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import Value from 'typebox/value';
import { isLoopback } from '../config/common-settings.ts';
import { ConfigError } from '../config/settings.ts';
import type { Principal } from '../definition.ts';
import { Problem } from './problem.ts';

/** A role that stands for all. */
const EVERY_ROLE = '*';
const MAX_FILE_BYTES = 1 << 20;
/** Names that the kit gives itself. */
const RESERVED: readonly string[] = ['anonymous', 'token'];

export interface NamedPrincipal extends Principal {
  /** SHA-256 of the token, lower-case hex. Tokens are long and random, so that no salt is needed: `openssl rand -hex 32`. */
  readonly tokenSha256: string;
}

const NamedPrincipals = Type.Array(
  Type.Object(
    {
      id: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$' }),
      roles: Type.Array(Type.String({ pattern: '^([a-z][a-z0-9:-]{0,49}|\\*)$' }), { maxItems: 50 }),
      tokenSha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    },
    { additionalProperties: false },
  ),
  { minItems: 1, maxItems: 1_000 },
);

/** What of the configuration decides about identities. */
export interface IdentityConfig {
  readonly WEIR_HTTP_HOST: string;
  readonly WEIR_HTTP_TOKEN: string;
  readonly WEIR_PRINCIPALS_FILE: string;
}

export interface Principals {
  /** False where no identity is configured. */
  readonly areNamed: boolean;
  /** True where anonymous requests may do everything, so that the Host header must be checked. */
  readonly trustLoopback: boolean;
  /** @throws {Problem} UNAUTHORIZED without a token that is known, FORBIDDEN without the role */
  principalOf(request: Pick<FastifyRequest, 'headers'>, role?: string): Principal;
}

/** @throws {ConfigError} listing every fault of the principals file */
export function loadPrincipals(config: IdentityConfig): Principals {
  const { WEIR_HTTP_HOST: host, WEIR_HTTP_TOKEN: token, WEIR_PRINCIPALS_FILE: file } = config;
  const named = file === '' ? [] : readPrincipals(file);
  const every = token === '' ? named : [...named, { id: 'token', roles: [EVERY_ROLE], tokenSha256: sha256(token) }];
  return createPrincipals(every, isLoopback(host));
}

export function createPrincipals(named: readonly NamedPrincipal[], onLoopback: boolean): Principals {
  const areNamed = named.length > 0;
  const anonymous: Principal = { id: 'anonymous', roles: onLoopback ? [EVERY_ROLE] : [] };
  const digests = named.map(({ tokenSha256 }) => Buffer.from(tokenSha256, 'hex'));
  const identify = (authorization: string | undefined): Principal => {
    if (!areNamed) return anonymous;
    const token = /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    if (token === undefined)
      throw new Problem('UNAUTHORIZED', 'the request has no token; send one as "Authorization: Bearer …"');
    const given = createHash('sha256').update(token).digest();
    // All are compared, so that the time tells nothing about which one it was.
    const found = digests.map((digest) => timingSafeEqual(digest, given)).indexOf(true);
    const principal = named[found];
    if (principal === undefined)
      throw new Problem(
        'UNAUTHORIZED',
        'no principal has this token; correct it, or add its hash to WEIR_PRINCIPALS_FILE',
      );
    return { id: principal.id, roles: principal.roles };
  };
  return {
    areNamed,
    trustLoopback: !areNamed && onLoopback,
    principalOf: ({ headers }, role) => {
      const principal = identify(headers.authorization);
      if (role === undefined || hasRole(principal, role)) return principal;
      const cure = areNamed
        ? 'give it in WEIR_PRINCIPALS_FILE'
        : 'no identity is configured, so that others may only read: set WEIR_PRINCIPALS_FILE or WEIR_HTTP_TOKEN';
      throw new Problem(
        'FORBIDDEN',
        `principal ${principal.id} does not have the role ${JSON.stringify(role)}; ${cure}`,
      );
    },
  };
}

export function hasRole({ roles }: Principal, role: string): boolean {
  return roles.includes(role) || roles.includes(EVERY_ROLE);
}

/** SHA-256 of a token as the file holds it. */
export function sha256(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function readPrincipals(file: string): readonly NamedPrincipal[] {
  const refuse = (...faults: readonly string[]): never => {
    throw new ConfigError(faults.map((fault) => `WEIR_PRINCIPALS_FILE is ${JSON.stringify(file)}; ${fault}`));
  };
  let text = '';
  let content: unknown;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return refuse(
      `it cannot be read (${String((error as NodeJS.ErrnoException).code)}): correct the path or its rights`,
    );
  }
  if (text.length > MAX_FILE_BYTES) return refuse(`it has more than ${MAX_FILE_BYTES} bytes: leave principals out`);
  try {
    content = JSON.parse(text);
  } catch {
    // The message of the parser quotes the text.
    return refuse('it is not JSON: write a list like [{"id": "ada", "roles": ["write"], "tokenSha256": "…"}]');
  }
  const broken = Value.Errors(NamedPrincipals, content).map(
    ({ instancePath, message }) =>
      `${instancePath || 'the whole'} ${message}: an entry is {"id", "roles", "tokenSha256"}`,
  );
  if (broken.length > 0) return refuse(...new Set(broken));
  const principals = content as readonly NamedPrincipal[];
  const faults = [
    ...principals.filter(({ id }) => RESERVED.includes(id)).map(({ id }) => `the id ${id} is reserved: take another`),
    ...repeated(principals.map(({ id }) => id)).map((id) => `the id ${id} stands twice: name each principal once`),
    // One token for two names would let one person act as two.
    ...repeated(principals.map(({ tokenSha256 }) => tokenSha256)).map((hash) => {
      const ids = principals.filter(({ tokenSha256 }) => tokenSha256 === hash).map(({ id }) => id);
      return `${ids.join(' and ')} have the same token: give each its own`;
    }),
  ];
  return faults.length > 0 ? refuse(...faults) : principals;
}

function repeated(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.filter((text, index) => texts.indexOf(text) !== index))];
}
