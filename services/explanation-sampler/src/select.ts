/** Which predictions are explained, and what becomes of one that is: stage one of the sampling. */
import { weightOf } from '@weir/explain/sampling/inclusion';
import { keep, settle, wouldKeep } from './background.ts';
import { ask } from './explaining.ts';
import { uniformOf } from './hashing.ts';
import type { Item, ModelState, VersionState } from './state.ts';

/** Another salt draws another sample. */
const SALT = 'explain/1';
/** Half of the weight is the same for all events; the rest favours uncertain and unusual outputs. */
const FLOOR = 0.5;
const PART = 0.25;
/** Weight of the newest output in the recent mean: about the last 500. */
const FORGETTING = 0.002;

/** One prediction. Its arrays are read only when something is made of them: most are stepped over. */
export interface Seen {
  readonly id: string;
  readonly eventTimeMs: number;
  /** First output; NaN = missing. */
  readonly output: number;
  /** Explained with probability 1. */
  readonly mandatory: boolean;
  readonly arrays: () => Pick<Item, 'numeric' | 'categorical' | 'segment'>;
}

export function select(model: ModelState, version: VersionState, seen: Seen): void {
  const background = model.backgrounds.get(version.featureSet);
  if (version.access === null || background === undefined) return;
  const hash = uniformOf(SALT, version.version, seen.id);
  if (background.id === '') {
    if (wouldKeep(background, hash, version.columns.length, model.config)) {
      const { numeric, categorical } = seen.arrays();
      keep(background, { hash, numeric, categorical }, model.config);
    }
    settle(background, model.config);
    if (background.id !== '') for (const each of model.versions.values()) ask(model, each);
    return;
  }
  const weight = weightOf(FLOOR, [
    { weight: PART, signal: uncertaintyOf(seen.output) },
    { weight: PART, signal: distanceOf(version, seen.output) },
  ]);
  const { taken, inclusionProbability } = version.sampler.choose({
    hash,
    eventTimeMs: seen.eventTimeMs,
    weight,
    mandatory: seen.mandatory,
  });
  if (!taken) return;
  if (version.queue.length >= model.config.queue) {
    version.shed += 1;
    return;
  }
  const { id: predictionId, eventTimeMs, output } = seen;
  const decisionsBefore = version.fairness.decisions;
  const drawn = { output, inclusionProbability, hash, isRequested: false };
  version.queue.push({ predictionId, eventTimeMs, ...seen.arrays(), decisionsBefore, ...drawn });
  ask(model, version);
}

/** 1 at 0.5, 0 at 0 and 1 and for outputs that are no probability. */
function uncertaintyOf(output: number): number {
  return output >= 0 && output <= 1 ? 1 - Math.abs(2 * output - 1) : 0;
}

/** How far the output is from its recent mean, in (0, 1); one half at the mean distance. This event enters the mean afterwards. */
function distanceOf({ level }: VersionState, output: number): number {
  if (!Number.isFinite(output)) return 0;
  const distance = Math.abs(output - level.mean);
  const signal = level.count === 0 || level.deviation === 0 ? 0 : distance / (distance + level.deviation);
  level.count += 1;
  const share = Math.max(FORGETTING, 1 / level.count);
  level.deviation += share * (distance - level.deviation);
  level.mean += share * (output - level.mean);
  return signal;
}
