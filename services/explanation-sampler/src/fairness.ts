/** Fairness of decisions: predictions as they come, labels when they come. */
import type { OutcomeObserved, PredictionLogged } from '@weir/events/generated/events';
import { ExplainError } from '@weir/explain/errors';
import { type FairnessConfig, FairnessMonitor } from '@weir/explain/fairness/monitor';
import type { SamplerConfig } from './config.ts';
import { type Attribute, attributesOf, groupOf } from './fairness-groups.ts';
import type { FairnessWatch, ModelState, VersionState } from './state.ts';

/** What counts as the favourable decision. */
export interface DecisionRule {
  /** Index of the output. */
  readonly output: number;
  readonly isAtLeast: boolean;
  readonly threshold: number;
}

export function fairnessOf({ catalogue, config }: ModelState, { featureSet }: VersionState): FairnessWatch {
  const { attributes, unwatched } = attributesOf(catalogue, featureSet, config.segments);
  const counts = { decisions: 0, labels: 0, undecided: 0, alerts: new Map() };
  if (attributes.length === 0) return { attributes, unwatched, monitor: null, ...counts };
  try {
    return { attributes, unwatched, monitor: new FairnessMonitor(monitorConfig(attributes, config)), ...counts };
  } catch (error) {
    if (!(error instanceof ExplainError)) throw error;
    const refused = attributes.map(({ name }) => ({ column: name, reason: error.message }));
    return { attributes: [], unwatched: [...unwatched, ...refused], monitor: null, ...counts };
  }
}

export function monitorConfig(attributes: readonly Attribute[], config: SamplerConfig): FairnessConfig {
  return {
    attributes: Object.fromEntries(attributes.map(({ name, groups }) => [name, groups])),
    ratio: config.fairnessRatio,
    calibration: config.fairnessCalibration,
    alpha: config.fairnessAlpha,
    minGroupSize: config.minGroup,
    maxPending: config.maxPending,
  };
}

/** Of the segments of an event those that are protected attributes. @param all read only where there are any */
export function protectedSegments(
  { fairness }: VersionState,
  all: () => Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const names = fairness.attributes.flatMap(({ name, source }) => (source === 'segment' ? name : []));
  if (names.length === 0) return {};
  const given = all();
  return Object.fromEntries(names.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])));
}

/** Of an output that the configuration names for the model, else the first output from 0.5 on. */
export function decisionRule({ model, config }: ModelState, { outputs }: VersionState): DecisionRule {
  for (const each of config.decisions) {
    const [, name = '', output = '', sign = '', threshold = ''] = /^(.+?)\/([^<>=]+)(>=|<=)(.+)$/.exec(each) ?? [];
    const index = outputs.indexOf(output);
    if (name === model && index >= 0) return { output: index, isAtLeast: sign === '>=', threshold: Number(threshold) };
  }
  return { output: 0, isAtLeast: true, threshold: 0.5 };
}

/** Whether every unfavourable decision of the model is explained, and this is one. @param outputs by index; NaN = missing */
export function mustExplain(model: ModelState, version: VersionState, outputs: (index: number) => number): boolean {
  if (!model.config.mandatoryModels.includes(model.model)) return false;
  const rule = decisionRule(model, version);
  const value = outputs(rule.output);
  return !Number.isNaN(value) && !isFavourable(rule, value);
}

function isFavourable({ isAtLeast, threshold }: DecisionRule, value: number): boolean {
  return isAtLeast ? value >= threshold : value <= threshold;
}

/** True when it counted. */
export function observeDecision(model: ModelState, version: VersionState, prediction: PredictionLogged): boolean {
  const { monitor, attributes } = version.fairness;
  if (monitor === null) return false;
  const rule = decisionRule(model, version);
  const { output, isAtLeast } = rule;
  const value = prediction.outputs[output] ?? Number.NaN;
  if (Number.isNaN(value)) {
    version.fairness.undecided += 1;
    return false;
  }
  // Where low outputs are favourable, the favourable truth is label 0.
  const score = value >= 0 && value <= 1 ? { score: isAtLeast ? value : 1 - value } : {};
  monitor.observe({
    eventId: prediction.id,
    values: attributes.map((attribute) => groupOf(attribute, prediction)),
    selected: isFavourable(rule, value),
    ...score,
  });
  version.fairness.decisions += 1;
  return true;
}

/** The versions whose figures changed: that which made the prediction, or all while it has not come. */
export function observeLabel(
  model: ModelState,
  { predictionId, label, revision }: OutcomeObserved,
): readonly VersionState[] {
  if (label !== 0 && label !== 1) return [];
  const watched = [...model.versions.values()].filter(({ fairness }) => fairness.monitor !== null);
  const own = watched.filter(({ fairness }) => fairness.monitor?.pending.get(predictionId) !== undefined);
  return (own.length > 0 ? own : watched).filter((version) => {
    const truth = decisionRule(model, version).isAtLeast ? label : label === 1 ? 0 : 1;
    const isNew = version.fairness.monitor?.label({ eventId: predictionId, label: truth, revision }) ?? false;
    if (isNew) version.fairness.labels += 1;
    return isNew;
  });
}
