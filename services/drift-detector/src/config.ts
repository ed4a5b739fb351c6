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
export interface DriftConfig {
  /** Sizes of the count windows, values. */
  readonly countWindows: readonly number[];
  /** Readings per expected false alarm under exchangeable events. */
  readonly readingsPerFalseAlarm: number;
  /** Distance too small to matter, in [0, 1). */
  readonly minEffect: number;
  /** An open alert resolves when D stays below this share of the threshold for a whole window. */
  readonly resolveShare: number;
}

export const DRIFT_DEFAULTS: DriftConfig = {
  countWindows: [1_000],
  readingsPerFalseAlarm: 1e9,
  minEffect: 0,
  resolveShare: 0.8,
};

/** What the service reads from its environment. */
export interface DetectorConfig extends ServiceConfig {
  readonly WEIR_DRIFT_WINDOWS: readonly number[];
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
];

/** @throws {ConfigError} listing every fault. */
export function loadDetectorConfig(env: Readonly<Record<string, string | undefined>>): DetectorConfig {
  return loadConfig(SETTINGS, RULES, env);
}

export function driftConfigOf(config: DetectorConfig): DriftConfig {
  return {
    countWindows: config.WEIR_DRIFT_WINDOWS,
    readingsPerFalseAlarm: config.WEIR_DRIFT_READINGS_PER_FALSE_ALARM,
    minEffect: config.WEIR_DRIFT_MIN_EFFECT,
    resolveShare: config.WEIR_DRIFT_RESOLVE_SHARE,
  };
}
