/**
 * Fairness of a stream of decisions whose labels come later, more than once, or never. Per group and metric: counts, a confidence sequence, and a
 * betting test against a tolerance that may be looked at after every event. Alarms are controlled over all cells. A difference within the
 * tolerance never alarms, however long the stream: exact equality is no null hypothesis that a large sample leaves standing.
 *
 * The tests of label metrics bet once per event, when its first label comes, in order of arrival: valid when the delay does not depend on the
 * decision given group and label (true and false positive rate) or not on the label given group and decision (predictive value, calibration).
 * Revisions change counts, not bets. `bounds` says what missing labels could still do.
 */
import { ExplainError, requireBetween, requireWhole } from '../errors.ts';
import { type CellReport, cellReports } from './cell-reports.ts';
import { COUNT, COUNT_FIELDS, calibrationError, countDecision, countLabel } from './counts.ts';
import { GroupFinder, type Grouping, groupingsOf } from './groups.ts';
import { harmOf, METRICS, OVER, UNDER } from './metrics.ts';
import { RecentMap } from './recent-map.ts';
import { countPositive, countScore, SCORE_FIELDS } from './score-histogram.ts';
import { BET_FIELDS, betOnA, betOnB, placeBet } from './tolerance-bet.ts';

/** Groups whose scores are kept for proposals of thresholds: those of the first groupings, as many as fit. */
const MAX_SCORED_GROUPS = 512;

export interface FairnessConfig {
  /** Values of each protected attribute; other values are counted as unknown. */
  readonly attributes: Readonly<Record<string, readonly string[]>>;
  /** How many attributes are crossed at most. Default 2. */
  readonly intersectionDepth?: number;
  /** A rate may fall to this share of that of all others, in (0, 1]. Default 0.8, the four-fifths rule. */
  readonly ratio?: number;
  /** Mean of score − label, either way, that is tolerated, in (0, 1). Default 0.1. */
  readonly calibration?: number;
  /** Default 0.05. */
  readonly alpha?: number;
  /** `family-wise`: P(any false alarm, ever) ≤ alpha. `e-bh`: false discovery rate ≤ alpha at any time. Default family-wise. */
  readonly control?: 'family-wise' | 'e-bh';
  /** A cell is neither shown nor alarmed on while a side has fewer events. Default 20. */
  readonly minGroupSize?: number;
  /** Most events that wait for their label; the oldest is given up. Default 1,000,000. */
  readonly maxPending?: number;
}

export interface Decision {
  readonly eventId: string;
  /** One per attribute in the order of the configuration; undefined = unknown. */
  readonly values: readonly (string | undefined)[];
  readonly selected: boolean;
  /** Probability that the model gave to label 1. */
  readonly score?: number;
}

export interface Label {
  readonly eventId: string;
  readonly label: 0 | 1;
  /** A label replaces one of a lower revision; equal or lower ones are duplicates. */
  readonly revision: number;
}

/** A decision that waits for a label or a revision. */
export interface Pending {
  readonly values: readonly (string | undefined)[];
  readonly selected: boolean;
  /** NaN = none. */
  readonly score: number;
  /** −1 = not yet. */
  label: number;
  revision: number;
}

export class FairnessMonitor {
  readonly config: Required<FairnessConfig>;
  readonly groupings: readonly Grouping[];
  /** Plain state; `fairness/saved-state.ts` writes and reads it. */
  readonly counts: Float64Array;
  readonly bets: Float64Array;
  /** Scores of the first groups, which proposals of thresholds rest on. */
  readonly scores: Float64Array;
  /** Per grouping, events without a known group. */
  readonly unknown: Float64Array;
  readonly pending: RecentMap<Pending>;
  /** Labels that came before their decision. */
  readonly early: RecentMap<{ label: 0 | 1; revision: number }>;
  readonly #finder: GroupFinder;
  /** First group of each grouping, and one behind the last: group g of grouping k has index first[k] + g. */
  readonly first: Int32Array;

  /** @throws {ExplainError} BAD_ARGUMENT. Memory: 93 numbers per group, 200 more of up to 512 groups, and the pending events. */
  constructor(config: FairnessConfig) {
    this.config = {
      intersectionDepth: 2,
      ratio: 0.8,
      calibration: 0.1,
      alpha: 0.05,
      control: 'family-wise',
      minGroupSize: 20,
      maxPending: 1_000_000,
      ...config,
    };
    requireBetween('ratio', this.config.ratio, 0.01, 1);
    requireBetween('calibration', this.config.calibration, 0.001, 0.99);
    requireBetween('alpha', this.config.alpha, 1e-9, 0.5);
    requireWhole('minGroupSize', this.config.minGroupSize, 1);
    requireWhole('maxPending', this.config.maxPending, 1);
    requireWhole('intersectionDepth', this.config.intersectionDepth, 1, 8);
    this.pending = new RecentMap(this.config.maxPending);
    this.early = new RecentMap(this.config.maxPending);
    this.groupings = groupingsOf(config.attributes, this.config.intersectionDepth);
    this.#finder = new GroupFinder(config.attributes, this.groupings);
    const first = [0];
    for (const { groups } of this.groupings) first.push(first.at(-1)! + groups.length);
    this.first = Int32Array.from(first);
    this.counts = new Float64Array(first.at(-1)! * COUNT_FIELDS);
    this.bets = new Float64Array(first.at(-1)! * METRICS.length * BET_FIELDS);
    const scored = first.findLast((groups) => groups <= MAX_SCORED_GROUPS) ?? 0;
    this.scores = new Float64Array(scored * SCORE_FIELDS);
    this.unknown = new Float64Array(this.groupings.length);
  }

  /** Index of an event's group in each grouping, −1 where it is unknown. O(attributes) when seen before. */
  groupsOf(values: readonly (string | undefined)[]): Int32Array {
    return this.#finder.find(values);
  }

  /** A decision, once per event id; a duplicate of a pending one is ignored. O(groups). @throws {ExplainError} BAD_ARGUMENT */
  observe(decision: Decision): void {
    if (this.pending.get(decision.eventId) !== undefined) return;
    const score = decision.score ?? Number.NaN;
    if (score < 0 || score > 1)
      throw new ExplainError('BAD_ARGUMENT', `score is ${score}, but must be a probability in [0, 1]`);
    const groups = this.#finder.find(decision.values);
    for (let at = 0; at < groups.length; at += 1) {
      const group = groups[at]!;
      if (group < 0) {
        this.unknown[at]! += 1;
        continue;
      }
      countDecision(this.counts, group * COUNT_FIELDS, decision.selected);
      this.#betRate(at, group, 0, decision.selected ? 1 : 0);
      if (this.#isScored(group)) countScore(this.scores, group * SCORE_FIELDS, score);
    }
    this.pending.set(decision.eventId, {
      values: decision.values,
      selected: decision.selected,
      score,
      label: -1,
      revision: -1,
    });
    const early = this.early.get(decision.eventId);
    if (early === undefined) return;
    this.early.delete(decision.eventId);
    this.label({ eventId: decision.eventId, ...early });
  }

  /** A label or its revision. O(groups). @returns false for a duplicate or an event given up. */
  label({ eventId, label, revision }: Label): boolean {
    const event = this.pending.get(eventId);
    if (event === undefined) {
      const known = this.early.get(eventId);
      if (known !== undefined && known.revision >= revision) return false;
      this.early.set(eventId, { label, revision });
      return true;
    }
    if (revision <= event.revision) return false;
    const groups = this.#finder.find(event.values);
    for (let at = 0; at < groups.length; at += 1) {
      const group = groups[at]!;
      if (group < 0) continue;
      const from = group * COUNT_FIELDS;
      if (event.label >= 0) countLabel(this.counts, from, event.selected, event.label, event.score, -1);
      else this.#betLabel(at, group, event, label);
      countLabel(this.counts, from, event.selected, label, event.score, 1);
      if (!this.#isScored(group)) continue;
      if (event.label === 1) countPositive(this.scores, group * SCORE_FIELDS, event.score, -1);
      if (label === 1) countPositive(this.scores, group * SCORE_FIELDS, event.score, 1);
    }
    event.label = label;
    event.revision = revision;
    return true;
  }

  /** After a promotion: evidence starts again, counts too. Report before, so that the closed process can be kept. */
  restart(): void {
    this.counts.fill(0);
    this.bets.fill(0);
    this.scores.fill(0);
    this.unknown.fill(0);
    this.pending.clear();
    this.early.clear();
  }

  /** One report per group and metric. O(cells · log precision). */
  report(): CellReport[] {
    return cellReports(this);
  }

  #isScored(group: number): boolean {
    return group * SCORE_FIELDS < this.scores.length;
  }

  #betRate(grouping: number, group: number, metric: number, y: number): void {
    const { bets } = this;
    const { ratio } = this.config;
    const harm = harmOf(metric);
    for (let other = this.first[grouping]!; other < this.first[grouping + 1]!; other += 1) {
      const at = (other * METRICS.length + metric) * BET_FIELDS;
      if (other === group) betOnB(bets, at, y, ratio, harm);
      else betOnA(bets, at, y, ratio, harm);
    }
  }

  #betLabel(grouping: number, group: number, event: Pending, label: 0 | 1): void {
    this.#betRate(grouping, group, label === 1 ? 1 : 2, event.selected ? 1 : 0);
    if (event.selected) this.#betRate(grouping, group, 3, label);
    if (Number.isNaN(event.score)) return;
    const excess = event.score - label;
    const cell = (metric: number): number => (group * METRICS.length + metric) * BET_FIELDS;
    // Divided by its largest loss, so that d ≥ −1.
    const scale = 1 + this.config.calibration;
    placeBet(this.bets, cell(OVER), (excess - this.config.calibration) / scale);
    placeBet(this.bets, cell(UNDER), (-excess - this.config.calibration) / scale);
  }

  /** Expected calibration error and Brier score of a group, NaN without labels. O(bins). @throws {ExplainError} BAD_ARGUMENT */
  calibrationOf(group: string): { readonly expectedError: number; readonly brier: number } {
    const index = this.groupings.flatMap(({ groups }) => groups).indexOf(group);
    if (index < 0) throw new ExplainError('BAD_ARGUMENT', `there is no group "${group}"; report() lists them`);
    const at = index * COUNT_FIELDS;
    return {
      expectedError: calibrationError(this.counts, at),
      brier: this.counts[at + COUNT.brierSum]! / this.counts[at + COUNT.scored]!,
    };
  }
}
