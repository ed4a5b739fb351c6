/**
 * Players of the Shapley game. By default each feature is one; columns that encode one quantity, such as the dummies of a category, play
 * together, so that the category gets one attribution and its sign is not lost in a sum of absolute values.
 */
import { ExplainError } from '../errors.ts';

export interface Players {
  readonly names: readonly string[];
  /** Player of each feature. */
  readonly ofFeature: Int32Array;
}

/** Each feature on its own, unless `groups` names several features under one name. @throws {ExplainError} BAD_ARGUMENT. O(M). */
export function playersOf(
  featureNames: readonly string[],
  groups: Readonly<Record<string, readonly string[]>> = {},
): Players {
  const groupOf = new Map<string, string>();
  for (const [group, members] of Object.entries(groups)) {
    for (const member of members) {
      if (!featureNames.includes(member)) {
        throw new ExplainError(
          'BAD_ARGUMENT',
          `the group "${group}" names the feature "${member}", which the model does not have`,
        );
      }
      if (groupOf.has(member)) {
        throw new ExplainError(
          'BAD_ARGUMENT',
          `the feature "${member}" is in the groups "${groupOf.get(member)}" and "${group}"; name it once`,
        );
      }
      groupOf.set(member, group);
    }
  }
  const names: string[] = [];
  const playerOf = new Map<string, number>();
  const ofFeature = featureNames.map((feature, at) => {
    // A feature and a group may bear the same name; they stay two players.
    const group = groupOf.get(feature);
    const key = group === undefined ? `feature ${at}` : `group ${group}`;
    const known = playerOf.get(key);
    if (known !== undefined) return known;
    playerOf.set(key, names.length);
    return names.push(group ?? feature) - 1;
  });
  return { names, ofFeature: Int32Array.from(ofFeature) };
}
