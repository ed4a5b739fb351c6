/** L3: tampered logs that must all be detected, at their index, and clean logs that must raise no alarm. */

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { verifiers } from '@weir/ledger/node-crypto';
import { judge, judgeMutation, miss, remembering } from '../../packages/ledger/test/judge.ts';
import { MUTATORS, mutate } from '../../packages/ledger/test/mutations.ts';
import { randomLog, type Scene } from '../../packages/ledger/test/scene.ts';
import { row, seconds } from './clock.ts';

/** Mutations per log: making a log takes longer than changing it. */
const PER_LOG = 600;
const REPORTED = 5;
const LENGTHS = [4, 6, 9, 12, 17, 24, 33];
/** Once in so many logs one is longer than a tile. */
const LONG_EVERY = 50;
/** Logs between two writes of the file that a later run goes on from. */
const SAVE_EVERY = 20;

const kinds = Object.keys(MUTATORS);
const memory = { ...verifiers, ed25519: remembering(verifiers.ed25519) };
const lengthOf = (seed: number): number =>
  seed % LONG_EVERY === 0 ? 250 + (seed % 17) : (LENGTHS[seed % LENGTHS.length] as number);

interface Tally {
  tried: number;
  misses: number;
  /** Of those tried, where an index is due. */
  indexed: number;
}

/** How far a run is: what is tried next follows from the seeds alone. */
interface Progress {
  /** The next log. */
  seed: number;
  done: number;
  seconds: number;
  tallies: Record<string, Tally>;
  /** Clean logs. */
  clean: number;
  alarms: number;
}

function readProgress(file: string | undefined): Progress {
  if (file !== undefined && existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Progress;
  const tallies = Object.fromEntries(kinds.map((kind) => [kind, { tried: 0, misses: 0, indexed: 0 }]));
  return { seed: 1, done: 0, seconds: 0, tallies, clean: 0, alarms: 0 };
}

function saveProgress(progress: Progress, file: string | undefined): void {
  if (file === undefined) return;
  writeFileSync(`${file}.new`, `${JSON.stringify(progress)}\n`);
  renameSync(`${file}.new`, file);
}

/**
 * @param resume file that a run which was stopped goes on from
 * @returns false when a mutation was missed or a clean log refused
 */
export function benchMutations(mutations: number, clean: number, resume?: string): boolean {
  const progress = readProgress(resume);
  while (progress.done < mutations) {
    progress.seconds += seconds(() => mutateOneLog(progress, mutations));
    if (progress.seed % SAVE_EVERY === 0) saveProgress(progress, resume);
    say(`${progress.done} of ${mutations} mutations`);
  }
  saveProgress(progress, resume);
  while (progress.clean < clean) {
    progress.clean += 1;
    const { files } = randomLog(-progress.clean, lengthOf(progress.clean));
    if (judge(files, { verifiers: memory }) !== 'sound') progress.alarms += 1;
    if (progress.clean % (SAVE_EVERY * 50) === 0) saveProgress(progress, resume);
    if (progress.clean % SAVE_EVERY === 0) say(`${progress.clean} of ${clean} clean logs`);
  }
  saveProgress(progress, resume);
  say('');
  return report(progress);
}

function mutateOneLog(progress: Progress, mutations: number): void {
  const { seed } = progress;
  const scene = randomLog(seed, lengthOf(seed));
  for (let round = 0; round < PER_LOG && progress.done < mutations; round += 1)
    if (tryOne(kinds[round % kinds.length] as string, scene, seed * PER_LOG + round, progress)) progress.done += 1;
  progress.seed += 1;
}

/** @returns false when the log has no place for this kind */
function tryOne(kind: string, scene: Scene, seed: number, { tallies, seed: log }: Progress): boolean {
  const mutation = mutate(kind, scene, seed);
  if (mutation === undefined) return false;
  const tally = tallies[kind] as Tally;
  const fault = miss(mutation, judgeMutation(mutation, memory));
  tally.tried += 1;
  if (mutation.index !== undefined) tally.indexed += 1;
  if (fault === undefined) return true;
  tally.misses += 1;
  if (tally.misses <= REPORTED) process.stdout.write(`MISSED ${kind}, log ${log}, seed ${seed}: ${fault}\n`);
  return true;
}

function report({ tallies, done, seconds: took, clean, alarms }: Progress): boolean {
  for (const [kind, { tried, misses, indexed }] of Object.entries(tallies))
    row(`mutations, ${kind}`, `${tried - misses} of ${tried} detected, ${indexed} with an index that was due`);
  const missed = Object.values(tallies).reduce((sum, { misses }) => sum + misses, 0);
  row(
    'mutations, all',
    `${done - missed} of ${done} detected at their index in ${took.toFixed(0)} s (bar all: ${missed === 0 ? 'met' : 'missed'})`,
  );
  row('clean logs', `${alarms} alarms on ${clean} (bar none: ${alarms === 0 ? 'met' : 'missed'})`);
  return missed === 0 && alarms === 0;
}

function say(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
