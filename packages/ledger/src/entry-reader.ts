/**
 * Reads an entry in one scan that the schema leads: canonical JSON has one order of keys and one spelling of a number, so nearly every byte of an
 * entry is known before it is read. It answers for plain entries alone, of printable ASCII without an escape; about any other bytes it says
 * nothing, and jcs.ts with entry-schema.ts judge them and name what is wrong.
 */
import { decodeUtf8 } from './bytes.ts';
import type { Approval, Cursor, Decision, Entry, Kind } from './entry.ts';
import { KINDS, MAX_NAME, MILLION } from './entry-schema.ts';

type Building<Value> = { -readonly [Key in keyof Value]: Value[Key] };
type Scalars = Record<string, number | string>;

/** Anything but printable ASCII without the backslash. */
const STRANGE = /[^ -[\]-~]/;
const MINUS = 0x2d;
const ZERO = 0x30;
/** Digits of an integer that need no second look: 10^15 is below 2^53. */
const SAFE_DIGITS = 15;
const REFS = ['digest', 'modelCard', 'openlineage', 'slsa', 'traceparent'] as const;

/** The bytes are none of those that this reader knows. */
const OTHER = Symbol('other');

/** @returns undefined when the bytes are no plain entry: whether they are an entry at all is for others to say */
export function readPlainEntry(bytes: Uint8Array): Entry | undefined {
  try {
    const text = decodeUtf8(bytes);
    return STRANGE.test(text) ? undefined : new EntryReader(text).entry();
  } catch (error) {
    // Not UTF-8.
    if (error === OTHER || error instanceof TypeError) return undefined;
    throw error;
  }
}

class EntryReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Members in canonical order, which is also that of the object's keys. */
  entry(): Entry {
    const entry = {} as Building<Entry>;
    this.#pass('{"actor":{"');
    entry.actor = this.#actor();
    if (this.#has(',"approval":{"keyId":"')) entry.approval = this.#approval();
    this.#pass(',"decision":{"action":"');
    entry.decision = this.#decision();
    this.#pass(',"decisionId":"');
    entry.decisionId = this.#sized(64);
    this.#pass(',"epoch":');
    entry.epoch = this.#count();
    this.#pass(',"inputs":{"journal":{"partition":');
    const partition = this.#count();
    this.#pass(',"seq":');
    entry.inputs = { journal: { partition, seq: this.#count() } };
    this.#pass('}},"keyId":"');
    entry.keyId = this.#name();
    this.#pass(',"kind":"');
    entry.kind = this.#kind();
    this.#pass(',"model":"');
    entry.model = this.#name();
    this.#pass(',"no":');
    entry.no = this.#count();
    this.#pass(',"owner":');
    entry.owner = this.#count();
    this.#pass(',"prev":"');
    entry.prev = this.#sized(64);
    if (this.#has(',"refs":{')) entry.refs = this.#refs();
    this.#pass(',"seq":');
    entry.seq = this.#count();
    if (entry.seq === 0) throw OTHER;
    this.#pass(',"sig":"');
    entry.sig = this.#sized(88);
    this.#pass(',"time":');
    entry.time = this.#integer();
    this.#pass(',"v":1}');
    entry.v = 1;
    if (this.#at !== this.#text.length) throw OTHER;
    return entry;
  }

  #actor(): Entry['actor'] {
    if (this.#has('service":"')) {
      const service = this.#name();
      this.#pass('}');
      return { service };
    }
    this.#pass('principal":"');
    const principal = this.#name();
    this.#pass(',"role":"');
    const role = this.#name();
    this.#pass('}');
    return { principal, role };
  }

  #approval(): Approval {
    const keyId = this.#name();
    this.#pass(',"of":"');
    const of = this.#hex();
    this.#pass(',"sig":"');
    const sig = this.#sized(88);
    this.#pass('}');
    return { keyId, of, sig };
  }

  #decision(): Decision {
    const decision = {} as Building<Decision>;
    decision.action = this.#name();
    this.#pass(',"cursor":{"id":"');
    decision.cursor = this.#cursor();
    if (this.#has(',"evidence":{')) decision.evidence = this.#map(() => this.#scalar());
    if (this.#has(',"from":"')) decision.from = this.#name();
    this.#pass(',"policyHash":"');
    decision.policyHash = this.#hex();
    this.#pass(',"reasons":[');
    decision.reasons = this.#reasons();
    this.#pass(',"stateHash":"');
    decision.stateHash = this.#hex();
    if (this.#has(',"testId":"')) decision.testId = this.#name();
    if (this.#has(',"to":"')) decision.to = this.#name();
    if (this.#has(',"weights":{')) decision.weights = this.#map(() => this.#share());
    this.#pass('}');
    return decision;
  }

  #cursor(): Cursor {
    const id = this.#string();
    this.#pass(',"maturity":');
    const maturity = this.#integer();
    this.#pass(',"n":');
    const n = this.#count();
    this.#pass('}');
    return { id, maturity, n };
  }

  #reasons(): string[] {
    const reasons: string[] = [];
    if (this.#has(']')) return reasons;
    do {
      this.#pass('"');
      reasons.push(this.#string());
    } while (this.#has(','));
    this.#pass(']');
    return reasons;
  }

  #refs(): NonNullable<Entry['refs']> {
    const refs = this.#map(() => {
      this.#pass('"');
      return this.#string();
    });
    for (const key of Object.keys(refs)) if (!REFS.some((known) => known === key)) throw OTHER;
    return refs;
  }

  /** Keys ascending, none twice. */
  #map<Value extends number | string>(value: () => Value): Record<string, Value> {
    const map: Record<string, Value> = {};
    if (this.#has('}')) return map;
    let last: string | undefined;
    do {
      this.#pass('"');
      const key = this.#string();
      // As a key of an object it would be no member.
      if ((last !== undefined && key <= last) || key === '__proto__') throw OTHER;
      last = key;
      this.#pass(':');
      map[key] = value();
    } while (this.#has(','));
    this.#pass('}');
    return map;
  }

  #scalar(): Scalars[string] {
    return this.#has('"') ? this.#string() : this.#integer();
  }

  #share(): number {
    const share = this.#count();
    if (share > MILLION) throw OTHER;
    return share;
  }

  #kind(): Kind {
    const kind = this.#string();
    if (!KINDS.has(kind)) throw OTHER;
    return kind as Kind;
  }

  #name(): string {
    const name = this.#string();
    if (name.length === 0 || name.length > MAX_NAME) throw OTHER;
    return name;
  }

  #sized(length: number): string {
    const text = this.#string();
    if (text.length !== length) throw OTHER;
    return text;
  }

  #hex(): string {
    const text = this.#sized(64);
    for (let at = 0; at < 64; at += 1) {
      const code = text.charCodeAt(at);
      if (code < ZERO || code > 0x66 || (code > 0x39 && code < 0x61)) throw OTHER;
    }
    return text;
  }

  /** From behind the opening quote to behind the closing one. */
  #string(): string {
    const end = this.#text.indexOf('"', this.#at);
    if (end < 0) throw OTHER;
    const text = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return text;
  }

  #count(): number {
    const value = this.#integer();
    if (value < 0) throw OTHER;
    return value;
  }

  #integer(): number {
    const text = this.#text;
    const isNegative = text.charCodeAt(this.#at) === MINUS;
    const first = isNegative ? this.#at + 1 : this.#at;
    let at = first;
    let value = 0;
    for (let digit = text.charCodeAt(at) - ZERO; digit >= 0 && digit <= 9; digit = text.charCodeAt(at) - ZERO) {
      value = value * 10 + digit;
      at += 1;
    }
    const digits = at - first;
    const isShortest = text.charCodeAt(first) !== ZERO || (digits === 1 && !isNegative);
    if (digits === 0 || digits > SAFE_DIGITS || !isShortest) throw OTHER;
    this.#at = at;
    return isNegative ? -value : value;
  }

  #has(expected: string): boolean {
    if (!this.#text.startsWith(expected, this.#at)) return false;
    this.#at += expected.length;
    return true;
  }

  #pass(expected: string): void {
    if (!this.#has(expected)) throw OTHER;
  }
}
