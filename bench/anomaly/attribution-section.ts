import { attribute } from '@weir/anomaly/attribution/attribute';
import { RollingForest } from '@weir/anomaly/forest/rolling-forest';
import { ColumnPairs } from '@weir/anomaly/pairs/column-pairs';
import { attributionPeer, Peer } from './peers.ts';
import { uniformOf } from './streams.ts';

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const DIMENSIONS = 9;
const LEARNT = 8_000;
const FAULTS = 500;
const RCF_TREES = 50;

type Row = Float64Array;

/** Columns of other places and scales; the second follows the first. */
function rowOf(uniform: () => number): Row {
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const row = Float64Array.from({ length: DIMENSIONS }, (_, i) => 10 * i + (1 + i) * normal());
  row[1] = 10 + 0.9 * (row[0] as number) + 0.2 * normal();
  return row;
}

interface Named {
  readonly first: number;
  readonly second: number;
}

/** Cuts of RCF go by the range of a column, so that it needs them alike. */
function standardised(row: Row): Row {
  return row.map((value, i) => (value - 10 * i) / (i === 1 ? Math.hypot(0.9, 0.2) : 1 + i));
}

/** G1: which columns are named of 500 faults of one column by eight deviations, and of 500 broken correlations, beside RCF's DiVector. */
export async function attributionSection(): Promise<void> {
  const uniform = uniformOf(8);
  const learnt = Array.from({ length: LEARNT }, () => rowOf(uniform));
  const single = Array.from({ length: FAULTS }, (_, i) => {
    const row = rowOf(uniform);
    const column = i % DIMENSIONS;
    row[column] = (row[column] as number) + (i % 2 === 0 ? 8 : -8) * (1 + column);
    return row;
  });
  // Each value is within 2.2 deviations of its column.
  const broken = Array.from({ length: FAULTS }, (_, i) => {
    const row = rowOf(uniform);
    const side = i % 2 === 0 ? 2 : -2;
    row[0] = side;
    row[1] = 10 - 0.9 * side;
    return row;
  });
  print(
    `\nattribution, d = ${DIMENSIONS}, ${LEARNT} rows learnt: of ${FAULTS} faults of one column, named first; of ${FAULTS} broken correlations, one and both of the two columns among the first two; µs each`,
  );
  const forest = new RollingForest({ dimensions: DIMENSIONS, seed: 1 });
  for (const row of learnt) forest.learn(row);
  const start = process.cpuUsage();
  const ours = [...single, ...broken].map((row): Named => {
    const [first, second] = attribute(forest, row, 2).top;
    return { first: first?.feature ?? -1, second: second?.feature ?? -1 };
  });
  tell('ours, the forest alone', ours, process.cpuUsage(start).user / ours.length);
  const pairs = ColumnPairs.of(forest.rows, DIMENSIONS, DIMENSIONS, forest.places[0] as number) as ColumnPairs;
  const named = broken.map((row): Named => {
    const found = pairs.broken(row);
    return { first: found?.column ?? -1, second: found?.partner ?? -1 };
  });
  print(`ours, pairs of columns, as the detector names what they find: ${counted(named)}`);
  const peer = attributionPeer(2 * FAULTS);
  if (!(peer instanceof Peer)) return print(`DiVector: ${peer}`);
  const { scores, seconds } = await peer.run([...learnt, ...single, ...broken].map(standardised), RCF_TREES);
  const theirs = Array.from(
    scores.slice(LEARNT),
    (code): Named => ({ first: Math.floor(code / DIMENSIONS), second: code % DIMENSIONS }),
  );
  tell(
    `${peer.name}, ${RCF_TREES} trees, DiVector, columns standardised for it (µs with the learning)`,
    theirs,
    (seconds / (2 * FAULTS)) * 1e6,
  );
  peer.stop();
}

function tell(name: string, named: readonly Named[], micros: number): void {
  const right = named.slice(0, FAULTS).filter(({ first }, i) => first === i % DIMENSIONS).length;
  print(`${name}: ${right} of ${FAULTS}; ${counted(named.slice(FAULTS))}; ${micros.toFixed(0)} µs`);
}

function counted(named: readonly Named[]): string {
  const isOf = (column: number): boolean => column === 0 || column === 1;
  const one = named.filter(({ first, second }) => isOf(first) || isOf(second)).length;
  const both = named.filter(({ first, second }) => isOf(first) && isOf(second)).length;
  return `${one} and ${both} of ${named.length}`;
}
