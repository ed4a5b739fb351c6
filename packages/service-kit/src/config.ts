/** Configuration from the environment: one schema per service, all faults at once, each with the variable's name and the cure. */
import Type, { type TSchema } from 'typebox';
import Value from 'typebox/value';
import type { LostInputs } from './restore.ts';

/** One variable. `unit` and `reason` are for people; `secret` values are never printed. */
export interface Setting<T> {
  readonly schema: TSchema;
  readonly default?: T;
  readonly unit?: string;
  readonly reason: string;
  readonly secret?: boolean;
}

/** A setting for each variable of a configuration. */
export type Settings<Config> = { readonly [Name in keyof Config]: Setting<Config[Name]> };

/** A rule over several variables. Returns what is wrong and how to mend it. */
export type Rule<Config> = (config: Config) => string | undefined;

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(
      `${faults.length} ${faults.length === 1 ? 'fault' : 'faults'} in the configuration:\n${faults.map((fault) => `  ${fault}\n`).join('')}`,
    );
    this.faults = faults;
  }
}

/** What every service reads from its environment; what each means is told beside its schema below. */
export interface ServiceConfig {
  readonly WEIR_LOG: 'embedded' | 'kafka';
  readonly WEIR_LOG_FILE: string;
  readonly KAFKA_BROKERS: readonly string[];
  readonly KAFKA_SESSION_TIMEOUT_MS: number;
  readonly KAFKA_SSL: boolean;
  readonly KAFKA_SSL_CA_FILE: string;
  readonly KAFKA_SSL_CERT_FILE: string;
  readonly KAFKA_SSL_KEY_FILE: string;
  readonly KAFKA_SASL_MECHANISM: 'none' | 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly KAFKA_SASL_USERNAME: string;
  readonly KAFKA_SASL_PASSWORD: string;
  readonly SCHEMA_REGISTRY_URL: string;
  readonly REDIS_URL: string;
  readonly WEIR_TOPIC_PREFIX: string;
  readonly WEIR_PARTITIONS: number;
  readonly WEIR_SEED: string;
  readonly WEIR_FUTURE_BOUND_MS: number;
  readonly WEIR_LOST_INPUTS: LostInputs;
  readonly WEIR_HTTP_HOST: string;
  readonly WEIR_HTTP_PORT: number;
  readonly WEIR_HTTP_TOKEN: string;
  readonly WEIR_HTTP_ALLOW_INSECURE: boolean;
  readonly WEIR_LOG_LEVEL: string;
}

export const SERVICE_SETTINGS: Settings<ServiceConfig> = {
  WEIR_LOG: {
    schema: Type.Union([Type.Literal('embedded'), Type.Literal('kafka')]),
    default: 'embedded',
    reason: 'where events live: one SQLite file, or Apache Kafka',
  },
  WEIR_LOG_FILE: {
    schema: Type.String({ minLength: 1 }),
    default: 'weir.db',
    unit: 'path',
    reason: 'the embedded log; one process at a time may have it open',
  },
  KAFKA_BROKERS: {
    schema: Type.Array(Type.String({ pattern: '^[^:\\s]+:[0-9]{1,5}$' })),
    default: [],
    unit: 'host:port, comma between',
    reason: 'some brokers of the cluster; needed with WEIR_LOG=kafka',
  },
  KAFKA_SESSION_TIMEOUT_MS: {
    schema: Type.Integer({ minimum: 1_000, maximum: 300_000 }),
    default: 6_000,
    unit: 'ms',
    reason: 'after a crash others take the partitions over this much later',
  },
  KAFKA_SSL: {
    schema: Type.Boolean(),
    default: false,
    reason: 'speak TLS to the brokers',
  },
  KAFKA_SSL_CA_FILE: {
    schema: Type.String(),
    default: '',
    unit: 'path of a PEM file',
    reason: 'who signed the brokers’ certificates; empty: the authorities that Node knows',
  },
  KAFKA_SSL_CERT_FILE: {
    schema: Type.String(),
    default: '',
    unit: 'path of a PEM file',
    reason: 'our own certificate, where brokers ask for one; goes with KAFKA_SSL_KEY_FILE',
  },
  KAFKA_SSL_KEY_FILE: {
    schema: Type.String(),
    default: '',
    unit: 'path of a PEM file',
    reason: 'key of KAFKA_SSL_CERT_FILE',
  },
  KAFKA_SASL_MECHANISM: {
    schema: Type.Union(['none', 'plain', 'scram-sha-256', 'scram-sha-512'].map((each) => Type.Literal(each))),
    default: 'none',
    reason: 'how to log in to the brokers',
  },
  KAFKA_SASL_USERNAME: { schema: Type.String(), default: '', reason: 'whom to log in as' },
  KAFKA_SASL_PASSWORD: { schema: Type.String(), default: '', reason: 'password of KAFKA_SASL_USERNAME', secret: true },
  SCHEMA_REGISTRY_URL: {
    schema: Type.String({ pattern: '^(https?://\\S+)?$' }),
    default: '',
    unit: 'http://host:port',
    reason:
      'Confluent-compatible registry that schema ids come from; without it they come from the committed lock file',
    secret: true,
  },
  REDIS_URL: {
    schema: Type.String({ pattern: '^(rediss?://\\S+)?$' }),
    default: '',
    unit: 'redis://host:port',
    reason:
      'snapshots and read views with WEIR_LOG=kafka; without it they live in memory, and a restart folds the whole journal again, which it can only while all its inputs are kept',
    secret: true,
  },
  WEIR_TOPIC_PREFIX: {
    schema: Type.String({ pattern: '^[a-zA-Z0-9._-]{0,100}$' }),
    default: 'weir.',
    reason: 'in front of every topic, so that installations can share a cluster',
  },
  WEIR_PARTITIONS: {
    schema: Type.Integer({ minimum: 1, maximum: 64 }),
    default: 1,
    reason: 'of every topic; fixed once topics exist',
  },
  WEIR_SEED: {
    schema: Type.String({ minLength: 1, maxLength: 200 }),
    default: 'weir',
    reason: 'key of every random draw',
  },
  WEIR_FUTURE_BOUND_MS: {
    schema: Type.Integer({ minimum: 0 }),
    default: 3_600_000,
    unit: 'ms',
    reason: 'events further ahead of the clock go to the dead-letter topic',
  },
  WEIR_LOST_INPUTS: {
    schema: Type.Union([Type.Literal('refuse'), Type.Literal('start-over')]),
    default: 'refuse',
    reason:
      'when neither a snapshot nor all records since the last start are kept: stop and say what is gone, or go on after the last commit with empty windows',
  },
  WEIR_HTTP_HOST: {
    schema: Type.String({ minLength: 1 }),
    default: '127.0.0.1',
    reason: 'address to listen on; other than loopback needs WEIR_HTTP_TOKEN',
  },
  WEIR_HTTP_PORT: {
    schema: Type.Integer({ minimum: 0, maximum: 65_535 }),
    default: 8081,
    reason: 'port to listen on; 0 lets the system choose',
  },
  WEIR_HTTP_TOKEN: {
    schema: Type.String({ pattern: '^(\\S{16,})?$' }),
    default: '',
    reason: 'bearer token that /v1 asks for, 16 characters or more; empty: none is asked',
    secret: true,
  },
  WEIR_HTTP_ALLOW_INSECURE: {
    schema: Type.Boolean(),
    default: false,
    reason: 'listen beyond loopback without a token: only inside a network that is closed by other means',
  },
  WEIR_LOG_LEVEL: {
    schema: Type.Union(['fatal', 'error', 'warn', 'info', 'debug', 'silent'].map((level) => Type.Literal(level))),
    default: 'info',
    reason: 'least severity that is logged',
  },
};

export const SERVICE_RULES: readonly Rule<ServiceConfig>[] = [
  ({ WEIR_LOG, KAFKA_BROKERS }) =>
    WEIR_LOG === 'kafka' && KAFKA_BROKERS.length === 0
      ? 'KAFKA_BROKERS is empty; WEIR_LOG=kafka needs the address of a broker, like KAFKA_BROKERS=127.0.0.1:9092'
      : undefined,
  ({ KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD }) =>
    mechanism !== 'none' && (KAFKA_SASL_USERNAME === '' || KAFKA_SASL_PASSWORD === '')
      ? `KAFKA_SASL_MECHANISM is ${mechanism}, which needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD; set both`
      : undefined,
  ({ KAFKA_SASL_MECHANISM: mechanism, KAFKA_SSL, KAFKA_BROKERS }) =>
    mechanism === 'plain' && !KAFKA_SSL && !KAFKA_BROKERS.every((broker) => isLoopback(broker.replace(/:\d+$/, '')))
      ? 'KAFKA_SASL_MECHANISM is plain without KAFKA_SSL, which shows the password to the network; set KAFKA_SSL=true, or use scram-sha-512'
      : undefined,
  ({ KAFKA_SSL_CERT_FILE, KAFKA_SSL_KEY_FILE }) =>
    (KAFKA_SSL_CERT_FILE === '') === (KAFKA_SSL_KEY_FILE === '')
      ? undefined
      : 'KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE go together; set both or neither',
  ({ KAFKA_SSL, KAFKA_SSL_CA_FILE, KAFKA_SSL_CERT_FILE }) =>
    KAFKA_SSL || (KAFKA_SSL_CA_FILE === '' && KAFKA_SSL_CERT_FILE === '')
      ? undefined
      : 'KAFKA_SSL_CA_FILE or KAFKA_SSL_CERT_FILE is set, but KAFKA_SSL is not; set KAFKA_SSL=true',
  ({ WEIR_HTTP_HOST, WEIR_HTTP_TOKEN, WEIR_HTTP_ALLOW_INSECURE }) =>
    isLoopback(WEIR_HTTP_HOST) || WEIR_HTTP_TOKEN !== '' || WEIR_HTTP_ALLOW_INSECURE
      ? undefined
      : `WEIR_HTTP_HOST is ${WEIR_HTTP_HOST}, which others can reach; set WEIR_HTTP_TOKEN, or WEIR_HTTP_ALLOW_INSECURE=true inside a closed network`,
];

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** @throws {ConfigError} listing every fault. The result is frozen. */
export function loadConfig<Config extends object>(
  settings: Settings<Config>,
  rules: readonly Rule<Config>[],
  env: Readonly<Record<string, string | undefined>>,
): Config {
  const faults: string[] = [];
  const config: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries<Setting<unknown>>(settings)) {
    const text = env[name];
    if (text === undefined || text === '') {
      if (setting.default === undefined) faults.push(`${name} is not set; ${setting.reason}`);
      config[name] = setting.default;
      continue;
    }
    const value = parse(text, setting.schema);
    const [error] = Value.Errors(setting.schema, value).toReversed();
    if (error !== undefined) {
      const shown = setting.secret ? '(secret)' : JSON.stringify(text);
      faults.push(`${name} is ${shown}; it ${ruleOf(setting.schema, error.message)} (${setting.reason})`);
    }
    config[name] = value;
  }
  for (const name of Object.keys(env)) {
    if (!name.startsWith('WEIR_') || name in settings || name === 'WEIR_TEST_SERVICES') continue;
    const near = Object.keys(settings).find((known) => distance(known, name) <= 3);
    faults.push(`${name} is not a setting${near === undefined ? '; --help lists them' : `; did you mean ${near}?`}`);
  }
  // Rules over several variables only make sense when each of them is right.
  if (faults.length === 0) faults.push(...rules.flatMap((rule) => rule(config as Config) ?? []));
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.freeze(config) as Config;
}

/** Every variable with its default and reason, for `--help`. */
export function describeSettings<Config extends object>(settings: Settings<Config>): string {
  return Object.entries<Setting<unknown>>(settings)
    .map(([name, { default: fallback, unit, reason }]) => {
      const shown = fallback === undefined ? 'no default' : `default ${textOf(fallback) || '(empty)'}`;
      return `  ${name.padEnd(26)} ${reason}\n  ${''.padEnd(26)} ${shown}${unit === undefined ? '' : `, ${unit}`}\n`;
    })
    .join('');
}

/** As it would stand in the environment. */
function textOf(value: unknown): string {
  return Array.isArray(value) ? value.map(textOf).join(',') : typeof value === 'string' ? value : JSON.stringify(value);
}

function parse(text: string, schema: TSchema): unknown {
  const { type, items } = schema as { readonly type?: string; readonly items?: TSchema };
  if (type === 'integer' || type === 'number')
    return text.trim() === '' ? text : Number.isNaN(Number(text)) ? text : Number(text);
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (type === 'array') return text.split(',').map((each) => parse(each.trim(), items ?? Type.String()));
  return text;
}

function ruleOf(schema: TSchema, message: string): string {
  const { anyOf, type } = schema as { readonly anyOf?: readonly { readonly const?: string }[]; readonly type?: string };
  if (anyOf !== undefined) return `must be ${anyOf.map((each) => each.const).join(' or ')}`;
  if (type === 'boolean') return 'must be true or false';
  return message;
}

/** Levenshtein's: letters to change, add or leave out. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1)
      next.push(
        Math.min(
          (row[j] as number) + 1,
          (next[j - 1] as number) + 1,
          (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1),
        ),
      );
    row = next;
  }
  return row[b.length] as number;
}
