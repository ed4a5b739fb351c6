import {
  loadConfig,
  type Rule,
  SERVICE_RULES,
  SERVICE_SETTINGS,
  type ServiceConfig,
  type Settings,
} from '@weir/service-kit/config';
import Type from 'typebox';

/** Everything that can change a verdict; written to the journal at each take-over, so that a replay uses the same. */
export interface TimeWindowConfig {
  /** As configured, like 1h: names the rule. */
  readonly name: string;
  readonly spanMs: number;
}

export interface DriftConfig {
  /** Sizes of the count windows, values. */
  readonly countWindows: readonly number[];
  /** Windows over event time. */
  readonly timeWindows: readonly TimeWindowConfig[];
  /** How far behind the newest event of its column another may come and still count in its time window, ms. */
  readonly allowedLatenessMs: number;
  /** A column without events for this long has its panes closed by the clock, ms. */
  readonly idleAfterMs: number;
  /** A time window with fewer values gives no verdict. */
  readonly minValues: number;
  /** Readings per expected false alarm under exchangeable events. */
  readonly readingsPerFalseAlarm: number;
  /** Distance too small to matter, in [0, 1). */
  readonly minEffect: number;
  /** An open alert resolves when D stays below this share of the threshold for a whole window. */
  readonly resolveShare: number;
}

export const DRIFT_DEFAULTS: DriftConfig = {
  countWindows: [1_000],
  timeWindows: [],
  allowedLatenessMs: 60_000,
  idleAfterMs: 60_000,
  minValues: 100,
  readingsPerFalseAlarm: 1e9,
  minEffect: 0,
  resolveShare: 0.8,
};

/** What the service reads from its environment. */
export interface DetectorConfig extends ServiceConfig {
  readonly WEIR_DRIFT_WINDOWS: readonly number[];
  readonly WEIR_DRIFT_TIME_WINDOWS: readonly string[];
  readonly WEIR_DRIFT_LATENESS_MS: number;
  readonly WEIR_DRIFT_IDLE_MS: number;
  readonly WEIR_DRIFT_MIN_VALUES: number;
  readonly WEIR_DRIFT_READINGS_PER_FALSE_ALARM: number;
  readonly WEIR_DRIFT_MIN_EFFECT: number;
  readonly WEIR_DRIFT_RESOLVE_SHARE: number;
}

export const SETTINGS: Settings<DetectorConfig> = {
  ...SERVICE_SETTINGS,
  WEIR_DRIFT_WINDOWS: {
    schema: Type.Array(Type.Integer({ minimum: 1, maximum: 1_000_000 }), { minItems: 1, maxItems: 8 }),
    default: DRIFT_DEFAULTS.countWindows,
    unit: 'values, comma between',
    reason: 'sizes of the count windows; each has verdicts of its own',
  },
  WEIR_DRIFT_TIME_WINDOWS: {
    schema: Type.Array(Type.String({ pattern: '^[1-9][0-9]{0,3}[smhd]$' }), { maxItems: 8 }),
    default: [],
    unit: 'like 10m,6h,7d',
    reason: 'spans of windows over event time; read at each twelfth of their span',
  },
  WEIR_DRIFT_LATENESS_MS: {
    schema: Type.Integer({ minimum: 0, maximum: 86_400_000 }),
    default: DRIFT_DEFAULTS.allowedLatenessMs,
    unit: 'ms of event time',
    reason: 'how far behind the newest event another may come and still count in a time window',
  },
  WEIR_DRIFT_IDLE_MS: {
    schema: Type.Integer({ minimum: 1_000 }),
    default: DRIFT_DEFAULTS.idleAfterMs,
    unit: 'ms',
    reason: 'a column without events for this long has its time windows moved on by the clock',
  },
  WEIR_DRIFT_MIN_VALUES: {
    schema: Type.Integer({ minimum: 1 }),
    default: DRIFT_DEFAULTS.minValues,
    unit: 'values',
    reason: 'a time window with fewer gives no verdict',
  },
  WEIR_DRIFT_READINGS_PER_FALSE_ALARM: {
    schema: Type.Number({ minimum: 10, maximum: 1e15 }),
    default: DRIFT_DEFAULTS.readingsPerFalseAlarm,
    unit: 'readings',
    reason: 'how rarely a window without drift may alarm; a reading is one value of one column',
  },
  WEIR_DRIFT_MIN_EFFECT: {
    schema: Type.Number({ minimum: 0, exclusiveMaximum: 1 }),
    default: DRIFT_DEFAULTS.minEffect,
    unit: 'distance D',
    reason: 'differences too small to matter to anybody',
  },
  WEIR_DRIFT_RESOLVE_SHARE: {
    schema: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
    default: DRIFT_DEFAULTS.resolveShare,
    unit: 'share of the threshold',
    reason: 'an alert resolves after a whole window below this share, so that it does not flicker',
  },
};

const RULES: readonly Rule<DetectorConfig>[] = [
  ...SERVICE_RULES,
  ({ WEIR_DRIFT_WINDOWS: windows }) =>
    new Set(windows).size === windows.length
      ? undefined
      : `WEIR_DRIFT_WINDOWS is ${windows.join(',')}; each size may stand once, since it names a rule`,
  ({ WEIR_DRIFT_TIME_WINDOWS: windows }) =>
    new Set(windows).size === windows.length
      ? undefined
      : `WEIR_DRIFT_TIME_WINDOWS is ${windows.join(',')}; each span may stand once, since it names a rule`,
];

/** @throws {ConfigError} listing every fault. */
export function loadDetectorConfig(env: Readonly<Record<string, string | undefined>>): DetectorConfig {
  return loadConfig(SETTINGS, RULES, env);
}

export function driftConfigOf(config: DetectorConfig): DriftConfig {
  return {
    countWindows: config.WEIR_DRIFT_WINDOWS,
    timeWindows: config.WEIR_DRIFT_TIME_WINDOWS.map((name) => ({ name, spanMs: spanMs(name) })),
    allowedLatenessMs: config.WEIR_DRIFT_LATENESS_MS,
    idleAfterMs: config.WEIR_DRIFT_IDLE_MS,
    minValues: config.WEIR_DRIFT_MIN_VALUES,
    readingsPerFalseAlarm: config.WEIR_DRIFT_READINGS_PER_FALSE_ALARM,
    minEffect: config.WEIR_DRIFT_MIN_EFFECT,
    resolveShare: config.WEIR_DRIFT_RESOLVE_SHARE,
  };
}

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function spanMs(name: string): number {
  return Number(name.slice(0, -1)) * (UNITS_MS[name.slice(-1)] as number);
}
