import type { DatabaseSync } from 'node:sqlite';

/** What the adapter knows of a partition without asking the file: true because no other process may write it. */
export interface PartitionState {
  readonly topic: string;
  readonly partition: number;
  /** First offset kept; what was below was dropped by retention. */
  start: number;
  /** Offset of the next record. Never goes back, also when nothing is left. */
  end: number;
  /** Bytes of the stored batches, counted only where retention goes by size. */
  bytes: number;
}

/** From the file. A partition that nothing was dropped from, or of a file older than retention, has no row: its batches say all. */
export function loadPartition(
  database: DatabaseSync,
  topic: string,
  partition: number,
  countBytes: boolean,
): PartitionState {
  const bounds = database
    .prepare('SELECT log_start FROM partition WHERE topic = ? AND partition = ?')
    .get(topic, partition);
  const first = database
    .prepare('SELECT base_offset AS base FROM batch WHERE topic = ? AND partition = ? ORDER BY base_offset LIMIT 1')
    .get(topic, partition);
  const last = database
    .prepare(
      'SELECT base_offset + count AS next FROM batch WHERE topic = ? AND partition = ? ORDER BY base_offset DESC LIMIT 1',
    )
    .get(topic, partition);
  const start = Number(bounds?.['log_start'] ?? first?.['base'] ?? 0);
  const bytes = countBytes
    ? Number(
        database
          .prepare('SELECT coalesce(sum(length(bytes)), 0) AS sum FROM batch WHERE topic = ? AND partition = ?')
          .get(topic, partition)?.['sum'],
      )
    : 0;
  return { topic, partition, start, end: Math.max(start, Number(last?.['next'] ?? 0)), bytes };
}
