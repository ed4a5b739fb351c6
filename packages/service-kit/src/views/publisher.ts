/**
 * Publishes read views after commits and knows when the store does not show what is true: after a failed write, or when the store came back
 * empty. Then everything is written anew, from the state and, for histories, from the log, until it has succeeded.
 */
import type { View } from '../processor.ts';
import type { ReadViews, ViewScope } from './read-views.ts';

const FIRST_RETRY_MS = 500;
/** Between two looks at a store to which nothing is written: it may be away, or have come back empty. */
const LOOK_MS = 5_000;
const MAX_RETRY_MS = 10_000;

export interface PublisherOptions {
  readonly views: ReadViews;
  readonly scope: ViewScope;
  readonly monotonic: () => number;
  /** Entries of the histories, read back from the log. */
  readonly histories: () => Promise<readonly View[]>;
  /** Called when the store falls behind and when it is right again. */
  readonly onBehind?: (reason: string | undefined) => void;
}

export class ViewPublisher {
  readonly #options: PublisherOptions;
  #reason: string | undefined;
  #retryAtMs = 0;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #retryMs = FIRST_RETRY_MS;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Why the store does not show what is true; undefined when it does. */
  get behind(): string | undefined {
    return this.#reason;
  }

  /** True when everything should be handed to `rebuild` now. */
  get wantsAll(): boolean {
    return this.#reason !== undefined && this.#options.monotonic() >= this.#retryAtMs;
  }

  /** Never throws: the read side is beside the commit path. Called without changes now and then, it finds out what became of the store. */
  async put(changes: readonly View[]): Promise<void> {
    const { views, scope, monotonic } = this.#options;
    if (this.#reason !== undefined) return;
    if (changes.length === 0 && monotonic() - this.#lookedAtMs < LOOK_MS) return;
    this.#lookedAtMs = monotonic();
    try {
      if ((await views.put(scope, changes)) === 'lost') this.#fell('the store came back without its entries');
    } catch (error) {
      this.#fell(String(error));
    }
  }

  /** @param all every entry of the state, as of the last commit */
  async rebuild(all: Iterable<View>, withHistories = true): Promise<void> {
    const { views, scope, histories, onBehind } = this.#options;
    try {
      await views.replace(scope, all);
      if (withHistories) await views.put(scope, await histories());
    } catch (error) {
      this.#fell(String(error));
      return;
    }
    if (this.#reason === undefined) return;
    this.#reason = undefined;
    this.#retryMs = FIRST_RETRY_MS;
    onBehind?.(undefined);
  }

  #fell(reason: string): void {
    this.#retryAtMs = this.#options.monotonic() + this.#retryMs;
    this.#retryMs = Math.min(MAX_RETRY_MS, 2 * this.#retryMs);
    this.#reason = reason;
    this.#options.onBehind?.(reason);
  }
}
