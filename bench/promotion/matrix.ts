/**
 * Outcomes drawn before any rule is asked: each rule reads the cell of the arm that its own propensity gives the prediction, so that all rules
 * meet the same predictions.
 */
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { philox } from '../../packages/bandit/src/counter-rng.ts';
import type { Arrival, World } from './worlds.ts';

export interface Matrix {
  readonly outcomes: number;
  /** Uniform on 32 bits: the challenger serves when it is below propensity · 2^32. */
  readonly draws: Uint32Array;
  /** Bit 0 the champion's reward, bit 1 the challenger's. */
  readonly rewards: Uint8Array;
  /** Same bits: whether the outcome arrived in time. */
  readonly arrivals: Uint8Array;
  readonly segments: Uint8Array;
}

export const CHAMPION = 1;
export const CHALLENGER = 2;
const RANGE = 4_294_967_296;

export function createMatrix(outcomes: number): Matrix {
  return {
    outcomes,
    draws: new Uint32Array(outcomes),
    rewards: new Uint8Array(outcomes),
    arrivals: new Uint8Array(outcomes).fill(CHAMPION | CHALLENGER),
    segments: new Uint8Array(outcomes),
  };
}

const words = new Uint32Array(4);

/** Fills the matrix with the cells of one run: a function of world, seed and run alone. */
export function drawMatrix(matrix: Matrix, world: World, seed: number, run: number): void {
  const { outcomes, draws, rewards, segments } = matrix;
  philox([seed, nameHash(world.name)], [run, 0, 0, 0], words);
  const rng = xoroshiro128plusFromState([...words].map((word) => word | 0));
  const { champion, challenger, segmentShare } = world;
  for (let outcome = 0; outcome < outcomes; outcome += 1) {
    const time = outcome / outcomes;
    const segment = segmentShare !== undefined && rng.next() >>> 0 < segmentShare(time) * RANGE ? 1 : 0;
    draws[outcome] = rng.next();
    const first = rng.next() >>> 0 < champion(outcome, time, segment) * RANGE ? CHAMPION : 0;
    const second = rng.next() >>> 0 < challenger(outcome, time, segment) * RANGE ? CHALLENGER : 0;
    rewards[outcome] = first | second;
    segments[outcome] = segment;
  }
  if (world.arrival !== undefined) drawArrivals(matrix, world.arrival, () => (rng.next() >>> 0) / RANGE);
}

function drawArrivals(
  { outcomes, rewards, arrivals }: Matrix,
  { champion, challenger }: NonNullable<World['arrival']>,
  uniform: () => number,
): void {
  const arrives = (arrival: Arrival, success: boolean): boolean =>
    uniform() < (success ? arrival.success : arrival.failure);
  for (let outcome = 0; outcome < outcomes; outcome += 1) {
    const cells = rewards[outcome] as number;
    const first = arrives(champion, (cells & CHAMPION) !== 0) ? CHAMPION : 0;
    const second = arrives(challenger, (cells & CHALLENGER) !== 0) ? CHALLENGER : 0;
    arrivals[outcome] = first | second;
  }
}

/** FNV-1a: worlds of one seed draw independently. */
function nameHash(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
