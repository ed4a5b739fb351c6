/** What the sampler keeps of one model. */
import type { OpenAlert } from '@weir/alerts/open-alert';
import { emptyCatalogue, type ModelCatalogue } from '@weir/catalogue/model-catalogue';
import type { ModelAccess } from '@weir/events/generated/events';
import type { AttributionDrift } from '@weir/explain/drift/attribution';
import type { CellReport } from '@weir/explain/fairness/cell-reports';
import type { FairnessMonitor } from '@weir/explain/fairness/monitor';
import type { HajekState } from '@weir/explain/sampling/hajek';
import { InclusionSampler, type SamplerState } from '@weir/explain/sampling/inclusion';
import { PriorityReservoir } from '@weir/explain/sampling/priority-reservoir';
import type { Background } from './background.ts';
import type { SamplerConfig } from './config.ts';
import type { Column } from './explain-request.ts';
import type { Attribute } from './fairness-groups.ts';

/** An event that is to be explained. */
export interface Item {
  /** Of a request: the id of its command. */
  readonly predictionId: string;
  readonly eventTimeMs: number;
  readonly numeric: readonly number[];
  readonly categorical: readonly (string | null)[];
  /** The segments that are protected attributes. */
  readonly segment: Readonly<Record<string, string>>;
  /** Decisions of the version whose fairness was counted before this event. */
  readonly decisionsBefore: number;
  /** What the model answered; NaN = not known. */
  readonly output: number;
  readonly inclusionProbability: number;
  /** Uniform in [0, 1): what it was drawn with. */
  readonly hash: number;
  /** Somebody asked for it: it is no part of the sample. */
  readonly isRequested: boolean;
}

/** Items that are being explained. */
export interface Batch {
  /** Of the effect. */
  readonly id: string;
  readonly items: readonly Item[];
}

export interface Load {
  status: 'none' | 'asked' | 'ready' | 'failed';
  /** Counts from 1: part of the effect's id. */
  attempt: number;
  /** Content hash of the model; empty until it was loaded. */
  hash: string;
  source: string;
  /** Why it failed last; empty when it did not. */
  error: string;
  /** Wall clock at which it is tried again, ms. */
  retryAtMs: number;
  alert: OpenAlert | null;
}

/** Importance of the columns under one model, game and background: sums of different ones never mix. */
export interface Importance {
  readonly modelHash: string;
  readonly game: string;
  readonly backgroundId: string;
  /** Components: |attribution| of each column, then the attribution with its sign. */
  readonly sums: HajekState;
  /** Of the first explanations: shares of the squared attributions, weighted; then the detector against them. */
  readonly shares: Float64Array;
  sharesWeight: number;
  sharesCount: number;
  detector: AttributionDrift | null;
  /** Recent mean of the shares. */
  readonly recent: Float64Array;
  /** Of attributions, by protected group; see gap-features.ts. */
  gaps: Float64Array;
  /** By column that drifted. */
  readonly alerts: Map<number, DriftAlert>;
}

export interface DriftAlert {
  open: OpenAlert;
  /** Explanations in a row with the share back within its tolerance. */
  recovered: number;
}

export interface FairnessAlert {
  open: OpenAlert;
  /** Decisions that were counted when it was raised. */
  readonly raisedAfter: number;
  /** What was found, until the columns that carry the gap are told with it; null = told, or not to be told. */
  untold: CellReport | null;
}

/** An explanation as views show it. */
export interface Kept {
  readonly predictionId: string;
  /** With which it was selected; 1 for requests. */
  readonly inclusionProbability: number;
  readonly json: string;
}

/** Explanations of one day of event time. */
export interface Archive {
  readonly day: number;
  readonly sample: PriorityReservoir<Kept>;
}

export interface FairnessWatch {
  readonly attributes: readonly Attribute[];
  /** Why protected columns are not watched, by column. */
  readonly unwatched: readonly { readonly column: string; readonly reason: string }[];
  readonly monitor: FairnessMonitor | null;
  decisions: number;
  labels: number;
  /** Events whose output is no number. */
  undecided: number;
  /** By group and metric. */
  readonly alerts: Map<string, FairnessAlert>;
}

export interface VersionState {
  readonly version: string;
  readonly featureSet: string;
  readonly columns: readonly Column[];
  readonly outputs: readonly string[];
  access: ModelAccess | null;
  readonly load: Load;
  readonly sampler: InclusionSampler;
  /** Recent mean of the output and of its distance from that mean. */
  readonly level: { mean: number; deviation: number; count: number };
  readonly queue: Item[];
  batch: Batch | null;
  batches: number;
  importance: Importance | null;
  /** This day and the day before, newest first. */
  archives: readonly Archive[];
  /** Requests and what came of them, oldest first. */
  readonly requested: Kept[];
  explained: number;
  shed: number;
  unexplained: number;
  lastError: string;
  /** Explained events whose logged output is not what the model gives. */
  mismatched: number;
  fairness: FairnessWatch;
}

export interface ModelState {
  readonly model: string;
  readonly config: SamplerConfig;
  catalogue: ModelCatalogue;
  readonly versions: Map<string, VersionState>;
  /** By feature set that a version with access uses. */
  readonly backgrounds: Map<string, Background>;
  lastEventMs: number;
}

export function newModel(model: string, config: SamplerConfig): ModelState {
  return {
    model,
    config,
    catalogue: emptyCatalogue(model),
    versions: new Map(),
    backgrounds: new Map(),
    lastEventMs: Number.NEGATIVE_INFINITY,
  };
}

/** A bucket of 50 explanations at least, so that one that was drawn does not shut the others out. */
const MIN_BUCKET = 50;
/** Bounds 1/π: what one explanation may stand for. */
export const MIN_INCLUSION = 1e-4;

export function newSampler({ budgetPerSecond }: SamplerConfig, state?: SamplerState): InclusionSampler {
  const bucketSeconds = Math.max(60, MIN_BUCKET / budgetPerSecond);
  return new InclusionSampler({ budgetPerSecond, bucketSeconds, minInclusion: MIN_INCLUSION }, state);
}

export function newLoad(): Load {
  return { status: 'none', attempt: 0, hash: '', source: '', error: '', retryAtMs: 0, alert: null };
}

export const NO_FAIRNESS: Omit<FairnessWatch, 'alerts'> = {
  attributes: [],
  unwatched: [],
  monitor: null,
  decisions: 0,
  labels: 0,
  undecided: 0,
};
