/** P1: how often a challenger that is no better is promoted, deciding after every outcome, in eight worlds. */
import { Worker } from 'node:worker_threads';
import { clopperPearson, type RateBounds } from './clopper-pearson.ts';
import { createMatrix, drawMatrix } from './matrix.ts';
import type { Rule } from './rules.ts';
import { runTrial } from './trial.ts';
import type { World } from './worlds.ts';

export interface Runs {
  readonly runs: number;
  readonly outcomes: number;
  readonly seed: number;
}

/** Runs of one world from `from` up to `end`, for a worker. */
export interface Chunk {
  readonly world: string;
  readonly rule: string;
  readonly alpha: number;
  readonly outcomes: number;
  readonly seed: number;
  readonly from: number;
  readonly end: number;
}

/** Runs that a worker is given at a time. */
const CHUNK = 1_000;

/** Promotions of `runs` tests of one world, with 99 % bounds. Runs of one seed are the same for every rule. */
export function wrongPromotions(world: World, rule: Rule, alpha: number, { runs, outcomes, seed }: Runs): RateBounds {
  return clopperPearson(countPromotions(world, rule, alpha, { outcomes, seed, from: 0, end: runs }), runs);
}

export function countPromotions(
  world: World,
  rule: Rule,
  alpha: number,
  { outcomes, seed, from, end }: Pick<Chunk, 'outcomes' | 'seed' | 'from' | 'end'>,
): number {
  const matrix = createMatrix(outcomes);
  const segments = world.segmentShare === undefined ? 1 : 2;
  let promoted = 0;
  for (let run = from; run < end; run += 1) {
    drawMatrix(matrix, world, seed, run);
    if (runTrial(matrix, world, rule.start(alpha, segments)).sample !== undefined) promoted += 1;
  }
  return promoted;
}

/** `wrongPromotions` of one of NULL_WORLDS on threads: what a run draws follows from its number, so the counts are those of one thread. */
export async function wrongPromotionsOn(
  workers: readonly Worker[],
  world: World,
  rule: Rule,
  alpha: number,
  { runs, outcomes, seed }: Runs,
): Promise<RateBounds> {
  let next = 0;
  let promoted = 0;
  const work = async (worker: Worker): Promise<void> => {
    while (next < runs) {
      const from = next;
      next = Math.min(from + CHUNK, runs);
      const chunk = { world: world.name, rule: rule.name, alpha, outcomes, seed, from, end: next };
      const found = await answerOf(worker, chunk);
      promoted += found;
    }
  };
  await Promise.all(workers.map(work));
  return clopperPearson(promoted, runs);
}

export function startWorkers(count: number): Worker[] {
  const url = new URL('wrong-promotions-worker.ts', import.meta.url);
  return Array.from({ length: count }, () => new Worker(url));
}

function answerOf(worker: Worker, chunk: Chunk): Promise<number> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      worker.off('message', answered).off('error', failed);
    };
    const answered = (promoted: number): void => {
      settle();
      resolve(promoted);
    };
    const failed = (error: unknown): void => {
      settle();
      reject(error);
    };
    worker.on('message', answered).on('error', failed);
    worker.postMessage(chunk);
  });
}
