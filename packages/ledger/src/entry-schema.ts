/** The schema of an entry: every field, its type and its range, and no other field. */
import { fromBase64 } from './bytes.ts';
import { type Entry, EntryError, type Kind } from './entry.ts';
import type { Json } from './jcs.ts';

type Members = { readonly [key: string]: Json | undefined };
type Check = (value: Json, field: string) => void;

const KINDS: ReadonlySet<string> = new Set<Kind>([
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
const MAX_NAME = 255;
const MILLION = 1_000_000;

/** @param value parsed canonical JSON. @throws EntryError with the field, the value and the rule */
export function checkEntry(value: Json): Entry {
  ENTRY(value, '');
  return value as unknown as Entry;
}

const count: Check = (value, field) => {
  if (typeof value !== 'number' || value < 0) throw refusal(field, value, 'an integer of at least 0');
};
const integer: Check = (value, field) => {
  if (typeof value !== 'number') throw refusal(field, value, 'an integer');
};
const positive: Check = (value, field) => {
  if (typeof value !== 'number' || value < 1) throw refusal(field, value, 'an integer of at least 1');
};
const hex32: Check = (value, field) => {
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value))
    throw refusal(field, value, '64 lower-case hex digits');
};
const text: Check = (value, field) => {
  if (typeof value !== 'string') throw refusal(field, value, 'a string');
};
/** A name goes into keys, lines of text and file names. */
const name: Check = (value, field) => {
  if (typeof value !== 'string' || value === '' || value.length > MAX_NAME || /\p{Cc}/u.test(value))
    throw refusal(field, value, `1 to ${MAX_NAME} characters, none of them a control character`);
};
const signature: Check = (value, field) => {
  if (typeof value !== 'string' || value.length !== 88 || fromBase64(value)?.length !== 64)
    throw refusal(field, value, 'an Ed25519 signature of 64 bytes in base64');
};
const kind: Check = (value, field) => {
  if (typeof value !== 'string' || !KINDS.has(value)) throw refusal(field, value, `one of ${[...KINDS].join(', ')}`);
};
const version: Check = (value, field) => {
  if (value !== 1) throw refusal(field, value, '1, the version of the format that this build reads');
};
const share: Check = (value, field) => {
  if (typeof value !== 'number' || value < 0 || value > MILLION) throw refusal(field, value, 'an integer in [0, 10^6]');
};
const scalar: Check = (value, field) => {
  if (typeof value !== 'number' && typeof value !== 'string') throw refusal(field, value, 'an integer or a string');
};
const reasons: Check = (value, field) => {
  if (!Array.isArray(value)) throw refusal(field, value, 'an array of strings');
  for (const [index, reason] of (value as readonly Json[]).entries()) text(reason, `${field}[${index}]`);
};

const actor: Check = (value, field) => {
  const isService = isObject(value) && 'service' in value;
  (isService ? object({ service: name }) : object({ principal: name, role: name }))(value, field);
};

const ENTRY: Check = object(
  {
    v: version,
    model: name,
    seq: positive,
    prev: hex32,
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
    decisionId: hex32,
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
  const needed = Object.keys(required);
  const checks = new Map(Object.entries({ ...required, ...optional }));
  return (value, field) => {
    if (!isObject(value)) throw refusal(field, value, 'an object');
    const prefix = field === '' ? '' : `${field}.`;
    let found = 0;
    for (const key of Object.keys(value)) {
      const check = checks.get(key);
      if (check === undefined) throw new EntryError(`${prefix}${key}`, `${prefix}${key} is not a field of an entry`);
      check(value[key] as Json, prefix + key);
      if (Object.hasOwn(required, key)) found += 1;
    }
    if (found === needed.length) return;
    const missing = needed.find((key) => !Object.hasOwn(value, key)) as string;
    throw new EntryError(`${prefix}${missing}`, `${prefix}${missing} is missing`);
  };
}

function map(check: Check): Check {
  return (value, field) => {
    if (!isObject(value)) throw refusal(field, value, 'an object');
    for (const key of Object.keys(value)) check(value[key] as Json, `${field}.${key}`);
  };
}

function isObject(value: Json): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refusal(field: string, value: Json, rule: string): EntryError {
  const shown = JSON.stringify(value);
  return new EntryError(
    field,
    `${field || 'the entry'} is ${shown.length > 80 ? `${shown.slice(0, 80)}…` : shown}, it must be ${rule}`,
  );
}
