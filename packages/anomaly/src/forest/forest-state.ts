import type { StateKind } from '../state/state-kind.ts';
import { StateReader } from '../state/state-reader.ts';
import { StateWriter } from '../state/state-writer.ts';
import { RollingForest } from './rolling-forest.ts';
import type { Trees } from './trees.ts';

export const FOREST_STATE: StateKind = { id: 1, name: 'forest', version: 1, oldest: 1 };

/** The forest as one buffer: rows that are filled, nodes that are used. O(bytes). */
export function saveForest(forest: RollingForest): ArrayBuffer {
  const writer = new StateWriter();
  writeForest(forest, writer);
  return writer.finish(FOREST_STATE);
}

/** The forest that was saved: it goes on, bit for bit, as if it had never stopped. @throws {AnomalyError} BAD_STATE, OLD_STATE. */
export function restoreForest(state: ArrayBuffer): RollingForest {
  const reader = new StateReader(state, FOREST_STATE);
  const forest = readForest(reader);
  reader.end();
  return forest;
}

/** Part of a larger state. */
export function writeForest(forest: RollingForest, writer: StateWriter): void {
  const { settings, trees } = forest;
  const { dimensions, numberOfTrees, sampleSize, reservoirRows, rebuildEvery } = settings;
  for (const value of [dimensions, numberOfTrees, sampleSize, reservoirRows, rebuildEvery]) writer.u32(value);
  writer.f64(settings.seed);
  writer.f64(settings.meanAge);
  writer.f64(settings.tailWeight);
  writer.f64(settings.rangeShare);
  writer.flag(settings.boxes);
  writer.numbers(forest.random.state);
  writer.numbers(forest.counters);
  writer.numbers(forest.places);
  writer.numbers(forest.rows.subarray(0, (forest.places[0] as number) * settings.dimensions));
  for (let tree = 0; tree < (forest.places[2] as number); tree += 1) {
    const inner = trees.inner[tree] as number;
    writer.u32((inner << 16) | (trees.mass[tree] as number));
    const first = tree * trees.nodeSpan * trees.stride;
    writer.numbers(trees.words.subarray(first, first + inner * trees.stride));
    writer.numbers(leavesOf(trees, tree, inner));
  }
}

/** @throws {AnomalyError} BAD_STATE when a count or a feature is out of its bounds. */
export function readForest(reader: StateReader): RollingForest {
  const [dimensions, numberOfTrees, sampleSize] = [reader.u32(), reader.u32(), reader.u32()];
  const [reservoirRows, rebuildEvery] = [reader.u32(), reader.u32()];
  const [seed, meanAge, tailWeight] = [reader.f64(), reader.f64(), reader.f64()];
  const [rangeShare, boxes] = [reader.f64(), reader.flag()];
  const forest = new RollingForest({
    dimensions,
    seed,
    numberOfTrees,
    boxes,
    sampleSize,
    reservoirRows,
    meanAge,
    rebuildEvery,
    tailWeight,
    rangeShare,
  });
  const { trees, places } = forest;
  reader.numbers(forest.random.state);
  reader.numbers(forest.counters);
  reader.numbers(places);
  const [filled = 0, next = 0, built = 0] = places;
  if (filled > reservoirRows || next >= numberOfTrees || built > numberOfTrees)
    throw reader.refusal(`names ${filled} rows, tree ${next} and ${built} trees, more than its settings allow`);
  reader.numbers(forest.rows.subarray(0, filled * dimensions));
  if (forest.tails !== undefined) forest.tails.load(forest.rows, Math.min(filled, forest.tails.capacity));
  for (let tree = 0; tree < built; tree += 1) {
    const counts = reader.u32();
    const inner = counts >>> 16;
    const mass = counts & 0xffff;
    if (inner >= sampleSize || mass < 2 || mass > sampleSize)
      throw reader.refusal(
        `has a tree of ${inner} inner nodes on ${mass} rows; below ${sampleSize} and 2 to ${sampleSize}`,
      );
    trees.inner[tree] = inner;
    trees.mass[tree] = mass;
    const first = tree * trees.nodeSpan * trees.stride;
    const nodes = trees.words.subarray(first, first + inner * trees.stride);
    reader.numbers(nodes);
    for (let at = trees.stride - 1; at < nodes.length; at += trees.stride)
      if ((nodes[at] as number) >>> 16 >= dimensions)
        throw reader.refusal(`splits on feature ${(nodes[at] as number) >>> 16} of ${dimensions}`);
    reader.numbers(leavesOf(trees, tree, inner));
  }
  return forest;
}

function leavesOf(trees: Trees, tree: number, inner: number): Uint8Array {
  return trees.leaves.subarray(tree * trees.leafSpan, tree * trees.leafSpan + inner + 1);
}
