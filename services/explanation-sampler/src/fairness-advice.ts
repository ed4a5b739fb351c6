/** Which columns carry a gap, and what could be done about it. Advice: no decision, no policy and no model is changed by it. */
import { type GroupThreshold, proposalsOf } from '@weir/explain/fairness/advice';
import type { GapTerm } from '@weir/explain/fairness/gap';
import { decisionRule } from './fairness.ts';
import { finite } from './finite.ts';
import { gapsOf } from './gap-features.ts';
import type { ModelState, VersionState } from './state.ts';

/** Columns of one gap that are shown, the largest first. */
const MAX_COLUMNS = 50;

/** Per group that may be shown: the gap of scores to all others, column by column. */
export function gapsShown(version: VersionState): readonly object[] {
  const game = version.importance?.game ?? null;
  return gapsOf(version).map(({ group, explained, othersExplained, score, columns }) => ({
    group,
    explained,
    othersExplained,
    game,
    scoreGap: termShown(score),
    columns: columns
      .map((term, column) => ({ column: version.columns[column]?.name ?? '', ...termShown(term) }))
      .sort((a, b) => Math.abs(b.gap ?? 0) - Math.abs(a.gap ?? 0))
      .slice(0, MAX_COLUMNS),
  }));
}

export function adviceViewOf(model: ModelState): object {
  return {
    model: model.model,
    note: 'Proposals from what was observed: nothing here was done or will be done by itself. A threshold per group uses the protected attribute in the decision; whether that is allowed is not known here.',
    versions: [...model.versions.values()].map((version) => adviceOf(model, version)),
  };
}

function adviceOf(model: ModelState, version: VersionState): object {
  const { monitor, alerts } = version.fairness;
  const { output, isAtLeast, threshold } = decisionRule(model, version);
  const name = version.outputs[output] ?? '';
  const proposals = monitor === null ? [] : proposalsOf(monitor);
  const thresholds = proposals.flatMap(({ attributes, selectionRate, truePositiveRate }) =>
    (
      [
        ['selection-rate', selectionRate],
        ['true-positive-rate', truePositiveRate],
      ] as const
    ).flatMap(([criterion, groups]) =>
      groups.length === 0
        ? []
        : {
            attributes: attributes.join(', '),
            criterion,
            groups: groups.map((each) => thresholdShown(each, name, isAtLeast)),
          },
    ),
  );
  return {
    version: version.version,
    favourable: `${name} ${isAtLeast ? '>=' : '<='} ${threshold}`,
    openAlerts: [...alerts.values()].map(({ open }) => open.id),
    thresholds,
    reweighing: proposals.flatMap(({ attributes, reweighing }) =>
      reweighing.length === 0
        ? []
        : {
            attributes: attributes.join(', '),
            groups: reweighing.map(({ group, labelZero, labelOne }) =>
              // The monitor's label 1 is the truth that the favourable decision hopes for.
              isAtLeast
                ? { group, label0: labelZero, label1: labelOne }
                : { group, label0: labelOne, label1: labelZero },
            ),
          },
    ),
    promotion: alerts.size === 0 ? null : blockOf(model, version),
  };
}

function blockOf({ model }: ModelState, { version }: VersionState): object {
  return {
    policy: { alerts: [{ kind: 'fairness', severity: 'warning', action: 'hold' }] },
    means: `with these lines in the promotion policy of ${model} no version is promoted while a fairness alert is open; with "rollback" version ${version} loses its traffic where it is the challenger`,
    set: `PUT /v1/models/${encodeURIComponent(model)}/policy`,
  };
}

/** Proposed on the scale on which high is favourable. */
function thresholdShown(
  { group, threshold, rateNow, rate }: GroupThreshold,
  output: string,
  isAtLeast: boolean,
): object {
  const value = finite(isAtLeast ? threshold : Math.round(100 - 100 * threshold) / 100);
  return {
    group,
    favourable: value === null ? 'none' : `${output} ${isAtLeast ? '>=' : '<='} ${value}`,
    threshold: value,
    rateNow,
    rate,
  };
}

function termShown({ gap, interval }: GapTerm): {
  readonly gap: number | null;
  readonly interval: readonly (number | null)[];
} {
  return { gap: finite(gap), interval: interval.map(finite) };
}
