/** What `weir dev` was asked for. Flags stand over the environment, the environment over the defaults of the demonstration. */
import { parseArgs } from 'node:util';
import { type DetectorConfig, loadDetectorConfig } from '@weir/drift-detector/config';
import { ConfigError } from '@weir/service-kit/config';
import { UsageError } from '../../output.ts';

export interface DevOptions {
  readonly config: DetectorConfig;
  /** Undefined: a temporary file, or topics that are deleted at the end. */
  readonly keep: string | undefined;
  readonly until: 'first-alert' | 'end' | undefined;
  readonly forSeconds: number | undefined;
  /** Event time per wall time; undefined: as fast as the machine can. */
  readonly speed: number | undefined;
  readonly inject: readonly string[];
}

/** A week of flights, so that hours and weekdays weigh alike, and differences that a person would care about. */
const DEMONSTRATION = { WEIR_DRIFT_WINDOWS: '116000', WEIR_DRIFT_MIN_EFFECT: '0.1' };

const FLAGS = {
  file: { type: 'string' },
  kafka: { type: 'string' },
  prefix: { type: 'string' },
  port: { type: 'string' },
  seed: { type: 'string' },
  until: { type: 'string' },
  for: { type: 'string' },
  speed: { type: 'string' },
  inject: { type: 'string', multiple: true },
} as const;

/** @throws {UsageError} */
export function parseOptions(args: readonly string[], env: NodeJS.ProcessEnv, temporary: string): DevOptions {
  let values: ReturnType<typeof parseArgs<{ options: typeof FLAGS }>>['values'];
  try {
    values = parseArgs({ args: [...args], options: FLAGS }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}; see weir dev --help`);
  }
  const { file, kafka, prefix, until, speed } = values;
  if (file !== undefined && kafka !== undefined)
    throw new UsageError('--file and --kafka exclude each other: events live in one place');
  if (until !== undefined && until !== 'first-alert' && until !== 'end')
    throw new UsageError(`--until is ${JSON.stringify(until)}; it can be first-alert or end`);
  const flags = {
    ...(kafka === undefined
      ? { WEIR_LOG: 'embedded', WEIR_LOG_FILE: file ?? temporary }
      : {
          WEIR_LOG: 'kafka',
          KAFKA_BROKERS: kafka,
          WEIR_TOPIC_PREFIX: prefix ?? `weir-dev-${Date.now().toString(36)}.`,
        }),
    ...(values.port === undefined ? {} : { WEIR_HTTP_PORT: values.port }),
    ...(values.seed === undefined ? {} : { WEIR_SEED: values.seed }),
  };
  let config: DetectorConfig;
  try {
    config = loadDetectorConfig({ ...DEMONSTRATION, ...env, ...flags });
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message.trimEnd());
    throw error;
  }
  return {
    config,
    keep: kafka === undefined ? file : prefix,
    until,
    forSeconds: seconds(values.for),
    speed: positive('--speed', speed, 'a factor, like 3600 for an hour a second'),
    inject: values.inject ?? [],
  };
}

function seconds(text: string | undefined): number | undefined {
  return positive('--for', text?.replace(/s$/, ''), 'a time in seconds, like 60s');
}

function positive(flag: string, text: string | undefined, rule: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0 && value < 1e9)) throw new UsageError(`${flag} is ${JSON.stringify(text)}; it must be ${rule}`);
  return value;
}
