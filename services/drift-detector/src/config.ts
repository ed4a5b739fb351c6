import type { PerformanceConfig } from '@weir/drift/performance/model-performance';
import type { TimeRule } from '@weir/drift/time-evaluation';
import { loadServiceConfig, type ServiceConfig, type ServiceSettings } from '@weir/service-kit/config/common-settings';
import type { Rule } from '@weir/service-kit/config/settings';

export interface TimeWindowConfig {
  /** As configured, like 1h: names the rule. */
  readonly name: string;
  readonly spanMs: number;
}

/** Everything that can change what is raised; written to the journal at each take-over, so that a replay uses the same. */
export interface DriftConfig extends TimeRule, PerformanceConfig {
  /** Sizes of the count windows, values. */
  readonly countWindows: readonly number[];
  /** Windows over event time. */
  readonly timeWindows: readonly TimeWindowConfig[];
  /** How far behind the newest event of its column another may come and still count in its time window, ms. */
  readonly allowedLatenessMs: number;
  /** A column without events for this long has its panes closed by the clock, ms. */
  readonly idleAfterMs: number;
  /** Effects from which an alert is a warning and critical: a distance D, or a share of missing values above the expected one. */
  readonly warningEffect: number;
  readonly criticalEffect: number;
  /** Values of a column without a reference that become its reference; 0: it is not watched. */
  readonly selfReference: number;
  /** Changes of a metric of outcomes from which an alert is a warning and critical: share of predictions, or nats of log loss. */
  readonly warningPerformanceEffect: number;
  readonly criticalPerformanceEffect: number;
}

/** Outcomes that came before their predictions. */
const MAX_HELD_OUTCOMES = 10_000;

const OWN_SETTINGS = {
  WEIR_DRIFT_WINDOWS: {
    type: 'list',
    items: { type: 'integer', minimum: 1, maximum: 1_000_000 },
    minItems: 1,
    maxItems: 8,
    default: [100, 1_000],
    unit: 'values, comma between',
    reason: 'sizes of the count windows; each is a rule of its own',
  },
  WEIR_DRIFT_TIME_WINDOWS: {
    type: 'list',
    items: { type: 'string', pattern: '[1-9][0-9]{0,3}[smhd]', rule: 'a span like 10m, 6h or 7d' },
    maxItems: 8,
    default: [],
    unit: 'like 10m,6h,7d',
    reason: 'spans of windows over event time; evaluated at each twelfth of their span',
  },
  WEIR_DRIFT_LATENESS_MS: {
    type: 'integer',
    minimum: 0,
    maximum: 86_400_000,
    default: 60_000,
    unit: 'ms of event time',
    reason: 'how far behind the newest event another may come and still count in a time window',
  },
  WEIR_DRIFT_IDLE_MS: {
    type: 'integer',
    minimum: 1_000,
    default: 60_000,
    unit: 'ms',
    reason: 'a column without events for this long has its time windows moved on by the clock',
  },
  WEIR_DRIFT_MIN_VALUES: {
    type: 'integer',
    minimum: 1,
    default: 100,
    unit: 'values',
    reason: 'a time window with fewer is not evaluated',
  },
  WEIR_DRIFT_EVENTS_BETWEEN_FALSE_ALARMS: {
    type: 'number',
    minimum: 10,
    maximum: 1e15,
    default: 1e9,
    unit: 'events',
    reason:
      'for each rule and column, false alarms are at least so many events apart on average, as long as values do not depend on each other',
  },
  WEIR_DRIFT_MIN_EFFECT: {
    type: 'number',
    minimum: 0,
    exclusiveMaximum: 1,
    default: 0,
    unit: 'distance D, or share of missing values',
    reason: 'differences too small to matter raise nothing',
  },
  WEIR_DRIFT_RESOLVE_SHARE: {
    type: 'number',
    exclusiveMinimum: 0,
    maximum: 1,
    default: 0.8,
    unit: 'share of the threshold',
    reason: 'an alert resolves after a whole window below this share, so that it does not flicker',
  },
  WEIR_DRIFT_WARNING_EFFECT: {
    type: 'number',
    minimum: 0,
    maximum: 1,
    default: 0.1,
    unit: 'distance D, or share of missing values above the expected one',
    reason: 'alerts with a smaller effect are of severity info',
  },
  WEIR_DRIFT_CRITICAL_EFFECT: {
    type: 'number',
    minimum: 0,
    maximum: 1,
    default: 0.4,
    unit: 'as WEIR_DRIFT_WARNING_EFFECT',
    reason: 'alerts with at least this effect are critical; the default is a shift by a standard deviation',
  },
  WEIR_DRIFT_SELF_REFERENCE: {
    type: 'integer',
    minimum: 0,
    maximum: 1_000_000,
    default: 0,
    unit: 'values',
    reason: 'so many first values of a column without a reference become its reference; 0: the column is not watched',
  },
  WEIR_DRIFT_OUTCOME_WINDOWS: {
    type: 'list',
    items: { type: 'integer', minimum: 1, maximum: 1_000_000 },
    minItems: 1,
    maxItems: 4,
    default: [1_000],
    unit: 'outcomes, comma between',
    reason:
      'sizes of the windows in which error rate, log loss and calibration of a model are compared with its reference',
  },
  WEIR_DRIFT_OUTCOME_REFERENCE: {
    type: 'integer',
    minimum: 0,
    maximum: 10_000_000,
    default: 10_000,
    unit: 'outcomes',
    reason: 'so many first outcomes of a model are the reference of later ones, at least 100; 0: outcomes are not read',
  },
  WEIR_DRIFT_OUTCOMES_BETWEEN_FALSE_ALARMS: {
    type: 'number',
    minimum: 10,
    maximum: 1e15,
    default: 1e9,
    unit: 'outcomes',
    reason:
      'for each metric and window, false alarms are at least so many outcomes apart on average, as long as an outcome does not tell of the next',
  },
  WEIR_DRIFT_OUTCOME_MIN_EFFECT: {
    type: 'number',
    minimum: 0.001,
    exclusiveMaximum: 1,
    default: 0.02,
    unit: 'share of predictions, or nats of log loss',
    reason: 'changes too small to matter raise nothing',
  },
  WEIR_DRIFT_OUTCOME_WARNING_EFFECT: {
    type: 'number',
    minimum: 0,
    default: 0.05,
    unit: 'as WEIR_DRIFT_OUTCOME_MIN_EFFECT',
    reason: 'alerts of performance with a smaller effect are of severity info',
  },
  WEIR_DRIFT_OUTCOME_CRITICAL_EFFECT: {
    type: 'number',
    minimum: 0,
    default: 0.1,
    unit: 'as WEIR_DRIFT_OUTCOME_MIN_EFFECT',
    reason: 'alerts of performance with at least this effect are critical',
  },
  WEIR_DRIFT_OPEN_PREDICTIONS: {
    type: 'integer',
    minimum: 1,
    maximum: 10_000_000,
    default: 100_000,
    unit: 'predictions of a model',
    reason: 'so many wait for their outcome, about 80 bytes each once the model has outcomes; the oldest is pushed out',
  },
} as const;

type OwnSettings = typeof OWN_SETTINGS;
export type DetectorConfig = ServiceConfig<OwnSettings>;

type WindowSetting = 'WEIR_DRIFT_WINDOWS' | 'WEIR_DRIFT_TIME_WINDOWS' | 'WEIR_DRIFT_OUTCOME_WINDOWS';

const eachOnce = (name: WindowSetting): Rule<DetectorConfig> => {
  return ({ [name]: windows }) =>
    new Set<unknown>(windows).size === windows.length
      ? undefined
      : `${name} is ${windows.join(',')}; each may stand once, since it names a rule: leave the others out`;
};

/** Of the service: what `main` and `weir dev` load. */
export const SETTINGS: ServiceSettings<OwnSettings> = {
  settings: OWN_SETTINGS,
  prefixes: ['WEIR_DRIFT_'],
  rules: [
    eachOnce('WEIR_DRIFT_WINDOWS'),
    eachOnce('WEIR_DRIFT_TIME_WINDOWS'),
    eachOnce('WEIR_DRIFT_OUTCOME_WINDOWS'),
    ({ WEIR_DRIFT_OUTCOME_REFERENCE: size }) =>
      size === 0 || size >= 100
        ? undefined
        : `WEIR_DRIFT_OUTCOME_REFERENCE is ${size}; fewer than 100 outcomes say too little: set 100 or more, or 0 to read none`,
    ({ WEIR_DRIFT_OUTCOME_WARNING_EFFECT: warning, WEIR_DRIFT_OUTCOME_CRITICAL_EFFECT: critical }) =>
      warning <= critical
        ? undefined
        : `WEIR_DRIFT_OUTCOME_WARNING_EFFECT is ${warning} and WEIR_DRIFT_OUTCOME_CRITICAL_EFFECT ${critical}; a warning must not need a larger effect: swap them`,
    ({ WEIR_DRIFT_WARNING_EFFECT: warning, WEIR_DRIFT_CRITICAL_EFFECT: critical }) =>
      warning <= critical
        ? undefined
        : `WEIR_DRIFT_WARNING_EFFECT is ${warning} and WEIR_DRIFT_CRITICAL_EFFECT ${critical}; a warning must not need a larger effect: swap them`,
  ],
  defaults: { WEIR_HTTP_PORT: 8_081 },
};

export function driftConfigOf(config: DetectorConfig): DriftConfig {
  return {
    countWindows: config.WEIR_DRIFT_WINDOWS,
    timeWindows: config.WEIR_DRIFT_TIME_WINDOWS.map((name) => ({ name, spanMs: spanMs(name) })),
    allowedLatenessMs: config.WEIR_DRIFT_LATENESS_MS,
    idleAfterMs: config.WEIR_DRIFT_IDLE_MS,
    minValues: config.WEIR_DRIFT_MIN_VALUES,
    readingsPerFalseAlarm: config.WEIR_DRIFT_EVENTS_BETWEEN_FALSE_ALARMS,
    minEffect: config.WEIR_DRIFT_MIN_EFFECT,
    resolveShare: config.WEIR_DRIFT_RESOLVE_SHARE,
    warningEffect: config.WEIR_DRIFT_WARNING_EFFECT,
    criticalEffect: config.WEIR_DRIFT_CRITICAL_EFFECT,
    selfReference: config.WEIR_DRIFT_SELF_REFERENCE,
    outcomeWindows: config.WEIR_DRIFT_OUTCOME_WINDOWS,
    outcomeReference: config.WEIR_DRIFT_OUTCOME_REFERENCE,
    outcomesPerFalseAlarm: config.WEIR_DRIFT_OUTCOMES_BETWEEN_FALSE_ALARMS,
    minPerformanceEffect: config.WEIR_DRIFT_OUTCOME_MIN_EFFECT,
    warningPerformanceEffect: config.WEIR_DRIFT_OUTCOME_WARNING_EFFECT,
    criticalPerformanceEffect: config.WEIR_DRIFT_OUTCOME_CRITICAL_EFFECT,
    openPredictions: config.WEIR_DRIFT_OPEN_PREDICTIONS,
    heldOutcomes: Math.min(MAX_HELD_OUTCOMES, config.WEIR_DRIFT_OPEN_PREDICTIONS),
  };
}

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function spanMs(name: string): number {
  return Number(name.slice(0, -1)) * (UNITS_MS[name.slice(-1)] as number);
}

/** Also what an owner used whose record lacks a field. */
export const DRIFT_DEFAULTS: DriftConfig = driftConfigOf(loadServiceConfig(SETTINGS, {}));
