import type { Peer, Peers } from './peers.ts';
import { scorerOf } from './scorer.ts';
import { type LabelledStream, loadStream, NAMES, quality, shuffled } from './streams.ts';

const SHUFFLE_SEED = 42;
const FOREST_SEED = 7;
const PEER_TREES = { rcf: 50, trcf: 50, hst: 10 };
const PEER_NAMES = Object.keys(PEER_TREES) as readonly (keyof Peers)[];
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
export async function qualitySection(peers: Peers, order: 'shuffled' | 'original'): Promise<void> {
  print(
    `\nAUC/AP, score then learn, ${order} order${order === 'shuffled' ? ` (seed ${SHUFFLE_SEED})` : ''}, first 300 left out; µs an event: median, p99.9`,
  );
  const found = new Map<string, Row[]>();
  const add = (peer: string, row: Row): void => void found.set(peer, [...(found.get(peer) ?? []), row]);
  for (const name of NAMES) {
    const stream = order === 'shuffled' ? shuffled(loadStream(name), SHUFFLE_SEED) : loadStream(name);
    const { scores, micros } = run(stream);
    const own = { name, ...quality(scores, stream.labels) };
    add('ours', own);
    const theirs: Row[] = [];
    for (const peer of PEER_NAMES) {
      const process = peers[peer];
      if (typeof process === 'string') continue;
      theirs.push({ name, ...quality((await process.run(stream.rows, PEER_TREES[peer])).scores, stream.labels) });
      add(process.name, theirs.at(-1) as Row);
    }
    const sorted = micros.sort();
    const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] as number).toFixed(1);
    const behind = Math.max(0, ...theirs.map(({ auc }) => auc)) - own.auc;
    print(
      `${name.padEnd(12)} d = ${String((stream.rows[0] as Float64Array).length).padEnd(3)} ours ${three(own)}  ${at(0.5)} ${at(0.999)}  peers ${theirs.map(three).join('  ')}${behind > 0.01 ? ` (A3 missed: ${behind.toFixed(3)} behind)` : ''}`,
    );
  }
  print(`mean of seven: ${[...found].map(([name, rows]) => `${name} ${three(mean(rows))}`).join(', ')}`);
}

/** B1, B2: the same events, ours and RCF in turn; the ratio is the figure. */
export async function speedSection(peers: Peers): Promise<void> {
  const stream = shuffled(loadStream('shuttle'), SHUFFLE_SEED);
  const rows = stream.rows.slice(0, TIMED_EVENTS);
  const scorer = scorerOf(9, FOREST_SEED);
  for (const row of stream.rows.slice(-20_000)) scorer.observe(row);
  const seconds = (observe: (row: Float64Array) => number): number => {
    const start = process.cpuUsage();
    for (const row of rows) observe(row);
    return process.cpuUsage(start).user / 1e6;
  };
  const there = PEER_NAMES.map((name) => [peers[name], PEER_TREES[name]] as const).filter(isThere);
  const ours: number[] = [];
  const theirs = there.map((): number[] => []);
  // The first pass warms a virtual machine up.
  for (const [peer, trees] of there) await peer.run(rows, trees);
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(seconds((row) => scorer.observe(row)));
    for (const [at, [peer, trees]] of there.entries()) theirs[at]?.push((await peer.run(rows, trees)).seconds);
  }
  print(
    `\nscore + learn, d = 9, ${rows.length} events of shuttle, ${ROUNDS} rounds in turn: CPU time, min / median / max`,
  );
  const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number;
  const line = (values: readonly number[]): string =>
    [Math.min(...values), median(values), Math.max(...values)]
      .map((value) => ((value / rows.length) * 1e6).toFixed(2))
      .join(' / ');
  print(`ours ${line(ours)} µs`);
  for (const [at, [{ name }, trees]] of there.entries()) {
    const values = theirs[at] as readonly number[];
    print(`${name}, ${trees} trees, ${line(values)} µs; ratio ${(median(values) / median(ours)).toFixed(1)}`);
  }
}

function isThere(each: readonly [Peer | string, number]): each is readonly [Peer, number] {
  return typeof each[0] !== 'string';
}
