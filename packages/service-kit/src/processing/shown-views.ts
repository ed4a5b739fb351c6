/** Keys of the views that each key has shown, to remove those that it shows no more. */
import type { View } from '../processor.ts';

/** Where it is kept of a key that is not in memory. */
export interface ShownElsewhere {
  replaceShown(key: string, now: readonly string[]): readonly string[];
}

export class ShownViews {
  readonly #of = new Map<string, readonly string[]>();

  /** @param views that the key shows from here on. Gives what removes those that it shows no more. */
  show(key: string, views: readonly View[], elsewhere: ShownElsewhere | undefined): readonly View[] {
    const now = views.map((view) => view.key);
    const before = elsewhere?.replaceShown(key, now) ?? this.take(key);
    if (elsewhere === undefined) this.put(key, now);
    const shown = new Set(now);
    return before.filter((each) => !shown.has(each)).map((each) => ({ key: each, json: null }));
  }

  put(key: string, shown: readonly string[]): void {
    if (shown.length > 0) this.#of.set(key, shown);
    else this.#of.delete(key);
  }

  take(key: string): readonly string[] {
    const shown = this.#of.get(key) ?? [];
    this.#of.delete(key);
    return shown;
  }

  clear(): void {
    this.#of.clear();
  }
}
