/** L3: tampered logs that must all be detected, at their index, and clean logs that must raise no alarm. */

import { verifiers } from '@weir/ledger/node-crypto';
import { judge, remembering } from '../../packages/ledger/test/judge.ts';
import { MUTATORS, mutate } from '../../packages/ledger/test/mutations.ts';
import { randomLog, type Scene } from '../../packages/ledger/test/scene.ts';
import { row, seconds } from './clock.ts';

/** Mutations per log: making a log takes longer than changing it. */
const PER_LOG = 400;
const REPORTED = 5;
const LENGTHS = [4, 6, 9, 12, 17, 24, 33];
/** Once in so many logs one is longer than a tile. */
const LONG_EVERY = 50;

const memory = { ...verifiers, ed25519: remembering(verifiers.ed25519) };
const lengthOf = (seed: number): number =>
  seed % LONG_EVERY === 0 ? 250 + (seed % 17) : (LENGTHS[seed % LENGTHS.length] as number);

interface Tally {
  tried: number;
  misses: number;
  /** Of those, where an index is due. */
  indexed: number;
}

/** @returns false when a mutation was missed or a clean log refused */
export function benchMutations(mutations: number, clean: number): boolean {
  const kinds = Object.keys(MUTATORS);
  const tallies = new Map(kinds.map((kind): [string, Tally] => [kind, { tried: 0, misses: 0, indexed: 0 }]));
  let done = 0;
  const took = seconds(() => {
    for (let seed = 1; done < mutations; seed += 1) {
      const scene = randomLog(seed, lengthOf(seed));
      for (let round = 0; round < PER_LOG && done < mutations; round += 1)
        if (tryOne(kinds[round % kinds.length] as string, scene, seed, seed * PER_LOG + round, tallies)) done += 1;
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${done} of ${mutations} mutations`);
    }
  });
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  for (const [kind, { tried, misses, indexed }] of tallies)
    row(`mutations, ${kind}`, `${tried - misses} of ${tried} detected, ${indexed} with an index that was due`);
  const missed = [...tallies.values()].reduce((sum, { misses }) => sum + misses, 0);
  row(
    'mutations, all',
    `${done - missed} of ${done} detected at their index in ${took.toFixed(0)} s (bar all: ${missed === 0 ? 'met' : 'missed'})`,
  );
  let alarms = 0;
  for (let seed = 1; seed <= clean; seed += 1) {
    const { files } = randomLog(-seed, lengthOf(seed));
    if (judge(files, { verifiers: memory }) !== 'sound') alarms += 1;
  }
  row('clean logs', `${alarms} alarms on ${clean} (bar none: ${alarms === 0 ? 'met' : 'missed'})`);
  return missed === 0 && alarms === 0;
}

/** @returns false when the log has no place for this kind */
function tryOne(kind: string, scene: Scene, log: number, seed: number, tallies: ReadonlyMap<string, Tally>): boolean {
  const mutation = mutate(kind, scene, seed);
  if (mutation === undefined) return false;
  const tally = tallies.get(kind) as Tally;
  const { files, since, index, reason } = mutation;
  const answer = judge(files, { verifiers: memory, ...(since === undefined ? {} : { since }) });
  const named = typeof answer === 'string' ? undefined : answer;
  const isRight =
    answer !== 'sound' &&
    (index === undefined || (named?.index === index && (reason === undefined || named.reason === reason)));
  tally.tried += 1;
  if (index !== undefined) tally.indexed += 1;
  if (isRight) return true;
  tally.misses += 1;
  if (tally.misses <= REPORTED)
    process.stdout.write(
      `MISSED ${kind}, log ${log}, seed ${seed}: ${JSON.stringify(answer)}, expected ${index} ${reason ?? ''}\n`,
    );
  return true;
}
