/**
 * Traffic of models whose versions compete, in order of event time: predictions routed by the splits that were in force, and an outcome for each.
 * What a step holds follows from the seed and from the splits alone, so that a recorded stream is the list of its splits.
 */
import type { LogRecord } from '@weir/event-log/port';
import { philox } from '../../packages/bandit/src/counter-rng.ts';
import { WHOLE } from '../../packages/bandit/src/weights.ts';
import { NOW_MS, outcome, policySet, prediction, version } from '../../services/promotion/test/scene.ts';

export interface StreamSettings {
  readonly models: number;
  /** Registered at the beginning; each after the first has its test in turn. */
  readonly versions: number;
  /** Event time between two predictions, of whichever models, ms. */
  readonly stepMs: number;
  /** Steps from a prediction to its outcome; a multiple of the models. */
  readonly delay: number;
  readonly windowMs: number;
  readonly seed: number;
}

/** The split of a model from a step on. */
export interface RecordedSplit {
  readonly step: number;
  readonly epoch: number;
  readonly weights: Readonly<Record<string, number>>;
}

/** By index of the model. */
export type RecordedSplits = readonly (readonly RecordedSplit[])[];

/** A record and whose it is. */
export interface Sent {
  readonly model: number;
  readonly record: LogRecord;
}

const RANGE = 4_294_967_296;
/** Of the first prediction; the last one of 10^7 lies before the clock of the tests. */
const START_MS = NOW_MS - 1e9;
const words = new Uint32Array(4);

export const nameOf = (model: number): string => `m${model}`;

/** Success rate of a version: it goes up and down from one to the next, by 1 to 10 pp. */
const rateOf = (name: string): number => 0.6 + ((Number(name.slice(1)) * 7) % 11) / 100;

export class TrafficStream {
  readonly settings: StreamSettings;
  #offset = 0n;

  constructor(settings: StreamSettings) {
    this.settings = settings;
  }

  /** Records of the topic `models`. */
  beginning(): Sent[] {
    const { models, versions, windowMs } = this.settings;
    const reward = { metric: 'label', window: `${windowMs}ms`, missing: 'exclude', unit: 'account' };
    const policy = { reward, allocation: { policy: 'capped-thompson' }, duration: { min: '1s', max: '365d' } };
    return Array.from({ length: models }, (_, model) => [
      ...Array.from({ length: versions }, (__, index) => version(nameOf(model), `v${index}`)),
      policySet(nameOf(model), policy),
    ]).flatMap((records, model) => records.map((each) => this.#sent(model, each)));
  }

  /** Records of the topics `predictions` and `outcomes` of the steps from `from` up to `end`. */
  steps(
    from: number,
    end: number,
    splits: RecordedSplits,
  ): { readonly predictions: Sent[]; readonly outcomes: Sent[] } {
    const { models, delay } = this.settings;
    const predictions: Sent[] = [];
    const outcomes: Sent[] = [];
    for (let step = from; step < end; step += 1) {
      const model = step % models;
      predictions.push(this.#sent(model, this.#prediction(step, splits)));
      if (step >= delay) outcomes.push(this.#sent(model, this.#outcome(step - delay, splits)));
    }
    return { predictions, outcomes };
  }

  #prediction(step: number, splits: RecordedSplits) {
    const model = step % this.settings.models;
    const { epoch, weights } = splitAt(splits, model, step);
    const arm = this.#arm(step, weights);
    const propensity = (weights[arm] as number) / WHOLE;
    const eventTimeMs = this.#timeOf(step);
    const routing = { epoch, arm, propensity };
    return prediction(nameOf(model), { id: `p${step}`, version: arm, eventTimeMs, routing, latencyMs: 5 + (step % 7) });
  }

  #outcome(of: number, splits: RecordedSplits) {
    const model = of % this.settings.models;
    const arm = this.#arm(of, splitAt(splits, model, of).weights);
    const label = (words[1] as number) < rateOf(arm) * RANGE ? 1 : 0;
    const eventTimeMs = this.#timeOf(of + this.settings.delay);
    return outcome(nameOf(model), { predictionId: `p${of}`, eventTimeMs, label });
  }

  /** Leaves the draws of the step in `words`. */
  #arm(step: number, weights: RecordedSplit['weights']): string {
    philox([this.settings.seed, 0], [step, 0, 0, 0], words);
    let left = ((words[0] as number) / RANGE) * WHOLE;
    let last = '';
    for (const [arm, weight] of Object.entries(weights)) {
      if (weight === 0) continue;
      last = arm;
      left -= weight;
      if (left < 0) break;
    }
    return last;
  }

  #timeOf(step: number): number {
    return START_MS + step * this.settings.stepMs;
  }

  #sent(model: number, { key, value }: { readonly key: Uint8Array | null; readonly value: Uint8Array | null }): Sent {
    return { model, record: { offset: this.#offset++, key, value, headers: [], timestampMs: 0 } };
  }
}

function splitAt(splits: RecordedSplits, model: number, step: number): RecordedSplit {
  const found = splits[model]?.findLast((split) => split.step <= step);
  if (found === undefined) throw new Error(`model ${model} has no split at step ${step}`);
  return found;
}
