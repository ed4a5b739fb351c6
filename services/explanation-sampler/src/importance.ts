/** Importance of columns over the whole stream, from its sample, and whether their shares of the attributions have moved. */
import { raiseAlert, resolveAlert } from '@weir/alerts/alert';
import type { Cause } from '@weir/alerts/finding';
import { AttributionDrift } from '@weir/explain/drift/attribution';
import { addToHajek, emptyHajek } from '@weir/explain/sampling/hajek';
import type { Output } from '@weir/service-kit/processor';
import { newGapSums } from './gap-features.ts';
import { shareFinding, shareLevels } from './share-finding.ts';
import { AVERAGE_RUN_LENGTH, referenceOf } from './shares.ts';
import type { Importance, Item, ModelState, VersionState } from './state.ts';

/** Weight of the newest explanation in the recent shares: about the last 100. */
const FORGETTING = 0.01;
/** Explanations in a row within the tolerance after which an alert resolves. */
const RECOVERY = 200;

export interface Observation {
  readonly item: Item;
  readonly game: string;
  /** Empty for games without one. */
  readonly background: string;
  readonly attributions: Float64Array;
}

export function observeImportance(
  model: ModelState,
  version: VersionState,
  observation: Observation,
  cause: Cause,
  emit: (output: Output) => void,
): void {
  const { attributions, item } = observation;
  const importance = importanceFor(model, version, observation, cause, emit);
  addToHajek(importance.sums, [...attributions.map(Math.abs), ...attributions], item.inclusionProbability);
  const shares = sharesOf(attributions);
  if (importance.detector === null) learnReference(model, importance, shares, item.inclusionProbability);
  else watchShares(model, version, importance, observation, shares, cause, emit);
}

/** That of the model, game and background at hand: sums of others end here. */
function importanceFor(
  model: ModelState,
  version: VersionState,
  { game, background: backgroundId }: Observation,
  cause: Cause,
  emit: (output: Output) => void,
): Importance {
  const modelHash = version.load.hash;
  const known = version.importance;
  if (known?.modelHash === modelHash && known.game === game && known.backgroundId === backgroundId) return known;
  if (known !== null) endShareAlerts(model, version, cause, 'model-changed', emit);
  const columns = version.columns.length;
  version.importance = {
    modelHash,
    game,
    backgroundId,
    sums: emptyHajek(2 * columns),
    shares: new Float64Array(columns),
    sharesWeight: 0,
    sharesCount: 0,
    detector: null,
    recent: new Float64Array(columns),
    gaps: newGapSums(version.fairness, columns),
    alerts: new Map(),
  };
  return version.importance;
}

function sharesOf(attributions: Float64Array): Float64Array {
  const total = attributions.reduce((sum, each) => sum + each * each, 0);
  return attributions.map((each) => (total === 0 ? 1 / attributions.length : (each * each) / total));
}

function learnReference(
  { config }: ModelState,
  importance: Importance,
  shares: Float64Array,
  inclusionProbability: number,
): void {
  const weight = 1 / inclusionProbability;
  for (const [column, share] of shares.entries())
    importance.shares[column] = (importance.shares[column] as number) + weight * share;
  importance.sharesWeight += weight;
  importance.sharesCount += 1;
  if (importance.sharesCount < config.referenceSize) return;
  importance.recent.set(referenceOf(importance));
  importance.detector = newDetector(importance, config.shareTolerance);
}

/** From this inclusion probability on weights undo the sampling; half the harmonic mean of the reference's, which few events are below. */
function exactFrom({ sharesCount, sharesWeight }: Importance): number {
  return sharesCount / sharesWeight / 2;
}

export function newDetector(
  importance: Importance,
  tolerance: number,
  state?: AttributionDrift['state'],
): AttributionDrift {
  const config = {
    reference: referenceOf(importance),
    tolerance,
    averageRunLength: AVERAGE_RUN_LENGTH,
    minInclusion: exactFrom(importance),
  };
  return new AttributionDrift(config, state);
}

function watchShares(
  model: ModelState,
  version: VersionState,
  importance: Importance,
  { attributions, item }: Observation,
  shares: Float64Array,
  cause: Cause,
  emit: (output: Output) => void,
): void {
  const { recent, alerts } = importance;
  const weight = Math.min(1, exactFrom(importance) / item.inclusionProbability);
  for (const [column, share] of shares.entries())
    recent[column] = (recent[column] as number) + FORGETTING * weight * (share - (recent[column] as number));
  const reference = referenceOf(importance);
  const moved = (column: number): boolean =>
    Math.abs((recent[column] as number) - (reference[column] as number)) > model.config.shareTolerance;
  const { drift, contributors } = (importance.detector as AttributionDrift).observe(
    attributions,
    item.inclusionProbability,
  );
  if (drift)
    for (const { feature } of contributors) {
      if (alerts.has(feature) || !moved(feature)) continue;
      const { open, output } = raiseAlert(
        shareFinding(model, version, feature, cause),
        cause,
        shareLevels(model.config),
      );
      alerts.set(feature, { open, recovered: 0 });
      emit(output);
    }
  for (const [column, alert] of alerts) {
    alert.recovered = moved(column) ? 0 : alert.recovered + 1;
    if (alert.recovered < RECOVERY) continue;
    emit(resolveAlert(alert.open, shareFinding(model, version, column, cause), cause, 'recovered'));
    alerts.delete(column);
    // Evidence of a change that is over must not raise the next alert.
    if (alerts.size === 0) importance.detector = newDetector(importance, model.config.shareTolerance);
  }
}

function endShareAlerts(
  model: ModelState,
  version: VersionState,
  cause: Cause,
  reason: string,
  emit: (output: Output) => void,
): void {
  for (const [column, { open }] of version.importance?.alerts ?? [])
    emit(resolveAlert(open, shareFinding(model, version, column, cause), cause, reason));
}
