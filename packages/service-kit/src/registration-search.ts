/**
 * Waits for the registrations that events need. Brokers answer each for itself: an event may be here before the registration that was
 * committed ahead of it. What nobody has announced is looked for once, up to where the control topics end by now. The journal records
 * the order that came of it, so this decides when something is folded and never what a replay makes of it.
 */
import type { InputCursor } from './input-cursor.ts';

/** Names of strangers remembered; beyond it no event waits. */
const MAX_SOUGHT = 10_000;

type Ends = readonly (readonly [InputCursor, bigint])[];

/** For events of `topic`; `ends` is undefined until the log has said where the control topics end. */
interface Search {
  readonly topic: string;
  ends: Ends | undefined;
}

export class RegistrationSearch {
  readonly #ended: (error?: unknown) => void;
  #search: Search | undefined;
  /** What was looked for in vain, so that a stranger's events hold up nothing twice. */
  readonly #sought = new Set<string>();

  /** @param ended called when the log has said where the topics end, or with why it has not */
  constructor(ended: (error?: unknown) => void) {
    this.#ended = ended;
  }

  /** @param before inputs that could still bring what events of `topic` need: the names that nobody has announced */
  isAwaited(names: readonly string[], topic: string, before: readonly InputCursor[]): boolean {
    const fresh = names.filter((name) => !this.#sought.has(name));
    if (fresh.length === 0 || before.length === 0 || this.#sought.size >= MAX_SOUGHT) return false;
    const search = this.#search?.topic === topic ? this.#search : this.#begin(topic, before);
    if (search.ends === undefined || search.ends.some(([cursor, end]) => cursor.position < end)) return true;
    for (const name of fresh) this.#sought.add(name);
    return false;
  }

  /** The events that waited were folded. */
  folded(topic: string): void {
    if (this.#search?.topic === topic) this.#search = undefined;
  }

  #begin(topic: string, before: readonly InputCursor[]): Search {
    const search: Search = { topic, ends: undefined };
    this.#search = search;
    void Promise.all(before.map(async (cursor) => [cursor, await cursor.end()] as const)).then(
      (ends) => {
        search.ends = ends;
        this.#ended();
      },
      (error: unknown) => this.#ended(error),
    );
    return search;
  }
}
