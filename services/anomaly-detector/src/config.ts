import { loadServiceConfig, type ServiceConfig, type ServiceSettings } from '@weir/service-kit/config/common-settings';

export type Guarantee = 'reference' | 'budget';

/** Everything that can change what is raised; written to the journal at each take-over, so that a replay uses the same. */
export interface AnomalyConfig {
  /** `reference`: a forest that is kept, p-values against held-out events; `budget`: one that goes on learning, and so many alarms whatever comes. */
  readonly guarantee: Guarantee;
  /** Clean events that the forest learns before anything is scored. */
  readonly learnEvents: number;
  /** Clean events after those, whose scores are what new ones are compared with. */
  readonly heldOutEvents: number;
  /** Events to an odd one that is no anomaly, 1/α. */
  readonly eventsPerAlarm: number;
  /** Events between false alarms of all quality tests of a model together. */
  readonly eventsBetweenFalseAlarms: number;
  /** Quiet events that end an episode. */
  readonly episodeHold: number;
  readonly forest: 'standard' | 'small';
  /** Time between two events of a model, ms; 0: the longest gap while it warmed up, a minute at least. */
  readonly expectedIntervalMs: number;
  /** Whether events that break a rule or are odd are copied to the topic `quarantine`. */
  readonly quarantine: boolean;
  /** Shares of events from which a quality alert is a warning and critical. */
  readonly warningShare: number;
  readonly criticalShare: number;
}

const OWN_SETTINGS = {
  WEIR_ANOMALY_GUARANTEE: {
    type: 'choice',
    choices: ['reference', 'budget'],
    default: 'reference',
    reason:
      'reference: p-values against held-out events, false alarms as promised while the data is as it was; budget: so many alarms whatever the data does',
  },
  WEIR_ANOMALY_LEARN_EVENTS: {
    type: 'integer',
    minimum: 256,
    maximum: 1_000_000,
    default: 4_096,
    unit: 'events',
    reason: 'clean events that the forest learns first; they should cover a season of the data',
  },
  WEIR_ANOMALY_HELD_OUT_EVENTS: {
    type: 'integer',
    minimum: 1_000,
    maximum: 1_000_000,
    default: 4_000,
    unit: 'events',
    reason: 'clean events after those, whose scores new ones are compared with; the model is warming up until then',
  },
  WEIR_ANOMALY_EVENTS_PER_ALARM: {
    type: 'integer',
    minimum: 10,
    maximum: 1_000_000_000,
    default: 10_000,
    unit: 'events',
    reason: 'of so many usual events one is called odd on average',
  },
  WEIR_ANOMALY_EVENTS_BETWEEN_FALSE_ALARMS: {
    type: 'integer',
    minimum: 1_000,
    maximum: 1_000_000_000_000,
    default: 1_000_000,
    unit: 'events',
    reason:
      'for all quality rules of a model together, false alarms are at least so many events apart on average, as long as events do not depend on each other',
  },
  WEIR_ANOMALY_EPISODE_HOLD: {
    type: 'integer',
    minimum: 1,
    maximum: 1_000_000,
    default: 64,
    unit: 'events',
    reason: 'so many quiet events end an episode; an episode is one alert',
  },
  WEIR_ANOMALY_FOREST: {
    type: 'choice',
    choices: ['standard', 'small'],
    default: 'standard',
    reason: 'small: half the trees without boxes, a third of the memory, for many small models',
  },
  WEIR_ANOMALY_EXPECTED_INTERVAL_MS: {
    type: 'integer',
    minimum: 0,
    maximum: 604_800_000,
    default: 0,
    unit: 'ms',
    reason:
      'a model without an event for twice as long is reported as silent; 0: the longest gap while it warmed up, a minute at least',
  },
  WEIR_ANOMALY_QUARANTINE: {
    type: 'boolean',
    default: false,
    reason:
      'copies each event that breaks a rule or is odd, as it came and with the reasons, to the topic quarantine: for pipelines that leave such events out',
  },
  WEIR_ANOMALY_WARNING_SHARE: {
    type: 'number',
    minimum: 0,
    maximum: 1,
    default: 0.01,
    unit: 'share of events',
    reason: 'quality alerts that affect fewer events are of severity info',
  },
  WEIR_ANOMALY_CRITICAL_SHARE: {
    type: 'number',
    minimum: 0,
    maximum: 1,
    default: 0.2,
    unit: 'share of events',
    reason: 'quality alerts that affect at least so many are critical',
  },
} as const;

type OwnSettings = typeof OWN_SETTINGS;
export type DetectorConfig = ServiceConfig<OwnSettings>;

/** Of the service: what `main` and `weir dev` load. */
export const SETTINGS: ServiceSettings<OwnSettings> = {
  settings: OWN_SETTINGS,
  prefixes: ['WEIR_ANOMALY_'],
  rules: [
    ({ WEIR_ANOMALY_WARNING_SHARE: warning, WEIR_ANOMALY_CRITICAL_SHARE: critical }) =>
      warning <= critical
        ? undefined
        : `WEIR_ANOMALY_WARNING_SHARE is ${warning} and WEIR_ANOMALY_CRITICAL_SHARE ${critical}; a warning must not need a larger share: swap them`,
  ],
  defaults: { WEIR_HTTP_PORT: 8_082 },
};

export function anomalyConfigOf(config: DetectorConfig): AnomalyConfig {
  return {
    guarantee: config.WEIR_ANOMALY_GUARANTEE,
    learnEvents: config.WEIR_ANOMALY_LEARN_EVENTS,
    heldOutEvents: config.WEIR_ANOMALY_HELD_OUT_EVENTS,
    eventsPerAlarm: config.WEIR_ANOMALY_EVENTS_PER_ALARM,
    eventsBetweenFalseAlarms: config.WEIR_ANOMALY_EVENTS_BETWEEN_FALSE_ALARMS,
    episodeHold: config.WEIR_ANOMALY_EPISODE_HOLD,
    forest: config.WEIR_ANOMALY_FOREST,
    expectedIntervalMs: config.WEIR_ANOMALY_EXPECTED_INTERVAL_MS,
    quarantine: config.WEIR_ANOMALY_QUARANTINE,
    warningShare: config.WEIR_ANOMALY_WARNING_SHARE,
    criticalShare: config.WEIR_ANOMALY_CRITICAL_SHARE,
  };
}

/** Also what an owner used whose record lacks a field. */
export const ANOMALY_DEFAULTS: AnomalyConfig = anomalyConfigOf(loadServiceConfig(SETTINGS, {}));
