/** P11: what a core does: outcomes into the e-values, events joined beside many open predictions, assignments of a client. */
import { hash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createComparison, observe } from '../../packages/bandit/src/comparison.ts';
import { HARM_GRID, PROMOTE_GRID } from '../../packages/bandit/src/default-grids.ts';
import { Assigner } from '../../packages/client/src/assigner.ts';
import { saveState } from '../../services/promotion/src/saved-state.ts';
import { FoldedStream } from './folded-stream.ts';
import { createMatrix, drawMatrix } from './matrix.ts';
import { effectWorld } from './worlds.ts';

const OUTCOMES = 1_000_000;
const ROUNDS = 5;
const ASSIGNMENTS = 500_000;
/** Steps beyond those that fill the window: what is measured. */
const JOINED_STEPS = 500_000;

function cpuSeconds(run: () => void): number {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

const best = (rounds: number, run: () => void): number =>
  Math.min(...Array.from({ length: rounds }, () => cpuSeconds(run)));

/** @returns outcomes a CPU-second, into the e-values of "better" and of "worse" */
export function outcomesPerSecond(): number {
  const matrix = createMatrix(OUTCOMES);
  drawMatrix(matrix, effectWorld(0.7, 0.7), 1, 0);
  const { draws, rewards } = matrix;
  const took = best(ROUNDS, () => {
    const comparison = createComparison({
      promote: PROMOTE_GRID,
      harm: HARM_GRID,
      segments: 1,
      margin: 0,
      tolerance: 0,
    });
    for (let outcome = 0; outcome < OUTCOMES; outcome += 1) {
      const challenger = (draws[outcome] as number) < 2 ** 31;
      observe(comparison, 0, challenger, (rewards[outcome] as number) & 1, 0.5);
    }
  });
  return OUTCOMES / took;
}

export interface Joined {
  readonly open: number;
  readonly eventsPerSecond: number;
  /** Of the model's state beside what the process had without it, by open prediction, bytes. */
  readonly bytesPerOpen: number;
  /** Of its checkpoint, and how long it holds the task up, s. */
  readonly savedBytes: number;
  readonly saveSeconds: number;
}

/** Events of one model whose window keeps `open` predictions waiting. @param open a multiple of 1,000 */
export function joinedBeside(open: number): Joined {
  const settings = { models: 1, versions: 64, stepMs: 1, delay: Math.floor(open / 2), windowMs: open, seed: 3 };
  const before = memory();
  const marks: { readonly step: number; readonly events: number; readonly cpuSeconds: number }[] = [];
  const steps = open + JOINED_STEPS;
  const folded = new FoldedStream({
    settings,
    steps,
    partitions: 1,
    look: ({ events, cpuSeconds: took, open: waiting }) => {
      if (waiting >= open || marks.length > 0) marks.push({ step: waiting, events, cpuSeconds: took });
    },
  }).run();
  const [first, last] = [marks[0], marks.at(-1)];
  if (first === undefined || last === undefined || first === last)
    throw new Error(`${open} predictions were never open: ${folded.open} are`);
  const bytes = memory() - before;
  let saved = 0;
  const saveSeconds = cpuSeconds(() => {
    saved = saveState(folded.stateOf(0)).length;
  });
  return {
    open: folded.open,
    eventsPerSecond: (last.events - first.events) / (last.cpuSeconds - first.cpuSeconds),
    bytesPerOpen: bytes / folded.open,
    savedBytes: saved,
    saveSeconds,
  };
}

/** What is reachable, bytes. */
function memory(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** @returns assignments a CPU-second, hash and ranges of two arms */
export function assignmentsPerSecond(): number {
  const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer');
  const assigner = new Assigner({ model: 'm', champion: 'a', sha256, monotonic: () => 0 });
  assigner.receive(
    {
      model: 'm',
      owner: 1,
      epoch: 1,
      champion: 'a',
      arms: { a: 500_000, b: 500_000 },
      ranges: [
        { version: 'a', from: 0, to: 500_000 },
        { version: 'b', from: 500_000, to: 1_000_000 },
      ],
      salt: 'salt',
      leaseMs: 30_000,
      validUntilMs: 1,
      decisionId: 'd',
    },
    0,
  );
  const took = best(ROUNDS, () => {
    for (let unit = 0; unit < ASSIGNMENTS; unit += 1) assigner.assign(`account-${unit}`);
  });
  return ASSIGNMENTS / took;
}
