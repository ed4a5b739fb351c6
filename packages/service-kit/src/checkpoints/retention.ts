/** Which generations stay: the newest two, and the last of each day as an anchor from which a replay can begin. */
import type { CheckpointHead } from './store.ts';

const DAY_MS = 86_400_000;

/** One fallback beside the newest. */
const NEWEST = 2;

/** @param days that inputs are kept, and so anchors are of use */
export function generationsToKeep(heads: readonly CheckpointHead[], nowMs: number, days: number): readonly bigint[] {
  const anchors = new Map<number, bigint>();
  for (const { writtenMs, generation } of heads) {
    if (nowMs - writtenMs > (days + 1) * DAY_MS) continue;
    anchors.set(Math.floor(writtenMs / DAY_MS), generation);
  }
  const newest = heads.slice(-NEWEST).map(({ generation }) => generation);
  return [...new Set([...anchors.values(), ...newest])];
}
