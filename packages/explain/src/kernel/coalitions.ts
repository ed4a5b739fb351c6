/**
 * Coalition design of Kernel SHAP. Few pairs: the single players, then the middle. Many pairs: leverage scores make every size equally likely, so a layer of size k gets min(c, C(M, k)) coalitions with c
 * chosen so that they sum to the budget. Coalitions come in pairs with their complements and without replacement; small layers are complete.
 * Source: Musco and Witter, Leverage SHAP, arXiv 2410.01917; pairing: Covert and Lee (2021).
 */

import { below, shuffle, type Uniform } from '../random.ts';

/** So many pairs at most are kriged (kriging.ts): its cost grows with their third power, to half a second here. */
export const MAX_KRIGED_PAIRS = 512;

/** One pair: `members[i]` = 1 when player i is in the coalition; the complement is implied. */
export interface CoalitionPair {
  readonly members: Uint8Array;
  /** Size of the smaller of the two, 1 … ⌊M/2⌋: its layer. */
  readonly layer: number;
}

/** Pairs in layer k: C(M, k), halved for the middle layer, whose complements lie in itself. O(k). */
export function layerPairs(players: number, k: number): number {
  let count = 1;
  for (let i = 1; i <= k; i += 1) count = (count * (players - k + i)) / i;
  return Math.round(2 * k === players ? count / 2 : count);
}

/**
 * Pairs per layer, index k; they sum to `pairs`, or to all pairs when there are fewer. So few that they are kriged go to the single players and then
 * to the middle, where a coalition is far from all others and from the single ones; more are spread by leverage.
 */
export function allocate(players: number, pairs: number): number[] {
  if (pairs <= MAX_KRIGED_PAIRS) return allocateFew(players, pairs);
  const layers = Math.floor(players / 2);
  const capacity = Array.from({ length: layers }, (_, at) => layerPairs(players, at + 1));
  const given = capacity.map((): number => 0);
  let rest = Math.min(
    pairs,
    capacity.reduce((a, b) => a + b, 0),
  );
  while (rest > 0) {
    const open = capacity.flatMap((each, at) => (given[at]! < each ? [at] : []));
    // The middle layer stands for one size, the others for two, and sizes are equally likely.
    const unit = (at: number): number => (2 * (at + 1) === players ? 0.5 : 1);
    const units = open.reduce((sum, at) => sum + unit(at), 0);
    const shares = open.map((at) => Math.min(capacity[at]! - given[at]!, Math.floor((rest * unit(at)) / units)));
    if (!shares.some((share) => share > 0)) for (let i = 0; i < Math.min(rest, shares.length); i += 1) shares[i] = 1;
    for (const [i, at] of open.entries()) {
      given[at]! += shares[i]!;
      rest -= shares[i]!;
    }
  }
  return [0, ...given];
}

/** The two layers next to the middle in proportion to their size, then outwards. */
function allocateFew(players: number, pairs: number): number[] {
  const layers = Math.floor(players / 2);
  const given = Array.from({ length: layers + 1 }, (): number => 0);
  given[1] = Math.min(pairs, layerPairs(players, 1));
  let rest = pairs - given[1];
  for (let high = layers; high > 1 && rest > 0; high -= 2) {
    const low = Math.max(2, high - 1);
    const inHigh = layerPairs(players, high);
    const inLow = low === high ? 0 : layerPairs(players, low);
    const taken = Math.min(rest, inHigh + inLow);
    const toHigh = Math.round((taken * inHigh) / (inHigh + inLow));
    given[high] = toHigh;
    if (low !== high) given[low] = taken - toHigh;
    rest -= taken;
  }
  return given;
}

/**
 * Pairs in an order of which every prefix is a design of its own: the layer of single players first, then the other layers mixed in proportion. O(pairs · M).
 */
export function drawDesign(players: number, pairs: number, uniform: Uniform): CoalitionPair[] {
  const counts = allocate(players, pairs);
  const [, first = 0, ...others] = counts;
  const design = drawLayer(players, 1, first, uniform);
  const keyed = others.flatMap((count, at) =>
    drawLayer(players, at + 2, count, uniform).map((pair, index) => ({ pair, key: (index + 0.5) / count })),
  );
  keyed.sort((a, b) => a.key - b.key);
  return [...design, ...keyed.map(({ pair }) => pair)].slice(0, pairs);
}

function drawLayer(players: number, k: number, count: number, uniform: Uniform): CoalitionPair[] {
  const all = layerPairs(players, k);
  if (count * 2 >= all) return shuffle(everyPair(players, k), uniform).slice(0, count);
  const drawn = new Map<string, CoalitionPair>();
  const order = Array.from({ length: players }, (_, i) => i);
  while (drawn.size < count) {
    const members = new Uint8Array(players);
    for (let i = 0; i < k; i += 1) {
      const j = i + below(uniform, players - i);
      [order[i], order[j]] = [order[j]!, order[i]!];
      members[order[i]!] = 1;
    }
    const canonical = normalised(members, k);
    drawn.set(canonical.join(''), { members: canonical, layer: k });
  }
  return [...drawn.values()];
}

/** In the middle layer a coalition and its complement are the same pair: the one with player 0 stands for both. */
function normalised(members: Uint8Array, k: number): Uint8Array {
  return 2 * k === members.length && members[0] === 0 ? members.map((member) => 1 - member) : members;
}

function everyPair(players: number, k: number): CoalitionPair[] {
  const found: CoalitionPair[] = [];
  const members = new Uint8Array(players);
  const extend = (from: number, left: number): void => {
    if (left === 0) {
      if (2 * k < players || members[0] === 1) found.push({ members: members.slice(), layer: k });
      return;
    }
    for (let i = from; i <= players - left; i += 1) {
      members[i] = 1;
      extend(i + 1, left - 1);
      members[i] = 0;
    }
  };
  extend(0, k);
  return found;
}
