/**
 * Publishes read views after commits and knows when the store does not show what is true: after a failed write, or when the store came back
 * empty. Then everything is written anew, from the state and, for histories, from the log, until it has succeeded.
 */
import type { View } from '../processor.ts';
import type { ReadViews, ViewScope } from './read-views.ts';

const FIRST_RETRY_MS = 500;
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

  /** Never throws: the read side is beside the commit path. */
  async put(changes: readonly View[]): Promise<void> {
    if (changes.length === 0 || this.#reason !== undefined) return;
    const { views, scope } = this.#options;
    try {
      if ((await views.put(scope, changes)) === 'lost') this.#fell('the store came back without its entries');
    } catch (error) {
      this.#fell(String(error));
    }
  }

  /** @param all every entry of the state, as of the last commit */
  async rebuild(all: readonly View[], withHistories = true): Promise<void> {
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
