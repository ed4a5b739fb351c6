/**
 * Waits for the registrations that events need. Brokers answer each for itself: an event may be here before the registration that was
 * committed ahead of it. What is missing is looked for once, up to where the control topics end by now. The journal records
 * the order that came of it, so this decides when something is processed and never what a replay makes of it.
 */
import type { InputCursor } from './input-cursor.ts';

/** Names that were looked for in vain are remembered up to so many bytes of UTF-16; beyond it no event waits. */
const MAX_SOUGHT_BYTES = 4 << 20;

type Ends = readonly (readonly [InputCursor, bigint])[];

/** For events of `topic`; `ends` is undefined until the log has said where the control topics end. */
interface Search {
  readonly topic: string;
  ends: Ends | undefined;
}

export class RegistrationSearch {
  readonly #ended: (error?: unknown) => void;
  #search: Search | undefined;
  /** What was looked for in vain, so that events of an unknown model hold up nothing twice. */
  readonly #sought = new Set<string>();
  #soughtBytes = 0;

  /** @param ended called when the log has said where the topics end, or with why it has not */
  constructor(ended: (error?: unknown) => void) {
    this.#ended = ended;
  }

  /** @param before inputs that could still bring what events of `topic` need: the names of what is missing */
  isAwaited(names: readonly string[], topic: string, before: readonly InputCursor[]): boolean {
    const fresh = names.filter((name) => !this.#sought.has(name));
    if (fresh.length === 0 || before.length === 0 || this.#soughtBytes >= MAX_SOUGHT_BYTES) return false;
    const search = this.#search?.topic === topic ? this.#search : this.#begin(topic, before);
    if (search.ends === undefined || search.ends.some(([cursor, end]) => cursor.position < end)) return true;
    for (const name of fresh) {
      this.#sought.add(name);
      this.#soughtBytes += 2 * name.length;
    }
    return false;
  }

  /** The events that waited were processed. */
  processed(topic: string): void {
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
