/** The schema of an entry: every field, its type and its range, and no other field. */
import { type Entry, EntryError, type Kind } from './entry.ts';
import type { Json } from './jcs.ts';

type Members = { readonly [key: string]: Json | undefined };

/** The path is built on the way out of a refusal: an entry that is in order costs no string. */
interface Fault {
  readonly path: string;
  readonly value: Json | undefined;
  readonly rule: string;
}
type Check = (value: Json) => Fault | undefined;

export const KINDS: ReadonlySet<string> = new Set<Kind>([
  'version-registered',
  'policy-set',
  'epoch-claim',
  'test-opened',
  'weights-set',
  'guardrail-fired',
  'eligible',
  'approval',
  'promoted',
  'rolled-back',
  'retired',
  'frozen',
  'killed',
  'break-glass',
  'reset',
  'key-rotated',
  'drill',
]);
export const MAX_NAME = 255;
export const MILLION = 1_000_000;

/** @param value parsed canonical JSON. @throws EntryError with the field, the value and the rule */
export function checkEntry(value: Json): Entry {
  const fault = ENTRY(value);
  if (fault === undefined) return value as unknown as Entry;
  const { path, rule } = fault;
  const shown = fault.value === undefined ? 'missing' : JSON.stringify(fault.value);
  const short = shown.length > 80 ? `${shown.slice(0, 80)}…` : shown;
  throw new EntryError(path, `${path || 'the entry'} is ${short}, it must be ${rule}`);
}

/** A check of a single value against a rule in words. */
const rule =
  (text: string, holds: (value: Json) => boolean): Check =>
  (value) =>
    holds(value) ? undefined : { path: '', value, rule: text };

const isAtLeast =
  (least: number) =>
  (value: Json): boolean =>
    typeof value === 'number' && value >= least;

const count = rule('an integer of at least 0', isAtLeast(0));
const integer = rule('an integer', (value) => typeof value === 'number');
const positive = rule('an integer of at least 1', isAtLeast(1));
const hex32 = rule('64 lower-case hex digits', (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value));
const text = rule('a string', (value) => typeof value === 'string');
/** A name goes into keys, lines of text and file names. Its length is that of code points, which every language counts alike. */
const name = rule(
  `1 to ${MAX_NAME} code points, none of them a control character`,
  (value) => typeof value === 'string' && value !== '' && isShort(value) && !/\p{Cc}/u.test(value),
);
const isShort = (value: string): boolean =>
  value.length - (value.match(/[\u{10000}-\u{10ffff}]/gu)?.length ?? 0) <= MAX_NAME;
/** Compared with a hash that the reader computes: its digits need no check of their own. */
const hash = rule('64 lower-case hex digits', (value) => typeof value === 'string' && value.length === 64);
/** Decoded, strictly, when it is verified. */
const signature = rule(
  'an Ed25519 signature of 64 bytes in base64',
  (value) => typeof value === 'string' && value.length === 88,
);
const kind = rule(`one of ${[...KINDS].join(', ')}`, (value) => typeof value === 'string' && KINDS.has(value));
const version = rule('1, the version of the format that this build reads', (value) => value === 1);
const share = rule('an integer in [0, 10^6]', (value) => typeof value === 'number' && value >= 0 && value <= MILLION);
const scalar = rule('an integer or a string', (value) => typeof value === 'number' || typeof value === 'string');

const reasons: Check = (value) => {
  if (!Array.isArray(value)) return { path: '', value, rule: 'an array of strings' };
  const index = (value as readonly Json[]).findIndex((reason) => typeof reason !== 'string');
  return index < 0 ? undefined : { path: `[${index}]`, value: value[index] as Json, rule: 'a string' };
};

const service = object({ service: name });
const principal = object({ principal: name, role: name });
const actor: Check = (value) => (isObject(value) && 'service' in value ? service : principal)(value);

const ENTRY: Check = object(
  {
    v: version,
    model: name,
    seq: positive,
    prev: hash,
    owner: count,
    epoch: count,
    no: count,
    kind,
    time: integer,
    actor,
    decision: object(
      {
        action: name,
        policyHash: hex32,
        cursor: object({ n: count, maturity: integer, id: text }),
        stateHash: hex32,
        reasons,
      },
      { testId: name, from: name, to: name, weights: map(share), evidence: map(scalar) },
    ),
    decisionId: hash,
    inputs: object({ journal: object({ partition: count, seq: count }) }),
    keyId: name,
    sig: signature,
  },
  {
    approval: object({ of: hex32, keyId: name, sig: signature }),
    refs: object({}, { digest: text, modelCard: text, slsa: text, openlineage: text, traceparent: text }),
  },
);

/** An object with all the required members, any of the optional ones, and no other. */
function object(required: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check {
  const members = Object.entries({ ...required, ...optional });
  const needed = Object.keys(required).length;
  return (value) => {
    if (!isObject(value)) return { path: '', value, rule: 'an object' };
    let found = 0;
    for (const [place, [key, check]] of members.entries()) {
      const member = value[key];
      if (member === undefined) {
        if (place < needed) return { path: key, value: undefined, rule: 'there' };
        continue;
      }
      const fault = check(member);
      if (fault !== undefined) return within(key, fault);
      found += 1;
    }
    const keys = Object.keys(value);
    if (keys.length === found) return undefined;
    const other = keys.find((key) => !Object.hasOwn(required, key) && !Object.hasOwn(optional, key)) as string;
    return { path: other, value: value[other], rule: 'absent: it is not a field of an entry' };
  };
}

function map(check: Check): Check {
  return (value) => {
    if (!isObject(value)) return { path: '', value, rule: 'an object' };
    for (const key of Object.keys(value)) {
      const fault = check(value[key] as Json);
      if (fault !== undefined) return within(key, fault);
    }
    return undefined;
  };
}

function within(key: string, fault: Fault): Fault {
  const { path } = fault;
  return { ...fault, path: path === '' || path.startsWith('[') ? key + path : `${key}.${path}` };
}

function isObject(value: Json): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
