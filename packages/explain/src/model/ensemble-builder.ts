/** Collects parsed trees and lays them out in preorder. The input may be hostile: cycles, dangling children and NaN thresholds are refused. */
import { ExplainError } from '../errors.ts';
import { CATEGORICAL, type TreeEnsemble } from './ensemble.ts';
import type { Link } from './link.ts';
import type { ValueNames } from './pandas-categories.ts';

/** A node as its library wrote it; `left` and `right` are indices into the same array. */
export type ParsedNode =
  | { readonly values: readonly number[]; readonly cover: number }
  | {
      readonly feature: number;
      readonly left: number;
      readonly right: number;
      readonly cover: number;
      readonly routing: number;
      readonly split: { readonly threshold: number } | { readonly categories: readonly number[] };
    };

export interface EnsembleHead {
  readonly source: string;
  readonly featureNames: readonly string[];
  /** None by default. */
  readonly valueNames?: ValueNames;
  readonly outputs: number;
  readonly base: readonly number[];
  readonly link: Link;
  readonly precision: 'float64' | 'float32';
}

/** Bounds memory and recursion on a hostile file. */
export const MAX_NODES = 16_777_216;
/** Libraries grow tens of levels; beyond this a file is hostile, and walks that recurse would exhaust the stack. */
export const MAX_DEPTH = 2048;
const MAX_FEATURES = 1_000_000;
const MAX_OUTPUTS = 10_000;
const MAX_CATEGORY = 16_777_215;

export class EnsembleBuilder {
  readonly #head: EnsembleHead;
  readonly #treeStart: number[] = [0];
  readonly #treeOutput: number[] = [];
  readonly #feature: number[] = [];
  readonly #threshold: number[] = [];
  readonly #left: number[] = [];
  readonly #right: number[] = [];
  readonly #routing: number[] = [];
  readonly #at: number[] = [];
  readonly #cover: number[] = [];
  readonly #values: number[] = [];
  readonly #categories: number[] = [];

  /** @throws {ExplainError} BAD_MODEL */
  constructor(head: EnsembleHead) {
    const features = head.featureNames.length;
    if (features < 1 || features > MAX_FEATURES) {
      throw bad(head.source, `it has ${features} features; between 1 and ${MAX_FEATURES} are read`);
    }
    if (!Number.isInteger(head.outputs) || head.outputs < 1 || head.outputs > MAX_OUTPUTS) {
      throw bad(head.source, `it has ${head.outputs} outputs; between 1 and ${MAX_OUTPUTS} are read`);
    }
    if (head.base.length !== head.outputs || !head.base.every(Number.isFinite)) {
      throw bad(head.source, `its base score is [${head.base.join(', ')}]; ${head.outputs} finite numbers are needed`);
    }
    this.#head = head;
  }

  /** Adds one tree whose root is node 0. @param output the margin it adds to, or −1 for all of them. @throws {ExplainError} BAD_MODEL */
  addTree(nodes: readonly ParsedNode[], output: number): void {
    const name = `tree ${this.#treeOutput.length}`;
    if (!Number.isInteger(output) || output < -1 || output >= this.#head.outputs) {
      throw this.#bad(`${name} adds to output ${output}, but there are ${this.#head.outputs}`);
    }
    if (nodes.length === 0) throw this.#bad(`${name} has no node`);
    const first = this.#feature.length;
    if (first + nodes.length > MAX_NODES) throw this.#bad(`it has more than ${MAX_NODES} nodes`);
    // A tree visits each node at most once; more visits mean a cycle or a shared child.
    const pending: {
      readonly node: number;
      readonly parent: number;
      readonly isLeft: boolean;
      readonly depth: number;
    }[] = [{ node: 0, parent: -1, isLeft: true, depth: 0 }];
    for (let visits = 0; pending.length > 0; visits += 1) {
      const { node, parent, isLeft, depth } = pending.pop()!;
      const parsed = nodes[node];
      if (parsed === undefined) throw this.#bad(`${name} refers to node ${node}, but has ${nodes.length} nodes`);
      if (visits >= nodes.length) throw this.#bad(`${name} reaches node ${node} on two ways; it is not a tree`);
      if (depth > MAX_DEPTH) throw this.#bad(`${name} has more than ${MAX_DEPTH} levels`);
      const index = this.#feature.length;
      if (parent >= 0) (isLeft ? this.#left : this.#right)[parent] = index;
      this.#addNode(parsed, output, `${name}, node ${node}`);
      if ('values' in parsed) continue;
      pending.push(
        { node: parsed.right, parent: index, isLeft: false, depth: depth + 1 },
        { node: parsed.left, parent: index, isLeft: true, depth: depth + 1 },
      );
    }
    this.#treeStart.push(this.#feature.length);
    this.#treeOutput.push(output);
  }

  #addNode(parsed: ParsedNode, output: number, name: string): void {
    if (!(parsed.cover >= 0 && parsed.cover < Number.POSITIVE_INFINITY)) {
      throw this.#bad(`${name} has cover ${parsed.cover}; a finite number ≥ 0 is needed`);
    }
    const leaf = 'values' in parsed;
    this.#cover.push(parsed.cover);
    this.#left.push(-1);
    this.#right.push(-1);
    this.#feature.push(leaf ? -1 : parsed.feature);
    this.#routing.push(leaf ? 0 : parsed.routing);
    if (leaf) {
      const expected = output >= 0 ? 1 : this.#head.outputs;
      if (parsed.values.length !== expected || !parsed.values.every(Number.isFinite)) {
        throw this.#bad(
          `${name} has the leaf value [${parsed.values.join(', ')}]; ${expected} finite numbers are needed`,
        );
      }
      this.#threshold.push(0);
      this.#at.push(this.#values.length);
      this.#values.push(...parsed.values);
      return;
    }
    const { feature, split } = parsed;
    if (!Number.isInteger(feature) || feature < 0 || feature >= this.#head.featureNames.length) {
      throw this.#bad(`${name} tests feature ${feature}, but there are ${this.#head.featureNames.length}`);
    }
    if ('threshold' in split) {
      if (Number.isNaN(split.threshold)) throw this.#bad(`${name} has no number as threshold`);
      this.#threshold.push(split.threshold);
      this.#at.push(-1);
    } else {
      this.#threshold.push(0);
      this.#at.push(this.#categories.length);
      this.#addCategories(split.categories, name);
      this.#routing[this.#routing.length - 1]! |= CATEGORICAL;
    }
  }

  #addCategories(categories: readonly number[], name: string): void {
    let largest = -1;
    for (const category of categories) {
      if (!Number.isInteger(category) || category < 0 || category > MAX_CATEGORY) {
        throw this.#bad(`${name} lists category ${category}; whole numbers from 0 to ${MAX_CATEGORY} are read`);
      }
      largest = Math.max(largest, category);
    }
    const words = new Uint32Array((largest + 32) >>> 5);
    for (const category of categories) words[category >>> 5]! |= 1 << (category & 31);
    this.#categories.push(words.length);
    for (const word of words) this.#categories.push(word);
  }

  /** O(nodes). */
  finish(): TreeEnsemble {
    return {
      ...this.#head,
      valueNames: this.#head.valueNames ?? new Map(),
      base: Float64Array.from(this.#head.base),
      treeStart: Int32Array.from(this.#treeStart),
      treeOutput: Int32Array.from(this.#treeOutput),
      feature: Int32Array.from(this.#feature),
      threshold: Float64Array.from(this.#threshold),
      left: Int32Array.from(this.#left),
      right: Int32Array.from(this.#right),
      routing: Uint8Array.from(this.#routing),
      at: Int32Array.from(this.#at),
      values: Float64Array.from(this.#values),
      categories: Uint32Array.from(this.#categories),
      cover: Float64Array.from(this.#cover),
    };
  }

  #bad(what: string): ExplainError {
    return bad(this.#head.source, what);
  }
}

function bad(source: string, what: string): ExplainError {
  return new ExplainError(
    'BAD_MODEL',
    `this ${source} model cannot be read: ${what}. Save the model again with ${source}`,
  );
}
