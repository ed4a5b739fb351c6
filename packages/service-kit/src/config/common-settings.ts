/** What every service reads from its environment. */
import { type ConfigSource, type Environment, loadConfig } from './load.ts';
import type { ConfigOf, Rule, Settings } from './settings.ts';

export const COMMON_SETTINGS = {
  WEIR_LOG: {
    type: 'choice',
    choices: ['embedded', 'kafka'],
    default: 'embedded',
    reason: 'where events live: one SQLite file, or Apache Kafka',
  },
  WEIR_LOG_FILE: {
    type: 'string',
    default: 'weir.db',
    unit: 'path',
    reason: 'the embedded log; one process at a time may have it open',
  },
  KAFKA_BROKERS: {
    type: 'list',
    items: { type: 'string', pattern: '(\\[[0-9a-fA-F:]+\\]|[^:\\s]+):[0-9]{1,5}', rule: 'host:port' },
    default: [],
    unit: 'host:port, comma between',
    reason: 'some brokers of the cluster; needed with WEIR_LOG=kafka',
  },
  KAFKA_SESSION_TIMEOUT_MS: {
    type: 'integer',
    minimum: 1000,
    maximum: 300_000,
    default: 6000,
    unit: 'ms',
    reason: 'after a crash other members take the partitions over this much later',
  },
  KAFKA_SSL: { type: 'boolean', default: false, reason: 'connect to the brokers with TLS' },
  KAFKA_SSL_CA_FILE: {
    type: 'string',
    default: '',
    unit: 'path of a PEM file',
    reason: 'authority that signed the certificates of the brokers; empty: the authorities that Node knows',
  },
  KAFKA_SSL_CERT_FILE: {
    type: 'string',
    default: '',
    unit: 'path of a PEM file',
    reason: 'certificate of the service, where brokers ask for one; goes with KAFKA_SSL_KEY_FILE',
  },
  KAFKA_SSL_KEY_FILE: {
    type: 'string',
    default: '',
    unit: 'path of a PEM file',
    reason: 'key of KAFKA_SSL_CERT_FILE',
  },
  KAFKA_SASL_MECHANISM: {
    type: 'choice',
    choices: ['none', 'plain', 'scram-sha-256', 'scram-sha-512'],
    default: 'none',
    reason: 'how to log in to the brokers',
  },
  KAFKA_SASL_USERNAME: { type: 'string', default: '', reason: 'user name of the login' },
  KAFKA_SASL_PASSWORD: { type: 'string', default: '', reason: 'password of KAFKA_SASL_USERNAME', secret: true },
  SCHEMA_REGISTRY_URL: {
    type: 'url',
    schemes: ['http', 'https'],
    default: '',
    unit: 'http://host:port',
    reason: 'Confluent-compatible registry that schema ids come from; empty: they come from the committed lock file',
  },
  REDIS_URL: {
    type: 'url',
    schemes: ['redis', 'rediss'],
    default: '',
    unit: 'redis://host:port',
    reason:
      'checkpoints and read views with WEIR_LOG=kafka; empty: they live in memory, and a restart processes the whole journal again, which it can only while all its inputs are kept',
  },
  WEIR_TOPIC_PREFIX: {
    type: 'string',
    pattern: '[a-zA-Z0-9._-]{0,100}',
    rule: 'up to 100 letters, digits, dots, underscores and hyphens',
    default: 'weir.',
    reason: 'in front of every topic, so that installations can share a cluster',
  },
  WEIR_PARTITIONS: {
    type: 'integer',
    minimum: 1,
    maximum: 64,
    default: 1,
    reason: 'partitions of every topic; fixed once topics exist',
  },
  WEIR_FUTURE_BOUND_MS: {
    type: 'integer',
    minimum: 0,
    default: 3_600_000,
    unit: 'ms',
    reason: 'events further ahead of the clock go to the dead-letter topic',
  },
  WEIR_ON_DATA_LOSS: {
    type: 'choice',
    choices: ['fail', 'reset'],
    default: 'fail',
    reason:
      'when neither a checkpoint nor all records since the last start are kept: stop and name what is missing, or go on after the last commit with empty state',
  },
  WEIR_STATE_MEMORY_BYTES: {
    type: 'integer',
    minimum: 1_048_576,
    default: 1_073_741_824,
    unit: 'bytes',
    reason:
      'states of all models in memory, estimated; beyond it those that were idle longest are on disk until they are needed: in SQLITE_TMPDIR, else TMPDIR, else /var/tmp',
  },
  WEIR_STARTUP_TIMEOUT_MS: {
    type: 'integer',
    minimum: 0,
    maximum: 3_600_000,
    default: 60_000,
    unit: 'ms',
    reason: 'how long the start waits for a broker that does not answer; 0: one try',
  },
  WEIR_HTTP_HOST: {
    type: 'string',
    pattern: '\\S+',
    rule: 'a host name or an address',
    default: '127.0.0.1',
    reason: 'address to listen on; other than loopback needs WEIR_PRINCIPALS_FILE or WEIR_HTTP_TOKEN',
  },
  WEIR_HTTP_PORT: {
    type: 'integer',
    minimum: 0,
    maximum: 65_535,
    default: 8080,
    reason: 'port to listen on; 0 lets the system choose',
  },
  WEIR_HTTP_ADVERTISE: {
    type: 'string',
    pattern: 'https?://\\S+|',
    rule: 'a URL that begins with http:// or https://',
    default: '',
    unit: 'URL',
    reason:
      'where clients and other instances reach this one: an instance that does not own a model names the owner by it; empty: the address it listens on',
  },
  WEIR_HTTP_TOKEN: {
    type: 'string',
    pattern: '\\S{16,1000}',
    rule: '16 to 1,000 characters without a space',
    default: '',
    reason: 'bearer token of one principal called token, which may do everything; empty: none',
    secret: true,
  },
  WEIR_PRINCIPALS_FILE: {
    type: 'string',
    default: '',
    unit: 'path of a JSON file',
    reason: 'named principals: a list of {"id", "roles", "tokenSha256"}; empty: none',
  },
  WEIR_HTTP_ALLOW_INSECURE: {
    type: 'boolean',
    default: false,
    reason:
      'listen beyond loopback without any identity, for reading only: inside a network that is closed by other means',
  },
  WEIR_LOG_LEVEL: {
    type: 'choice',
    choices: ['fatal', 'error', 'warn', 'info', 'debug', 'silent'],
    default: 'info',
    reason: 'least severity that is logged',
  },
} as const;

export type CommonConfig = ConfigOf<typeof COMMON_SETTINGS>;

/** Unknown names that begin with these are refused by every service. */
export const COMMON_PREFIXES: readonly string[] = ['WEIR_HTTP_', 'WEIR_LOG', 'WEIR_STATE_', 'WEIR_TOPIC_'];

export const COMMON_RULES: readonly Rule<CommonConfig>[] = [
  ({ WEIR_LOG, KAFKA_BROKERS }) =>
    WEIR_LOG === 'kafka' && KAFKA_BROKERS.length === 0
      ? 'KAFKA_BROKERS is empty; WEIR_LOG=kafka needs the address of a broker, like KAFKA_BROKERS=127.0.0.1:9092'
      : undefined,
  ({ KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD }) =>
    mechanism !== 'none' && (KAFKA_SASL_USERNAME === '' || KAFKA_SASL_PASSWORD === '')
      ? `KAFKA_SASL_MECHANISM is ${mechanism}, which needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD; set both`
      : undefined,
  ({ KAFKA_SASL_MECHANISM: mechanism, KAFKA_SSL, KAFKA_BROKERS }) =>
    mechanism === 'plain' && !KAFKA_SSL && !KAFKA_BROKERS.every((broker) => isLoopback(hostOf(broker)))
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
  ({ WEIR_HTTP_HOST, WEIR_HTTP_TOKEN, WEIR_PRINCIPALS_FILE, WEIR_HTTP_ALLOW_INSECURE }) =>
    isLoopback(WEIR_HTTP_HOST) || WEIR_HTTP_TOKEN !== '' || WEIR_PRINCIPALS_FILE !== '' || WEIR_HTTP_ALLOW_INSECURE
      ? undefined
      : `WEIR_HTTP_HOST is ${WEIR_HTTP_HOST}, which others can reach; set WEIR_PRINCIPALS_FILE or WEIR_HTTP_TOKEN, or WEIR_HTTP_ALLOW_INSECURE=true inside a closed network`,
];

/** What a service adds to the common settings. */
export interface ServiceSettings<Own extends Settings> {
  readonly settings: Own;
  /** What its variables begin with, like `WEIR_DRIFT_`: an unknown name there is refused. */
  readonly prefixes: readonly string[];
  readonly rules?: readonly Rule<ServiceConfig<Own>>[];
  /** Instead of the common ones, like `{ WEIR_HTTP_PORT: 8081 }`. */
  readonly defaults?: Partial<CommonConfig>;
}

export type ServiceConfig<Own extends Settings> = CommonConfig & ConfigOf<Own>;

/** @throws {ConfigError} listing every fault */
export function loadServiceConfig<Own extends Settings>(
  own: ServiceSettings<Own>,
  env: Environment,
): ServiceConfig<Own> {
  const source: ConfigSource<Settings> = {
    settings: { ...COMMON_SETTINGS, ...own.settings },
    prefixes: [...COMMON_PREFIXES, ...own.prefixes],
    rules: [...COMMON_RULES, ...(own.rules ?? [])] as readonly unknown[] as readonly Rule<ConfigOf<Settings>>[],
    defaults: own.defaults ?? {},
  };
  return loadConfig(source, env) as ServiceConfig<Own>;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

function hostOf(address: string): string {
  return address.replace(/:\d+$/, '');
}
