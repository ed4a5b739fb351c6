/** A comparison as bytes. Its settings are not in them: they come from the policy, whose hash each decision carries. */
import { type Comparison, type ComparisonSettings, createComparison } from './comparison.ts';
import { visitProcess } from './e-process.ts';
import { loadNumbers, saveNumbers, type Visit } from './saved-numbers.ts';

export const COMPARISON_VERSION = 1;

/** O(G · segments). */
export function saveComparison(comparison: Comparison): Uint8Array {
  return saveNumbers(COMPARISON_VERSION, shapeOf(comparison.settings), visitOf(comparison));
}

/**
 * What `saveComparison` gave, under the settings of then.
 * @throws {BanditError} BAD_STATE when version, shape or a value cannot be theirs
 */
export function loadComparison(bytes: Uint8Array, settings: ComparisonSettings): Comparison {
  const comparison = createComparison(settings);
  loadNumbers(bytes, COMPARISON_VERSION, shapeOf(settings), visitOf(comparison));
  return comparison;
}

function shapeOf({ promote, harm, segments }: ComparisonSettings): number[] {
  return [promote.sizes.length, harm.sizes.length, segments];
}

function visitOf({ promote, harm, segments }: Comparison): Visit {
  return (pass) => {
    visitProcess(promote, pass);
    visitProcess(harm, pass);
    for (const segment of segments) {
      segment.outcomes = pass(segment.outcomes);
      segment.rewards = pass(segment.rewards);
      segment.design = pass(segment.design);
      if (segment.harm !== undefined) visitProcess(segment.harm, pass);
    }
  };
}
