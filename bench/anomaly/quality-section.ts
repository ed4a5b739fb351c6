import { Peer } from './peers.ts';
import { scorerOf } from './scorer.ts';
import { type LabelledStream, loadStream, NAMES, quality, shuffled } from './streams.ts';

const SHUFFLE_SEED = 42;
const FOREST_SEED = 7;
const PEER_TREES = { rcf: 50, hst: 10 };
const ROUNDS = 5;
const TIMED_EVENTS = 6_000;

interface Row {
  readonly name: string;
  readonly auc: number;
  readonly ap: number;
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const three = ({ auc, ap }: { auc: number; ap: number }): string => `${auc.toFixed(3)}/${ap.toFixed(3)}`;
const mean = (rows: readonly Row[]): Row => ({
  name: 'mean of seven',
  auc: rows.reduce((sum, { auc }) => sum + auc, 0) / rows.length,
  ap: rows.reduce((sum, { ap }) => sum + ap, 0) / rows.length,
});

/** Scores then learns; microseconds of each event. */
function run(stream: LabelledStream): { readonly scores: Float64Array; readonly micros: Float64Array } {
  const scorer = scorerOf((stream.rows[0] as Float64Array).length, FOREST_SEED);
  const scores = new Float64Array(stream.rows.length);
  const micros = new Float64Array(stream.rows.length);
  for (let i = 0; i < scores.length; i += 1) {
    const start = performance.now();
    scores[i] = scorer.observe(stream.rows[i] as Float64Array);
    micros[i] = (performance.now() - start) * 1_000;
  }
  return { scores, micros };
}

/** A1 to A3: AUC and AP over the seven streams, beside the peers that are there. */
export async function qualitySection(
  rcf: Peer | string,
  hst: Peer | string,
  order: 'shuffled' | 'original',
): Promise<void> {
  print(
    `\nAUC/AP, score then learn, ${order} order${order === 'shuffled' ? ` (seed ${SHUFFLE_SEED})` : ''}, first 300 left out; µs an event: median, p99.9`,
  );
  const [ours, rcfs, hsts]: [Row[], Row[], Row[]] = [[], [], []];
  for (const name of NAMES) {
    const stream = order === 'shuffled' ? shuffled(loadStream(name), SHUFFLE_SEED) : loadStream(name);
    const { scores, micros } = run(stream);
    const found = { name, ...quality(scores, stream.labels) };
    ours.push(found);
    const sorted = micros.sort();
    const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] as number).toFixed(1);
    const peers: string[] = [];
    for (const [peer, trees, rows] of [
      [rcf, PEER_TREES.rcf, rcfs],
      [hst, PEER_TREES.hst, hsts],
    ] as const) {
      if (typeof peer === 'string') continue;
      const theirs = { name, ...quality((await peer.run(stream.rows, trees)).scores, stream.labels) };
      rows.push(theirs);
      peers.push(`${peer.name} ${three(theirs)}`);
    }
    const best = Math.max(...[rcfs, hsts].map((rows) => rows.at(-1)?.auc ?? 0));
    const behind = best - found.auc > 0.01 ? ` (A3 missed: ${(best - found.auc).toFixed(3)} behind)` : '';
    print(
      `${name.padEnd(12)} d = ${String((stream.rows[0] as Float64Array).length).padEnd(3)} ours ${three(found)}  ${at(0.5)} ${at(0.999)}  ${peers.join('  ')}${behind}`,
    );
  }
  const means = [
    ['ours', ours],
    ['RCF', rcfs],
    ['HST', hsts],
  ] as const;
  print(
    `mean of seven: ${means.map(([name, rows]) => `${name} ${rows.length === 7 ? three(mean(rows)) : 'absent'}`).join(', ')}`,
  );
}

/** B1, B2: the same events, ours and RCF in turn; the ratio is the figure. */
export async function speedSection(rcf: Peer | string): Promise<void> {
  const stream = shuffled(loadStream('shuttle'), SHUFFLE_SEED);
  const rows = stream.rows.slice(0, TIMED_EVENTS);
  const scorer = scorerOf(9, FOREST_SEED);
  for (const row of stream.rows.slice(-20_000)) scorer.observe(row);
  const seconds = (observe: (row: Float64Array) => number): number => {
    const start = process.cpuUsage();
    for (const row of rows) observe(row);
    return process.cpuUsage(start).user / 1e6;
  };
  const [ours, theirs]: [number[], number[]] = [[], []];
  if (typeof rcf !== 'string') await rcf.run(rows, PEER_TREES.rcf);
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(seconds((row) => scorer.observe(row)));
    if (typeof rcf !== 'string') theirs.push((await rcf.run(rows, PEER_TREES.rcf)).seconds);
  }
  const line = (name: string, values: readonly number[]): string => {
    const sorted = values.toSorted((a, b) => a - b).map((value) => ((value / rows.length) * 1e6).toFixed(2));
    return `${name} ${sorted[0]} / ${sorted[sorted.length >> 1]} / ${sorted.at(-1)} µs`;
  };
  print(
    `\nscore + learn, d = 9, ${rows.length} events of shuttle, ${ROUNDS} rounds in turn: CPU time, min / median / max`,
  );
  print(line('ours', ours));
  if (typeof rcf === 'string') return print(`RCF Java ${rcf}`);
  const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number;
  print(line(`${rcf.name}, ${PEER_TREES.rcf} trees`, theirs));
  print(`ratio ${(median(theirs) / median(ours)).toFixed(1)}`);
}
