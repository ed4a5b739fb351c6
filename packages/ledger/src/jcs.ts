/**
 * Canonical JSON (RFC 8785) in a profile that any language can read without floats or UTF-16: numbers are integers of at most 2^53 − 1 in
 * magnitude, object keys are ASCII, no key twice, no lone surrogate, at most 32 levels deep.
 */
import { decodeUtf8 } from './bytes.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

export type JcsRule =
  | 'utf-8'
  | 'syntax'
  | 'whitespace'
  | 'trailing-bytes'
  | 'number'
  | 'escape'
  | 'lone-surrogate'
  | 'duplicate-key'
  | 'key-order'
  | 'key-not-ascii'
  | 'depth';

export class JcsError extends Error {
  override readonly name = 'JcsError';
  readonly rule: JcsRule;

  constructor(rule: JcsRule, message: string) {
    super(message);
    this.rule = rule;
  }
}

const MAX_DEPTH = 32;

/** @throws JcsError on what the profile has no text for. Members that are undefined are left out. */
export function canonicalize(value: Json, depth = 0): string {
  if (depth > MAX_DEPTH) throw new JcsError('depth', `more than ${MAX_DEPTH} levels of arrays and objects`);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0))
      throw new JcsError(
        'number',
        `${Object.is(value, -0) ? '-0' : value} is not an integer within ±(2^53 − 1); scale it or write a string`,
      );
    return String(value);
  }
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new JcsError('lone-surrogate', 'a string holds half a surrogate pair');
    return JSON.stringify(value);
  }
  if (isArray(value)) return `[${value.map((item) => canonicalize(item, depth + 1)).join(',')}]`;
  const members: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    if (member === undefined) continue;
    if (!isAscii(key)) throw new JcsError('key-not-ascii', `the key ${JSON.stringify(key)} is not ASCII`);
    members.push(`${JSON.stringify(key)}:${canonicalize(member, depth + 1)}`);
  }
  return `{${members.join(',')}}`;
}

/** Of bytes that are the canonical form of their value, the value. @throws JcsError that names the rule and the position */
export function parseCanonical(bytes: Uint8Array): Json {
  let text: string;
  try {
    text = decodeUtf8(bytes);
  } catch {
    throw new JcsError('utf-8', 'the bytes are not UTF-8');
  }
  checkCanonical(text);
  return JSON.parse(text) as Json;
}

/** Accepts exactly the texts with canonicalize(JSON.parse(text)) = text. One pass, no value is built. @throws JcsError */
export function checkCanonical(text: string): void {
  new Scanner(text).document();
}

const isArray = (value: Json): value is readonly Json[] => Array.isArray(value);

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 0x7f) return false;
  return true;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;

class Scanner {
  readonly #text: string;
  #at = 0;
  /** True when the string read last holds an escape. */
  #escaped = false;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    if (!this.#text.isWellFormed()) throw new JcsError('lone-surrogate', 'the text holds half a surrogate pair');
    this.#value(0);
    if (this.#at === this.#text.length) return;
    this.#refuseSpace();
    throw this.#error('trailing-bytes', 'something follows the value');
  }

  #value(depth: number): void {
    const code = this.#text.charCodeAt(this.#at);
    if (code === QUOTE) return this.#string();
    if (code === 0x7b) return this.#object(depth + 1);
    if (code === 0x5b) return this.#array(depth + 1);
    if (code === MINUS || (code >= ZERO && code <= NINE)) return this.#number();
    for (const word of ['true', 'false', 'null'])
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return;
      }
    this.#refuseSpace();
    if (this.#text.startsWith('NaN', this.#at) || this.#text.startsWith('Infinity', this.#at))
      throw this.#error('number', 'NaN and Infinity are not JSON');
    throw this.#error('syntax', 'a value is expected');
  }

  #object(depth: number): void {
    this.#enter(depth);
    if (this.#closes(0x7d)) return;
    let last: string | undefined;
    for (;;) {
      this.#refuseSpace();
      if (this.#text.charCodeAt(this.#at) !== QUOTE) throw this.#error('syntax', 'a key in quotes is expected');
      last = this.#key(last);
      this.#refuseSpace();
      if (this.#text.charCodeAt(this.#at) !== 0x3a) throw this.#error('syntax', '":" is expected');
      this.#at += 1;
      this.#value(depth);
      if (this.#closes(0x7d)) return;
      this.#comma();
    }
  }

  #array(depth: number): void {
    this.#enter(depth);
    if (this.#closes(0x5d)) return;
    for (;;) {
      this.#value(depth);
      if (this.#closes(0x5d)) return;
      this.#comma();
    }
  }

  #key(last: string | undefined): string {
    const start = this.#at;
    this.#string();
    const raw = this.#text.slice(start + 1, this.#at - 1);
    const key = this.#escaped ? (JSON.parse(`"${raw}"`) as string) : raw;
    if (!isAscii(key)) throw this.#error('key-not-ascii', `the key ${JSON.stringify(key)} is not ASCII`);
    if (key === last) throw this.#error('duplicate-key', `the key ${JSON.stringify(key)} is there twice`);
    if (last !== undefined && key < last)
      throw this.#error('key-order', `the key ${JSON.stringify(key)} stands after ${JSON.stringify(last)}`);
    return key;
  }

  #string(): void {
    const text = this.#text;
    this.#escaped = false;
    let at = this.#at + 1;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) break;
      if (code === BACKSLASH) {
        this.#at = at;
        at = this.#escape();
        this.#escaped = true;
      } else if (code >= 0x20) at += 1;
      else {
        this.#at = at;
        throw this.#error(
          'syntax',
          Number.isNaN(code) ? 'the string does not end' : 'a control character is not escaped',
        );
      }
    }
    this.#at = at + 1;
  }

  /** @returns where the escape at #at ends */
  #escape(): number {
    const letter = this.#text.charAt(this.#at + 1);
    if (letter !== '' && '"\\bfnrt'.includes(letter)) return this.#at + 2;
    const digits = this.#text.slice(this.#at + 2, this.#at + 6);
    if (letter !== 'u' || !/^[0-9a-fA-F]{4}$/.test(digits)) throw this.#error('syntax', 'there is no such escape');
    const code = Number.parseInt(digits, 16);
    if (code >= 0xd800 && code <= 0xdfff) {
      const follows = /^\\u[dD][c-fC-F]/.test(this.#text.slice(this.#at + 6, this.#at + 12));
      if (code >= 0xdc00 || !follows) throw this.#error('lone-surrogate', `\\u${digits} is half a surrogate pair`);
    }
    const canonical =
      code >= 0xd800 && code <= 0xdfff ? 'as a character' : JSON.stringify(String.fromCharCode(code)).slice(1, -1);
    if (canonical !== `\\u${digits}`)
      throw this.#error('escape', `\\u${digits} is written ${canonical} in canonical form`);
    return this.#at + 6;
  }

  #number(): void {
    const text = this.#text;
    const start = this.#at;
    let at = text.charCodeAt(start) === MINUS ? start + 1 : start;
    const first = at;
    let code = text.charCodeAt(at);
    while (code >= ZERO && code <= NINE) {
      at += 1;
      code = text.charCodeAt(at);
    }
    const isInteger = at > first && code !== 0x2e && code !== 0x65 && code !== 0x45;
    const isShortest = text.charCodeAt(first) !== ZERO || (at === first + 1 && first === start);
    if (!isInteger || !isShortest || (at - first > 15 && !Number.isSafeInteger(Number(text.slice(start, at)))))
      throw this.#error(
        'number',
        `${text.slice(start, start + 24).replace(/[^-+.\w].*/s, '')} is not an integer within ±(2^53 − 1), written in its shortest form`,
      );
    this.#at = at;
  }

  #enter(depth: number): void {
    if (depth > MAX_DEPTH) throw this.#error('depth', `more than ${MAX_DEPTH} levels of arrays and objects`);
    this.#at += 1;
  }

  #closes(bracket: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== bracket) return false;
    this.#at += 1;
    return true;
  }

  #comma(): void {
    this.#refuseSpace();
    if (this.#text.charCodeAt(this.#at) !== COMMA) throw this.#error('syntax', '"," or the end is expected');
    this.#at += 1;
  }

  #refuseSpace(): void {
    const code = this.#text.charCodeAt(this.#at);
    if (code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d)
      throw this.#error('whitespace', 'canonical JSON has no space between tokens');
  }

  #error(rule: JcsRule, what: string): JcsError {
    return new JcsError(rule, `${what}, at character ${this.#at}`);
  }
}
