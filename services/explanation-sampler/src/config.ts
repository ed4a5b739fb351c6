import { loadServiceConfig, type ServiceConfig, type ServiceSettings } from '@weir/service-kit/config/common-settings';

/** Everything that can change what is emitted; written to the journal at each take-over, so that a replay uses the same. */
export interface SamplerConfig {
  /** Explanations of one model version per second of event time. */
  readonly budgetPerSecond: number;
  /** Events of a feature set from which its background is drawn, and rows that are drawn. */
  readonly backgroundEvents: number;
  readonly backgroundRows: number;
  readonly treeGame: 'interventional' | 'path-dependent';
  /** Models behind a server that LIME explains; Kernel SHAP explains the others. */
  readonly limeModels: readonly string[];
  /** Models of which every unfavourable decision is explained, within the budget or not. */
  readonly mandatoryModels: readonly string[];
  /** Selected events of a version that may wait for their explanation. */
  readonly queue: number;
  /** Explanations of a version and day of event time that are kept to be read. */
  readonly kept: number;
  /** Explanations that the reference of the attribution shares is made of, and the change of a share that is tolerated. */
  readonly referenceSize: number;
  readonly shareTolerance: number;
  /** Like `loan/approved>=0.5`: what counts as the favourable decision. */
  readonly decisions: readonly string[];
  /** Like `sex=F|M`: segments that are protected attributes, with their groups. */
  readonly segments: readonly string[];
  readonly fairnessRatio: number;
  readonly fairnessCalibration: number;
  readonly fairnessAlpha: number;
  readonly minGroup: number;
  /** Whether the explanations topic has the attributions of protected columns. */
  readonly protectedInTopic: 'withheld' | 'shown';
  readonly maxPending: number;
}

/** Where models may be read and called: no part of the recorded configuration, since their answers are in the log. */
export interface ModelPlaces {
  /** Folder; empty: no model file is read. */
  readonly directory: string;
  readonly maxBytes: number;
  /** Beginnings of addresses that may be called. */
  readonly urls: readonly string[];
}

const OWN_SETTINGS = {
  WEIR_EXPLAIN_MODELS_DIR: {
    type: 'string',
    default: '',
    unit: 'path of a folder',
    reason: 'the only folder that model files are read from; empty: none is read',
  },
  WEIR_EXPLAIN_MODEL_BYTES: {
    type: 'integer',
    minimum: 1_000,
    maximum: 1_073_741_824,
    default: 67_108_864,
    unit: 'bytes',
    reason: 'a larger model file is refused',
  },
  WEIR_EXPLAIN_MODEL_URLS: {
    type: 'list',
    items: { type: 'string', pattern: 'https?://[^\\s,/]+(/[^\\s,]*)?/', rule: 'a URL that ends in /' },
    maxItems: 100,
    default: [],
    unit: 'like http://models:8080/',
    reason: 'beginnings of the addresses that model servers may be called at; empty: none is called',
  },
  WEIR_EXPLAIN_BUDGET_PER_SECOND: {
    type: 'number',
    minimum: 0.00001,
    maximum: 100_000,
    default: 1,
    unit: 'explanations of one model version per second of event time',
    reason: 'events are drawn with the probability that keeps to it',
  },
  WEIR_EXPLAIN_BACKGROUND_EVENTS: {
    type: 'integer',
    minimum: 10,
    maximum: 10_000_000,
    default: 5_000,
    unit: 'events',
    reason: 'the background of a feature set is drawn from so many first events; nothing is explained before',
  },
  WEIR_EXPLAIN_BACKGROUND_ROWS: {
    type: 'integer',
    minimum: 1,
    maximum: 10_000,
    default: 200,
    unit: 'rows',
    reason: 'rows of the background that attributions are relative to',
  },
  WEIR_EXPLAIN_TREE_GAME: {
    type: 'choice',
    choices: ['interventional', 'path-dependent'],
    default: 'interventional',
    reason: 'value function of tree models; path-dependent credits correlated features that the model never used',
  },
  WEIR_EXPLAIN_LIME_MODELS: {
    type: 'list',
    items: { type: 'string', pattern: '[^,]{1,512}', rule: 'the id of a model' },
    maxItems: 1_000,
    default: [],
    unit: 'like loan,price',
    reason: 'models behind a server that are explained by LIME; the others by Kernel SHAP',
  },
  WEIR_EXPLAIN_MANDATORY_MODELS: {
    type: 'list',
    items: { type: 'string', pattern: '[^,]{1,512}', rule: 'the id of a model' },
    maxItems: 1_000,
    default: [],
    unit: 'like loan,price',
    reason: 'models of which every unfavourable decision is explained, within the budget or not',
  },
  WEIR_EXPLAIN_QUEUE: {
    type: 'integer',
    minimum: 1,
    maximum: 100_000,
    default: 1_000,
    unit: 'events of a model version',
    reason: 'so many selected events may wait; further ones are shed and counted',
  },
  WEIR_EXPLAIN_KEPT: {
    type: 'integer',
    minimum: 1,
    maximum: 10_000,
    default: 100,
    unit: 'explanations of a model version and day',
    reason: 'a sample of so many explanations of this day and of the day before can be read over REST',
  },
  WEIR_EXPLAIN_REFERENCE_SIZE: {
    type: 'integer',
    minimum: 50,
    maximum: 1_000_000,
    default: 500,
    unit: 'explanations',
    reason: 'the first so many explanations of a version are the reference of its attribution shares',
  },
  WEIR_EXPLAIN_SHARE_TOLERANCE: {
    type: 'number',
    minimum: 0,
    maximum: 0.5,
    default: 0.1,
    unit: 'share of the attributions',
    reason: 'a change of the mean share of a feature up to this raises nothing',
  },
  WEIR_EXPLAIN_DECISIONS: {
    type: 'list',
    items: {
      type: 'string',
      pattern: '[^/,]+/[^<>=,]+(>=|<=)-?[0-9.]+(e-?[0-9]+)?',
      rule: 'MODEL/OUTPUT>=NUMBER or MODEL/OUTPUT<=NUMBER',
    },
    maxItems: 1_000,
    default: [],
    unit: 'like loan/approved>=0.5',
    reason: 'which outputs are the favourable decision; of other models the first output from 0.5 on',
  },
  WEIR_EXPLAIN_SEGMENTS: {
    type: 'list',
    items: { type: 'string', pattern: '[^=|,]+=[^=|,]+(\\|[^=|,]+)+', rule: 'NAME=GROUP|GROUP' },
    maxItems: 8,
    default: [],
    unit: 'like sex=F|M',
    reason: 'segments of events that are protected attributes, beside the protected features of the feature set',
  },
  WEIR_EXPLAIN_FAIRNESS_RATIO: {
    type: 'number',
    minimum: 0.01,
    maximum: 1,
    default: 0.8,
    unit: 'share',
    reason: 'a rate of a group may fall to this share of that of all others: the four-fifths rule',
  },
  WEIR_EXPLAIN_FAIRNESS_CALIBRATION: {
    type: 'number',
    minimum: 0.001,
    maximum: 0.99,
    default: 0.1,
    unit: 'probability',
    reason: 'mean difference of score and label of a group that is tolerated',
  },
  WEIR_EXPLAIN_FAIRNESS_ALPHA: {
    type: 'number',
    minimum: 1e-9,
    maximum: 0.5,
    default: 0.05,
    unit: 'probability',
    reason: 'of any false fairness alarm of a model version, ever, over all groups and metrics',
  },
  WEIR_EXPLAIN_MIN_GROUP: {
    type: 'integer',
    minimum: 2,
    maximum: 1_000_000,
    default: 20,
    unit: 'events',
    reason: 'groups with fewer are neither shown nor alarmed on',
  },
  WEIR_EXPLAIN_PROTECTED_IN_TOPIC: {
    type: 'choice',
    choices: ['withheld', 'shown'],
    default: 'withheld',
    reason: 'attributions of protected columns in the explanations topic; shown: whoever may read the topic reads them',
  },
  WEIR_EXPLAIN_MAX_PENDING: {
    type: 'integer',
    minimum: 100,
    maximum: 10_000_000,
    default: 50_000,
    unit: 'decisions of a model version',
    reason: 'so many newest decisions can be given a label or a revision; older ones stay without',
  },
} as const;

type OwnSettings = typeof OWN_SETTINGS;
export type ServiceOwnConfig = ServiceConfig<OwnSettings>;

/** Of the service: what `main` and `weir dev` load. */
export const SETTINGS: ServiceSettings<OwnSettings> = {
  settings: OWN_SETTINGS,
  prefixes: ['WEIR_EXPLAIN_'],
  rules: [
    ({ WEIR_EXPLAIN_BACKGROUND_ROWS: rows, WEIR_EXPLAIN_BACKGROUND_EVENTS: events }) =>
      rows <= events
        ? undefined
        : `WEIR_EXPLAIN_BACKGROUND_ROWS is ${rows} and WEIR_EXPLAIN_BACKGROUND_EVENTS ${events}; rows are drawn from the events, so ask for fewer`,
  ],
  defaults: { WEIR_HTTP_PORT: 8_083 },
};

export function samplerConfigOf(config: ServiceOwnConfig): SamplerConfig {
  return {
    budgetPerSecond: config.WEIR_EXPLAIN_BUDGET_PER_SECOND,
    backgroundEvents: config.WEIR_EXPLAIN_BACKGROUND_EVENTS,
    backgroundRows: config.WEIR_EXPLAIN_BACKGROUND_ROWS,
    treeGame: config.WEIR_EXPLAIN_TREE_GAME,
    limeModels: config.WEIR_EXPLAIN_LIME_MODELS,
    mandatoryModels: config.WEIR_EXPLAIN_MANDATORY_MODELS,
    queue: config.WEIR_EXPLAIN_QUEUE,
    kept: config.WEIR_EXPLAIN_KEPT,
    referenceSize: config.WEIR_EXPLAIN_REFERENCE_SIZE,
    shareTolerance: config.WEIR_EXPLAIN_SHARE_TOLERANCE,
    decisions: config.WEIR_EXPLAIN_DECISIONS,
    segments: config.WEIR_EXPLAIN_SEGMENTS,
    fairnessRatio: config.WEIR_EXPLAIN_FAIRNESS_RATIO,
    fairnessCalibration: config.WEIR_EXPLAIN_FAIRNESS_CALIBRATION,
    fairnessAlpha: config.WEIR_EXPLAIN_FAIRNESS_ALPHA,
    minGroup: config.WEIR_EXPLAIN_MIN_GROUP,
    protectedInTopic: config.WEIR_EXPLAIN_PROTECTED_IN_TOPIC,
    maxPending: config.WEIR_EXPLAIN_MAX_PENDING,
  };
}

/** Also what an owner used whose record lacks a field. */
export const SAMPLER_DEFAULTS: SamplerConfig = samplerConfigOf(loadServiceConfig(SETTINGS, {}));

export function modelPlacesOf(config: ServiceOwnConfig): ModelPlaces {
  return {
    directory: config.WEIR_EXPLAIN_MODELS_DIR,
    maxBytes: config.WEIR_EXPLAIN_MODEL_BYTES,
    urls: config.WEIR_EXPLAIN_MODEL_URLS,
  };
}
