/**
 * The trust file: what a verifier believes before it reads a bundle. Its lines are those of C2SP tlog-policy (`log`, `witness`, `group`,
 * `quorum`) and four more:
 *
 *     require ed25519 | ml-dsa-44             a checkpoint without a signature of this kind fails; may be repeated (default: ed25519)
 *     log-sizes <name>+<hash> <range>         tree sizes for which a log key may sign (default: all)
 *     entry-key <vkey> [<range>]              a service's key, for leaf indices in the range (default: all)
 *     approver-key <vkey> [<range>]           a person's key
 *
 * A range is `first-last` or `first-`, both ends included.
 */
import { toHex } from './bytes.ts';
import type { Sha256 } from './crypto.ts';
import { type IndexRange, KeyRing, type KeyRole, parseVkey, type RangedKey, type VerifierKey } from './keys.ts';

export type LogKind = 'ed25519' | 'ml-dsa-44';

export interface LogKey extends IndexRange {
  readonly vkey: VerifierKey;
}

/** A witness, or a group of which at least `threshold` members must have cosigned. */
export type Quorum =
  | { readonly witness: VerifierKey }
  | { readonly threshold: number; readonly members: readonly Quorum[] };

export interface Witness {
  /** The name that the policy gives it. */
  readonly label: string;
  readonly vkey: VerifierKey;
  /** Where it is asked (C2SP tlog-witness), without the slash and `add-checkpoint`; undefined when the policy names no URL. */
  readonly url: string | undefined;
}

export interface Trust {
  readonly logs: ReadonlyMap<string, LogKey>;
  /** By keyId. */
  readonly witnesses: ReadonlyMap<string, Witness>;
  /** Undefined for `quorum none`. */
  readonly quorum: Quorum | undefined;
  readonly required: ReadonlySet<LogKind>;
  readonly keys: readonly RangedKey[];
}

/** The line, its number, the rule and the cure. */
export class TrustError extends Error {
  override readonly name = 'TrustError';
}

const ALL: IndexRange = { first: 0, last: Infinity };

/** @throws TrustError on the first line that breaks a rule */
export function parseTrust(text: string, sha256: Sha256): Trust {
  const reader = new TrustReader(sha256);
  for (const [index, line] of text.split('\n').entries()) {
    const words = line.split(/[ \t]+/).filter((word) => word !== '');
    if (words.length === 0 || words[0]?.startsWith('#') === true) continue;
    try {
      reader.line(words);
    } catch (error) {
      if (error instanceof TrustError)
        throw new TrustError(`line ${index + 1} (${line.trim().slice(0, 60)}): ${error.message}`);
      throw error;
    }
  }
  return reader.end();
}

/** A key ring that starts with the keys of the trust file; what the log rotates to is added to it alone. */
export function keyRingOf(trust: Trust): KeyRing {
  return new KeyRing(trust.keys);
}

/** A quorum in words, as `2 of (W1, W2, W3)`. */
export function describeQuorum(quorum: Quorum, witnesses: Trust['witnesses']): string {
  if ('witness' in quorum) return witnesses.get(quorum.witness.keyId)?.label ?? quorum.witness.keyId;
  const members = quorum.members.map((member) => describeQuorum(member, witnesses)).join(', ');
  return `${quorum.threshold} of (${members})`;
}

/** @param cosigned keyIds of witnesses whose cosignature was verified */
export function hasQuorum(quorum: Quorum, cosigned: ReadonlySet<string>): boolean {
  if ('witness' in quorum) return cosigned.has(quorum.witness.keyId);
  return quorum.members.filter((member) => hasQuorum(member, cosigned)).length >= quorum.threshold;
}

class TrustReader {
  readonly #sha256: Sha256;
  readonly #logs: Map<string, LogKey> = new Map();
  readonly #witnesses: Map<string, Witness> = new Map();
  readonly #names: Map<string, Quorum> = new Map();
  /** Names that are a member of a group already: each counts in one place only. */
  readonly #members: Set<string> = new Set();
  readonly #material: Set<string> = new Set();
  readonly #required: Set<LogKind> = new Set();
  readonly #keys: RangedKey[] = [];
  #quorum: { readonly rule: Quorum | undefined } | undefined;

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
  }

  line([keyword = '', ...words]: readonly string[]): void {
    if (keyword === 'log') this.#log(words);
    else if (keyword === 'witness') this.#witness(words);
    else if (keyword === 'group') this.#group(words);
    else if (keyword === 'quorum') this.#setQuorum(words);
    else if (keyword === 'require') this.#require(words);
    else if (keyword === 'log-sizes') this.#sizes(words);
    else if (keyword === 'entry-key') this.#key('entry', words);
    else if (keyword === 'approver-key') this.#key('approver', words);
    else
      throw new TrustError(
        `there is no "${keyword}"; lines begin with log, witness, group, quorum, require, log-sizes, entry-key or approver-key`,
      );
  }

  end(): Trust {
    if (this.#quorum === undefined)
      throw new TrustError('there is no quorum line; write "quorum none" where no witness is needed');
    if (this.#logs.size === 0) throw new TrustError('there is no log line; name the log as "log <verifier key>"');
    return {
      logs: this.#logs,
      witnesses: this.#witnesses,
      quorum: this.#quorum.rule,
      required: this.#required.size === 0 ? new Set<LogKind>(['ed25519']) : this.#required,
      keys: this.#keys,
    };
  }

  #log(words: readonly string[]): void {
    const vkey = this.#vkey(words, 2, ['ed25519', 'ml-dsa-44']);
    this.#unique('log', vkey);
    this.#logs.set(vkey.keyId, { vkey, ...ALL });
  }

  #witness([name = '', ...words]: readonly string[]): void {
    const vkey = this.#vkey(words, 2, ['ed25519-cosignature', 'ml-dsa-44']);
    this.#unique('witness', vkey);
    this.#define(name, { witness: vkey });
    this.#witnesses.set(vkey.keyId, { label: name, vkey, url: words[1] === undefined ? undefined : urlOf(words[1]) });
  }

  #group([name = '', rule = '', ...names]: readonly string[]): void {
    const members = names.map((member) => {
      const quorum = this.#names.get(member);
      if (quorum === undefined) throw new TrustError(`no line before this one defines "${member}"`);
      if (this.#members.has(member)) throw new TrustError(`"${member}" is a member already`);
      this.#members.add(member);
      return quorum;
    });
    const threshold = rule === 'any' ? 1 : rule === 'all' ? members.length : /^[1-9]\d*$/.test(rule) ? Number(rule) : 0;
    if (threshold < 1 || threshold > members.length)
      throw new TrustError(
        `"${rule}" of ${members.length} members; write any, all, or a number from 1 to the number of members`,
      );
    this.#define(name, { threshold, members });
  }

  #setQuorum([name = '', ...rest]: readonly string[]): void {
    if (this.#quorum !== undefined) throw new TrustError('there is a quorum line already');
    const rule = this.#names.get(name);
    if (rest.length > 0 || (rule === undefined && name !== 'none'))
      throw new TrustError('name one witness or group that a line before this one defines, or none');
    this.#quorum = { rule };
  }

  #require(words: readonly string[]): void {
    const [kind] = words;
    if (words.length !== 1 || (kind !== 'ed25519' && kind !== 'ml-dsa-44'))
      throw new TrustError('write ed25519 or ml-dsa-44');
    this.#required.add(kind);
  }

  #sizes([keyId = '', range, ...rest]: readonly string[]): void {
    const log = this.#logs.get(keyId);
    if (log === undefined) throw new TrustError(`no log line before this one has the key ${keyId}`);
    if (range === undefined || rest.length > 0) throw new TrustError('one range is needed, as in 0-4096 or 4097-');
    this.#logs.set(keyId, { vkey: log.vkey, ...rangeOf(range) });
  }

  #key(role: KeyRole, words: readonly string[]): void {
    const vkey = this.#vkey(words, 2, ['ed25519']);
    const range = words[1] === undefined ? ALL : rangeOf(words[1]);
    for (const other of this.#keys) {
      if (other.vkey.keyId !== vkey.keyId) continue;
      if (other.role !== role || toHex(other.vkey.key) !== toHex(vkey.key))
        throw new TrustError(`${vkey.keyId} already names another key`);
      if (range.first <= other.last && other.first <= range.last)
        throw new TrustError(
          `${vkey.keyId} already has the range ${other.first}-${other.last === Infinity ? '' : other.last}`,
        );
    }
    this.#keys.push({ role, vkey, ...range });
  }

  #vkey(words: readonly string[], atMost: number, types: readonly VerifierKey['type'][]): VerifierKey {
    const vkey = parseVkey(words[0] ?? '', this.#sha256);
    if (vkey === undefined || words.length > atMost)
      throw new TrustError('a verifier key is needed: <name>+<8 hex digits>+<base64>, its digits the hash of the rest');
    if (!types.includes(vkey.type))
      throw new TrustError(`a key of type ${vkey.type}; this line takes ${types.join(' or ')}`);
    return vkey;
  }

  #unique(what: string, vkey: VerifierKey): void {
    const material = `${what} ${toHex(vkey.key)}`;
    if (this.#material.has(material)) throw new TrustError(`another ${what} line has the same public key`);
    this.#material.add(material);
  }

  #define(name: string, quorum: Quorum): void {
    if (name === '' || name === 'none' || this.#names.has(name))
      throw new TrustError(`"${name}" cannot be defined: it is reserved or defined already`);
    this.#names.set(name, quorum);
  }
}

function urlOf(text: string): string {
  const url = URL.parse(text);
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    `${url.username}${url.password}${url.search}${url.hash}` !== ''
  )
    throw new TrustError(
      `${JSON.stringify(text)} is no URL of a witness; write http or https, a host and a path alone`,
    );
  return url.href.replace(/\/+$/, '');
}

function rangeOf(text: string): IndexRange {
  const [, first, last] = /^(0|[1-9]\d*)-(0|[1-9]\d*)?$/.exec(text) ?? [];
  const range = { first: Number(first), last: last === undefined ? Infinity : Number(last) };
  if (first === undefined || !Number.isSafeInteger(range.first) || range.last < range.first)
    throw new TrustError(`${JSON.stringify(text)} is not a range; write first-last or first-, as in 0-4096 or 4097-`);
  return range;
}
