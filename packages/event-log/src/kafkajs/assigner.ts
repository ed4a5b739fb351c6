/** Who reads what: partition p of every topic goes to one member, and members keep what they had as far as shares stay even. */

export interface Member {
  readonly id: string;
  /** Partitions of its last assignment. */
  readonly had: readonly number[];
}

/** Shares differ by one at the most. Deterministic: the order of `members` does not matter. */
export function assignPartitions(
  members: readonly Member[],
  partitions: number,
): ReadonlyMap<string, readonly number[]> {
  const sorted = members.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const share = Math.floor(partitions / sorted.length);
  let larger = partitions % sorted.length;
  const taken = new Set<number>();
  const assignment = new Map<string, number[]>(sorted.map(({ id }) => [id, []]));
  for (const { id, had } of sorted.toSorted((a, b) => b.had.length - a.had.length || (a.id < b.id ? -1 : 1))) {
    const kept = assignment.get(id) as number[];
    for (const partition of had) {
      const limit = share + (larger > 0 ? 1 : 0);
      if (partition < partitions && !taken.has(partition) && kept.length < limit) {
        kept.push(partition);
        taken.add(partition);
      }
    }
    if (kept.length > share) larger -= 1;
  }
  const free = Array.from({ length: partitions }, (_, partition) => partition).filter((each) => !taken.has(each));
  for (const partition of free) {
    const [, fewest] = [...assignment].reduce((a, b) => (b[1].length < a[1].length ? b : a));
    fewest.push(partition);
  }
  return new Map([...assignment].map(([id, list]) => [id, list.toSorted((a, b) => a - b)]));
}
