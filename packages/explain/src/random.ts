/** Uniform draws in [0, 1). The caller seeds it, from recorded values such as hash(event id, model version), so that a record can be made again. */
export type Uniform = () => number;

/** Whole number in [0, count). */
export function below(uniform: Uniform, count: number): number {
  return Math.min(count - 1, Math.floor(uniform() * count));
}

/** Shuffles in place. Source: Fisher and Yates; Durstenfeld (1964). O(n). */
export function shuffle<Item>(items: Item[], uniform: Uniform): Item[] {
  for (let i = items.length - 1; i > 0; i -= 1) {
    const j = below(uniform, i + 1);
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}
