/** A stream of traffic through the kernel of promotion, without a log: as a replay folds it. */
import { createHash, type Hash } from 'node:crypto';
import { partitionFor } from '@weir/event-log/partition';
import type { LogRecord } from '@weir/event-log/port';
import { Fold, type FoldSink } from '@weir/service-kit/processing/fold';
import type { Output } from '@weir/service-kit/processor';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { PromotionEvent } from '../../services/promotion/src/kernel.ts';
import { createPromotionProcessor } from '../../services/promotion/src/processor.ts';
import { UNSIGNED } from '../../services/promotion/src/signer.ts';
import type { ModelState } from '../../services/promotion/src/state.ts';
import { CONFIG, entryIn, NOW_MS } from '../../services/promotion/test/scene.ts';
import { nameOf, type RecordedSplit, type Sent, type StreamSettings, TrafficStream } from './traffic-stream.ts';

/** Steps of a slice: of less event time than may come late, so that its records may come in any order. */
const SLICE = 500;
const LATENESS_MS = 2_000;
/** Slices that are made before they are folded, so that the clock is read seldom. */
const BLOCK = 50;

export interface FoldedOptions {
  readonly settings: StreamSettings;
  /** Predictions; each has an outcome. */
  readonly steps: number;
  readonly partitions: number;
  /** The splits of an earlier run; without them those that the run itself decides. */
  readonly recorded?: readonly (readonly RecordedSplit[])[];
  /** Records of a slice come in another order than that of event time. */
  readonly isShuffled?: boolean;
  /** Called after each slice. */
  readonly look?: (folded: FoldedStream) => void;
}

/** Records of one topic, by partition. */
interface Slice {
  readonly topic: string;
  readonly partitions: readonly (readonly LogRecord[])[];
}

export class FoldedStream {
  readonly splits: RecordedSplit[][];
  /** Of every output, in order. */
  readonly digest: Hash = createHash('sha256');
  /** Decisions of each model, with their weights. */
  readonly decisions: Map<string, string[]> = new Map();
  /** CPU-seconds of the fold alone. */
  cpuSeconds = 0;
  events = 0;
  readonly #options: FoldedOptions;
  readonly #stream: TrafficStream;
  readonly #folds: readonly Fold<ModelState, PromotionEvent>[];
  readonly #places: readonly number[];
  readonly #random = xoroshiro128plus(11);

  constructor(options: FoldedOptions) {
    const { settings, partitions } = options;
    this.#options = options;
    this.#stream = new TrafficStream(settings);
    const config = { ...CONFIG, allowedLatenessMs: LATENESS_MS, maxOpen: 10_000_000 };
    this.#folds = Array.from({ length: partitions }, (_, partition) => {
      const folding = { partition, partitions, futureBoundMs: 3_600_000 };
      return new Fold(createPromotionProcessor([UNSIGNED]), config, folding, NOW_MS);
    });
    this.#places = Array.from({ length: settings.models }, (_, model) => partitionFor(nameOf(model), partitions));
    this.splits = Array.from({ length: settings.models }, () => []);
  }

  get open(): number {
    let open = 0;
    for (let model = 0; model < this.#places.length; model += 1) open += this.stateOf(model).joiner.open;
    return open;
  }

  stateOf(model: number): ModelState {
    const keys = this.#folds[this.#places[model] as number]?.keys;
    const found = keys?.get(nameOf(model));
    if (found === undefined) throw new Error(`nothing is known of model ${model}`);
    return found.state;
  }

  run(): this {
    const { steps, recorded, isShuffled = false, look } = this.#options;
    this.#fold([this.#sliced('models', this.#stream.beginning())]);
    // Splits that are not known before are those of the slice before.
    const block = SLICE * (recorded === undefined ? 1 : BLOCK);
    for (let from = 0; from < steps; from += block) {
      if (recorded === undefined) this.#record(from);
      const slices: Slice[] = [];
      for (let step = from; step < Math.min(from + block, steps); step += SLICE) {
        const end = Math.min(step + SLICE, steps);
        const { predictions, outcomes } = this.#stream.steps(step, end, recorded ?? this.splits);
        if (isShuffled) {
          slices.push(this.#sliced('outcomes', this.#shuffled(outcomes)));
          slices.push(this.#sliced('predictions', this.#shuffled(predictions)));
        } else {
          slices.push(this.#sliced('predictions', predictions));
          slices.push(this.#sliced('outcomes', outcomes));
        }
      }
      this.#fold(slices);
      look?.(this);
    }
    return this;
  }

  #record(step: number): void {
    for (const [model, splits] of this.splits.entries()) {
      const split = this.stateOf(model).splits.at(-1);
      if (split === undefined || split.epoch === splits.at(-1)?.epoch) continue;
      splits.push({ step, epoch: split.epoch, weights: split.weights });
    }
  }

  #sliced(topic: string, sent: readonly Sent[]): Slice {
    const partitions = this.#folds.map((): LogRecord[] => []);
    for (const { model, record } of sent) partitions[this.#places[model] as number]?.push(record);
    this.events += sent.length;
    return { topic, partitions };
  }

  #fold(slices: readonly Slice[]): void {
    const sink: FoldSink = {
      output: (output) => this.#note(output),
      reject: (_, __, { code, message }) => {
        throw new Error(`${code}: ${message}`);
      },
    };
    const start = process.cpuUsage();
    for (const { topic, partitions } of slices)
      for (const [partition, records] of partitions.entries())
        if (records.length > 0) this.#folds[partition]?.records(topic, records, sink);
    const { user, system } = process.cpuUsage(start);
    this.cpuSeconds += (user + system) / 1e6;
  }

  #note({ topic, key, value }: Output): void {
    this.digest.update(value ?? '');
    if (topic !== 'governance-log') return;
    const { decision, decisionId } = entryIn(value as Uint8Array);
    const decisions = this.decisions.get(key) ?? [];
    decisions.push(`${decision.action} ${decisionId} ${JSON.stringify(decision.weights ?? null)}`);
    this.decisions.set(key, decisions);
  }

  #shuffled(sent: Sent[]): Sent[] {
    for (let at = sent.length - 1; at > 0; at -= 1) {
      const other = uniformInt(this.#random, 0, at);
      [sent[at], sent[other]] = [sent[other] as Sent, sent[at] as Sent];
    }
    return sent;
  }
}
