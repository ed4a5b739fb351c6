/** What a model's state takes in memory: windows are as large before their first value as when they are full. */
import type { ColumnState, ModelState } from './state.ts';

/** Measured on references of 300 and 10,000 values and windows of 100 and 1,000, bytes. */
const COLUMN = 8_000;
const REFERENCE_VALUE = 12;
const REFERENCE_VALUE_OF_WINDOW = 24;
const WINDOW_VALUE = 20;
const OPEN_PREDICTION = 80;
const HELD_OUTCOME = 120;
const SCORED_OUTCOME = 17;

/** Estimate, bytes. O(columns). */
export function memoryBytesOf({ columns, judged }: ModelState): number {
  let bytes = 0;
  for (const column of columns.values()) bytes += columnBytes(column);
  if (judged === null) return bytes;
  const { joiner, windows } = judged.performance;
  bytes += joiner.capacity * OPEN_PREDICTION + joiner.held * HELD_OUTCOME;
  return windows.reduce((sum, { capacity }) => sum + capacity * SCORED_OUTCOME, bytes);
}

function columnBytes({ reference, counts, times }: ColumnState): number {
  const windows = counts.length + times.length;
  const values = counts.reduce((sum, { evaluation }) => sum + evaluation.ks.capacity, 0);
  const perReferenceValue = REFERENCE_VALUE + windows * REFERENCE_VALUE_OF_WINDOW;
  return COLUMN + reference.values.length * perReferenceValue + values * WINDOW_VALUE;
}
