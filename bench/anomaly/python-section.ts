import { RollingForest } from '@weir/anomaly/forest/rolling-forest';
import { Peer, pythonPeer } from './peers.ts';
import { scorerOf } from './scorer.ts';
import { type LabelledStream, loadStream, NAMES, quality, SKIP, shuffled } from './streams.ts';

const SHUFFLE_SEED = 42;
const FOREST_SEED = 7;
const LEARNT = 4_000;
/** rrcf takes some 20 ms an event. */
const RRCF_EVENTS = 2_000;
const RRCF_TREES = 40;
const FEWEST_ANOMALIES = 10;

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const shown = (scores: ArrayLike<number>, labels: Uint8Array): string => {
  const { auc, ap } = quality(scores, labels);
  return `${auc.toFixed(3)}/${ap.toFixed(3)}`;
};

/** scikit-learn's isolation forest, which does not stream: both learn the same first events, are kept, and score the rest. */
export async function keptSection(): Promise<void> {
  const peer = pythonPeer('iforest', 'IsolationForest of scikit-learn');
  if (!(peer instanceof Peer)) return print(`\nIsolationForest: ${peer}`);
  print(
    `\nAUC/AP of forests that have learnt the first ${LEARNT} events (half of a shorter stream), labels unread, and are kept; ours streaming beside them, shuffled order (seed ${SHUFFLE_SEED}), of the events after those`,
  );
  for (const name of NAMES) {
    const stream = shuffled(loadStream(name), SHUFFLE_SEED);
    const { rows, labels } = stream;
    const learnt = Math.min(LEARNT, rows.length >> 1);
    const theirs = await peer.run(rows, learnt);
    const dimensions = (rows[0] as Float64Array).length;
    const kept = new RollingForest({ dimensions, seed: FOREST_SEED });
    for (const row of rows.slice(0, learnt)) kept.learn(row);
    const streaming = observed(stream);
    // `quality` leaves the first `SKIP` out: as many of those that were learnt stay in front.
    const from = learnt - SKIP;
    const of = (scores: ArrayLike<number>): string => shown(Array.from(scores).slice(from), labels.subarray(from));
    print(
      `${name.padEnd(12)} ours kept ${of(rows.map((row) => kept.score(row)))}, streaming ${of(streaming)}; ${peer.name} ${of(theirs.scores)}`,
    );
  }
  peer.stop();
}

/** rrcf on the first events of a stream, ours on the same. */
export async function rrcfSection(): Promise<void> {
  const peer = pythonPeer('rrcf', 'rrcf');
  if (!(peer instanceof Peer)) return print(`\nrrcf: ${peer}`);
  print(
    `\nAUC/AP, score then learn, the first ${RRCF_EVENTS} events alone for both, since rrcf is slow: shuffled order (seed ${SHUFFLE_SEED}), first ${SKIP} left out; CPU time an event`,
  );
  for (const name of NAMES) {
    const whole = shuffled(loadStream(name), SHUFFLE_SEED);
    const stream = { ...whole, rows: whole.rows.slice(0, RRCF_EVENTS), labels: whole.labels.slice(0, RRCF_EVENTS) };
    const anomalies = stream.labels.subarray(SKIP).reduce((sum, label) => sum + label, 0);
    if (anomalies < FEWEST_ANOMALIES) {
      print(`${name.padEnd(12)} left out: ${anomalies} anomalies among these events`);
      continue;
    }
    const start = process.cpuUsage();
    const ours = observed(stream);
    const micros = process.cpuUsage(start).user / RRCF_EVENTS;
    const { scores, seconds } = await peer.run(stream.rows, RRCF_TREES);
    const theirMicros = (seconds / RRCF_EVENTS) * 1e6;
    print(
      `${name.padEnd(12)} ours ${shown(ours, stream.labels)}, ${micros.toFixed(0)} µs; ${peer.name}, ${RRCF_TREES} trees of 256, ${shown(scores, stream.labels)}, ${theirMicros.toFixed(0)} µs (${anomalies} anomalies)`,
    );
  }
  peer.stop();
}

/** Score, then learn. */
function observed({ rows }: LabelledStream): readonly number[] {
  const scorer = scorerOf((rows[0] as Float64Array).length, FOREST_SEED);
  return rows.map((row) => scorer.observe(row));
}
