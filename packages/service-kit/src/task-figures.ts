/** What metrics say of a task, read from its fold and its inputs. */
import type { AnyFold } from './journal/replayer.ts';
import type { InputCursor } from './processing/input-cursor.ts';
import type { StateFigures } from './processor.ts';
import type { Lag, TaskFigures } from './task-contract.ts';

/** Records committed to each input and not yet processed. */
export function lagsOf(cursors: Iterable<InputCursor>, partition: number, nowMs: number): readonly Lag[] {
  return [...cursors].map(({ topic, lag, headTimestampMs }) => {
    const seconds = headTimestampMs === undefined ? 0 : Math.max(0, nowMs - headTimestampMs) / 1_000;
    return { topic, partition, records: Number(lag ?? 0n), seconds };
  });
}

/** O(keys). */
export function figuresOf({ keys }: AnyFold, pendingEffects: number): TaskFigures {
  let watermarkMs = Number.POSITIVE_INFINITY;
  const states: StateFigures[] = [];
  for (const { watermarkMs: mark, figures } of keys.summaries()) {
    if (Number.isFinite(mark)) watermarkMs = Math.min(watermarkMs, mark);
    if (figures !== undefined) states.push(figures);
  }
  return {
    keys: keys.size,
    spilledKeys: keys.spilled,
    states,
    pendingEffects,
    watermarkMs: Number.isFinite(watermarkMs) ? watermarkMs : undefined,
  };
}
