/**
 * LightGBM's text model (`Booster.save_model`), versions v3 and v4. Format: LightGBM src/io/gbdt_model_text.cpp and tree.cpp.
 * Contributions use the row counts of the file, as `pred_contrib` does.
 */
import { ExplainError } from '../errors.ts';
import { DEFAULT_LEFT, MISSING, type TreeEnsemble } from './ensemble.ts';
import { EnsembleBuilder, type ParsedNode } from './ensemble-builder.ts';
import { lightgbmLink } from './lightgbm-objective.ts';
import { type ValueNames, valueNamesOf } from './pandas-categories.ts';

type Section = ReadonlyMap<string, string>;

/** @throws {ExplainError} BAD_MODEL, MODEL_REFUSED (linear trees, unknown objectives). O(length). */
export function parseLightgbmText(text: string): TreeEnsemble {
  const [head, ...trees] = sections(text);
  if (head === undefined || !head.has('tree')) throw bad('it does not begin with the line "tree"');
  const features = whole(head, 'max_feature_idx') + 1;
  const perIteration = whole(head, 'num_tree_per_iteration');
  const names = head.get('feature_names')?.split(' ') ?? [];
  const builder = new EnsembleBuilder({
    source: 'LightGBM',
    featureNames:
      names.length === features ? names : Array.from({ length: Math.min(features, 1_000_001) }, (_, at) => `f${at}`),
    valueNames: pandasCategories(text, head),
    outputs: perIteration,
    base: Array.from({ length: Math.min(Math.max(0, perIteration), 10_000) }, () => 0),
    link: lightgbmLink(head.get('objective') ?? ''),
    precision: 'float64',
  });
  if (perIteration < 1 || trees.length % perIteration !== 0) {
    throw bad(
      `its ${trees.length} trees are no multiple of num_tree_per_iteration=${perIteration}; the file may be cut short`,
    );
  }
  const sizes = head.get('tree_sizes');
  if (sizes !== undefined && sizes.trim() !== '' && sizes.trim().split(/\s+/).length !== trees.length) {
    throw bad(
      `tree_sizes lists ${sizes.trim().split(/\s+/).length} trees, but ${trees.length} follow; the file may be cut short`,
    );
  }
  const scale = head.has('average_output') ? perIteration / trees.length : 1;
  for (const [at, tree] of trees.entries()) builder.addTree(nodesOf(tree, scale), at % perIteration);
  return builder.finish();
}

/** They stand on a line of their own behind everything else. */
function pandasCategories(text: string, head: Section): ValueNames {
  const line = /^pandas_categorical:(.*)$/m.exec(text.slice(text.lastIndexOf('\npandas_categorical:') + 1))?.[1];
  if (line === undefined || head.get('feature_infos') === undefined) return new Map();
  let written: unknown;
  try {
    written = JSON.parse(line);
  } catch (cause) {
    throw new ExplainError('BAD_MODEL', `pandas_categorical is no JSON: ${String(cause)}; save the model again`, {
      cause,
    });
  }
  // A range in brackets of a number, values between colons of a category, none of a constant.
  const infos = (head.get('feature_infos') ?? '').split(' ');
  return valueNamesOf(
    written,
    infos.map((info) => info.includes(':') && !info.startsWith('[')),
  );
}

/** The head and one section per tree; `end of trees` and what follows it is left out. */
function sections(text: string): Section[] {
  const found: Map<string, string>[] = [new Map()];
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line === 'end of trees') break;
    if (/^Tree=\d+$/.test(line)) found.push(new Map());
    const equals = line.indexOf('=');
    if (line !== '')
      found.at(-1)!.set(equals < 0 ? line : line.slice(0, equals), equals < 0 ? '' : line.slice(equals + 1));
  }
  return found;
}

function nodesOf(tree: Section, scale: number): ParsedNode[] {
  if (tree.get('is_linear') === '1') {
    throw new ExplainError(
      'MODEL_REFUSED',
      'this LightGBM model has linear trees, whose leaves are not constants; train with linear_tree=false',
    );
  }
  const leaves = whole(tree, 'num_leaves');
  if (leaves < 1) throw bad(`a tree has num_leaves=${leaves}`);
  const leafValue = numbers(tree, 'leaf_value', leaves);
  if (leaves === 1) return [{ values: [leafValue[0]! * scale], cover: 1 }];
  const splits = leaves - 1;
  const feature = numbers(tree, 'split_feature', splits);
  const threshold = numbers(tree, 'threshold', splits);
  const decision = numbers(tree, 'decision_type', splits);
  const left = numbers(tree, 'left_child', splits);
  const right = numbers(tree, 'right_child', splits);
  const cover = numbers(tree, 'internal_count', splits);
  const leafCover = numbers(tree, 'leaf_count', leaves);
  // A child ≥ 0 is a split, a child < 0 the leaf ~child; here leaves stand behind the splits.
  const child = (index: number): number => (index >= 0 ? index : splits + ~index);
  const nodes: ParsedNode[] = feature.map((each, at) => ({
    feature: each,
    left: child(left[at]!),
    right: child(right[at]!),
    cover: cover[at]!,
    routing: routingOf(decision[at]!),
    split:
      (decision[at]! & 1) === 1 ? { categories: categoriesOf(tree, threshold[at]!) } : { threshold: threshold[at]! },
  }));
  for (const [at, value] of leafValue.entries()) nodes.push({ values: [value * scale], cover: leafCover[at]! });
  return nodes;
}

/** Bit 0 categorical, bit 1 default left, bits 2 and 3 the missing type. */
function routingOf(decision: number): number {
  const missing = [MISSING.none, MISSING.zero, MISSING.nan][decision >> 2];
  if (missing === undefined) throw bad(`decision_type ${decision} has an unknown missing type`);
  return missing | ((decision & 2) !== 0 ? DEFAULT_LEFT : 0);
}

function categoriesOf(tree: Section, set: number): number[] {
  const boundaries = numbers(tree, 'cat_boundaries', whole(tree, 'num_cat') + 1);
  const words = numbers(tree, 'cat_threshold', boundaries.at(-1)!);
  const categories: number[] = [];
  const from = boundaries[set];
  const to = boundaries[set + 1];
  if (from === undefined || to === undefined) throw bad(`a split refers to category set ${set}, which is not there`);
  for (let word = from; word < to; word += 1) {
    for (let bit = 0; bit < 32; bit += 1)
      if (((words[word]! >>> bit) & 1) === 1) categories.push((word - from) * 32 + bit);
  }
  return categories;
}

function whole(section: Section, field: string): number {
  const value = Number(section.get(field) ?? Number.NaN);
  if (!Number.isSafeInteger(value))
    throw bad(`${field} is ${section.get(field) ?? 'missing'}, but must be a whole number`);
  return value;
}

function numbers(section: Section, field: string, count: number): number[] {
  const values = (section.get(field) ?? '')
    .split(' ')
    .filter((part) => part !== '')
    .map(spelled);
  if (values.length !== count || values.some(Number.isNaN)) {
    throw bad(
      `${field} has ${values.length} values, of which ${values.filter(Number.isNaN).length} are no numbers; ${count} numbers are needed`,
    );
  }
  return values;
}

function spelled(part: string): number {
  if (part === 'inf') return Number.POSITIVE_INFINITY;
  return part === '-inf' ? Number.NEGATIVE_INFINITY : Number(part);
}

function bad(what: string): ExplainError {
  return new ExplainError(
    'BAD_MODEL',
    `this LightGBM text model cannot be read: ${what}. Save it again with Booster.save_model`,
  );
}
