/** Which columns carry the gap of scores between a group and all others, from the sample of explanations. */
import { addToGap, type GapTerm, gapCount, gapFields, gapTerms } from '@weir/explain/fairness/gap';
import { groupOf } from './fairness-groups.ts';
import type { FairnessWatch, Item, VersionState } from './state.ts';

/** Numbers of all groups together: groupings beyond it are not decomposed. */
const MAX_NUMBERS = 262_144;

export interface Gap {
  readonly group: string;
  /** Explained events of the group, and of the other groups that are large enough. */
  readonly explained: number;
  readonly othersExplained: number;
  /** Of prediction less base, in the unit of the game. */
  readonly score: GapTerm;
  /** Per column of the feature set, in its order. */
  readonly columns: readonly GapTerm[];
}

/** Sums for the groups of the first groupings, as many as fit. @param columns of the feature set */
export function newGapSums({ monitor }: FairnessWatch, columns: number): Float64Array {
  const fields = gapFields(columns + 1);
  const groups = monitor?.first.findLast((each) => each * fields <= MAX_NUMBERS) ?? 0;
  return new Float64Array(groups * fields);
}

/** Adds an explained event to its groups. @param score prediction less base */
export function addGap(
  { fairness, importance }: VersionState,
  item: Item,
  attributions: Float64Array,
  score: number,
): void {
  const { monitor, attributes } = fairness;
  if (monitor === null || importance === null) return;
  const fields = gapFields(attributions.length + 1);
  const row = [...attributions, score];
  for (const group of monitor.groupsOf(attributes.map((attribute) => groupOf(attribute, item))))
    if (group >= 0 && (group + 1) * fields <= importance.gaps.length)
      addToGap(importance.gaps, group * fields, row, 1 / item.inclusionProbability);
}

/** Of every group that may be shown. O(groups² · columns) within a grouping. */
export function gapsOf(version: VersionState): readonly Gap[] {
  const { monitor } = version.fairness;
  return (monitor?.groupings ?? []).flatMap(({ groups }, grouping) =>
    groups.flatMap((_, index) => gapIn(version, grouping, index) ?? []),
  );
}

/** Of one group; undefined while it may not be shown. */
export function gapOf(version: VersionState, group: string): Gap | undefined {
  const { monitor } = version.fairness;
  for (const [grouping, { groups }] of (monitor?.groupings ?? []).entries()) {
    const index = groups.indexOf(group);
    if (index >= 0) return gapIn(version, grouping, index);
  }
  return undefined;
}

/** Undefined while the group, or all others of the smallest size together, have too few explanations, and beyond the bound. */
function gapIn({ fairness, importance, columns }: VersionState, grouping: number, index: number): Gap | undefined {
  const { monitor } = fairness;
  if (monitor === null || importance === null) return undefined;
  const { gaps } = importance;
  const fields = gapFields(columns.length + 1);
  const first = monitor.first[grouping] as number;
  const end = monitor.first[grouping + 1] as number;
  const isLarge = (group: number): boolean => gapCount(gaps, group * fields) >= monitor.config.minGroupSize;
  const own = first + index;
  if (end * fields > gaps.length || !isLarge(own)) return undefined;
  const others: number[] = [];
  for (let group = first; group < end; group += 1) if (group !== own && isLarge(group)) others.push(group * fields);
  if (others.length === 0) return undefined;
  const terms = gapTerms(gaps, columns.length + 1, [own * fields], others);
  return {
    group: monitor.groupings[grouping]?.groups[index] ?? '',
    explained: gapCount(gaps, own * fields),
    othersExplained: others.reduce((sum, at) => sum + gapCount(gaps, at), 0),
    score: terms.at(-1) as GapTerm,
    columns: terms.slice(0, -1),
  };
}
