import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** The seven development streams: tabular sets of ADBench (Han et al. 2022) made into streams. */
export const NAMES = ['smtp', 'shuttle', 'mammography', 'annthyroid', 'satimage-2', 'pendigits', 'campaign'] as const;
/** Scores that are left out of every figure. */
export const SKIP = 300;

const FOLDER: string = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'anomaly', 'adbench');

export interface LabelledStream {
  readonly name: string;
  readonly rows: readonly Float64Array[];
  /** 1 = anomaly. */
  readonly labels: Uint8Array;
}

export const hasStreams: boolean = existsSync(join(FOLDER, 'shuttle.csv.gz'));

/** CSV with the label last; a header line is left out. */
export function loadStream(name: string): LabelledStream {
  const text = gunzipSync(readFileSync(join(FOLDER, `${name}.csv.gz`))).toString('utf8');
  const table = text
    .trim()
    .split('\n')
    .map((line) => Float64Array.from(line.split(','), Number))
    .filter((row) => !row.some((value) => Number.isNaN(value)));
  return {
    name,
    rows: table.map((row) => row.subarray(0, -1)),
    labels: Uint8Array.from(table, (row) => row.at(-1) as number),
  };
}

/** Uniform draws in [0, 1) of a 32-bit counter generator (Mulberry32), so that an order is the same on every machine. */
export function uniformOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Fisher–Yates. */
export function shuffled(stream: LabelledStream, seed: number): LabelledStream {
  const uniform = uniformOf(seed);
  const order = Array.from({ length: stream.rows.length }, (_, i) => i);
  for (let i = order.length - 1; i > 0; i -= 1) {
    const j = Math.floor(uniform() * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return {
    name: stream.name,
    rows: order.map((i) => stream.rows[i] as Float64Array),
    labels: Uint8Array.from(order, (i) => stream.labels[i] as number),
  };
}

/** Area under the ROC curve and average precision, ties as one step; the first `SKIP` scores are left out. */
export function quality(scores: ArrayLike<number>, labels: Uint8Array): { readonly auc: number; readonly ap: number } {
  const order = Array.from({ length: labels.length - SKIP }, (_, i) => i + SKIP);
  order.sort((a, b) => (scores[b] as number) - (scores[a] as number));
  const positives = labels.subarray(SKIP).reduce((sum, label) => sum + label, 0);
  let [hits, misses, auc, ap] = [0, 0, 0, 0];
  for (let from = 0; from < order.length; ) {
    let to = from;
    let tied = 0;
    for (; to < order.length && scores[order[to] as number] === scores[order[from] as number]; to += 1)
      tied += labels[order[to] as number] as number;
    const others = to - from - tied;
    auc += others * (hits + tied / 2);
    hits += tied;
    misses += others;
    ap += (tied / positives) * (hits / (hits + misses));
    from = to;
  }
  return { auc: auc / positives / (order.length - positives), ap };
}
