/** Connects services to their surroundings: the only place that chooses between one file and Kafka with Redis. */
import { readFileSync } from 'node:fs';
import { LogError } from '@weir/event-log/errors';
import type { KafkaOptions } from '@weir/event-log/kafkajs/log';
import type { EventLog } from '@weir/event-log/port';
import { createMemoryCheckpoints } from './checkpoints/memory.ts';
import { createRedisCheckpoints } from './checkpoints/redis.ts';
import { createSqliteCheckpoints } from './checkpoints/sqlite.ts';
import { type CheckpointStore, TornCheckpoint } from './checkpoints/store.ts';
import type { CommonConfig } from './config/common-settings.ts';
import { withoutPassword } from './config/url.ts';
import type { Check } from './http/probes.ts';
import { createMemoryViews } from './views/memory.ts';
import type { ReadViews } from './views/read-views.ts';
import { createRedisViews } from './views/redis.ts';
import { createSqliteViews } from './views/sqlite.ts';
import { brokerCheck, waitForBroker } from './wait-for-broker.ts';

/** Redis is beside the commit path: it may hold nothing up for longer than this, ms. */
const REDIS_TIMEOUT_MS = 1_000;
const SECURITY_SETTINGS =
  'KAFKA_SSL, KAFKA_SSL_CA_FILE, KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD';

export interface Ports {
  readonly log: EventLog;
  readonly checkpoints: CheckpointStore;
  readonly views: ReadViews;
  /** For `/readyz`: each names the server that it is about. */
  readonly checks: readonly Check[];
  close(): Promise<void>;
}

export interface ConnectOptions {
  /** As brokers show it. */
  readonly clientId: string;
  /** Told once at each change: that a broker does not answer, why, and that it does. */
  readonly report: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  /** Ends the wait for a broker. */
  readonly signal?: AbortSignal;
}

/** @throws {LogError} when the file is in use, or no broker answered within WEIR_STARTUP_TIMEOUT_MS */
export async function connectPorts(config: CommonConfig, options: ConnectOptions): Promise<Ports> {
  if (config.WEIR_LOG === 'embedded') return connectEmbedded(config.WEIR_LOG_FILE);
  const { createKafkaLog } = await import('@weir/event-log/kafkajs/log');
  const brokers = config.KAFKA_BROKERS;
  const sessionTimeoutMs = config.KAFKA_SESSION_TIMEOUT_MS;
  const log = createKafkaLog({ brokers, clientId: options.clientId, sessionTimeoutMs, ...security(config) });
  try {
    await waitForBroker(log, { ...options, timeoutMs: config.WEIR_STARTUP_TIMEOUT_MS });
  } catch (error) {
    await log.close();
    if (error instanceof LogError && error.code === 'FATAL')
      throw new LogError('FATAL', `${error.message}: see ${SECURITY_SETTINGS}`, { cause: error });
    throw error;
  }
  const watched = brokerCheck(log, options.report);
  const close = async (): Promise<void> => {
    watched.stop();
    await log.close();
  };
  if (config.REDIS_URL !== '') return connectRedis(config, log, watched.check, close);
  return {
    log,
    checkpoints: createMemoryCheckpoints(),
    views: createMemoryViews(),
    checks: [watched.check],
    close,
  };
}

async function connectEmbedded(file: string): Promise<Ports> {
  const { createEmbeddedLog } = await import('@weir/event-log/embedded/log');
  const { explain } = await import('@weir/event-log/embedded/store');
  const log = createEmbeddedLog({ file });
  try {
    const checkpoints = createSqliteCheckpoints(log.database);
    const views = createSqliteViews(log.database);
    return { log, checkpoints, views, checks: [], close: () => log.close() };
  } catch (error) {
    await log.close();
    throw explain(file, error);
  }
}

async function connectRedis(
  config: CommonConfig,
  log: EventLog,
  broker: Check,
  close: () => Promise<void>,
): Promise<Ports> {
  const { Redis } = await import('ioredis');
  const redis = new Redis(config.REDIS_URL, {
    maxRetriesPerRequest: 1,
    commandTimeout: REDIS_TIMEOUT_MS,
    connectTimeout: REDIS_TIMEOUT_MS,
  });
  // Without a listener a lost connection would end the process; readiness tells of it instead.
  redis.on('error', () => {});
  const url = withoutPassword(config.REDIS_URL);
  const unanswered = (error: unknown): never => {
    // What Redis holds is torn: it did answer.
    if (error instanceof TornCheckpoint) throw error;
    const cure = 'start it, or correct REDIS_URL; /readyz tells when it answers';
    throw new LogError('RETRIABLE', `Redis at ${url} did not answer: ${String(error)}; ${cure}`, { cause: error });
  };
  const redisCheck: Check = {
    name: 'redis',
    fault: () =>
      redis.status === 'ready'
        ? undefined
        : `the connection to ${url} is ${redis.status}; checkpoints and read views wait for it`,
  };
  return {
    log,
    checkpoints: patientCheckpoints(createRedisCheckpoints(redis), unanswered),
    views: patientViews(createRedisViews(redis, config.WEIR_TOPIC_PREFIX), unanswered),
    checks: [broker, redisCheck],
    close: async () => {
      redis.disconnect();
      await close();
    },
  };
}

/** Processing from the beginning instead would be right too, but hours long: a restore waits for Redis. */
function patientCheckpoints(store: CheckpointStore, unanswered: (error: unknown) => never): CheckpointStore {
  return {
    generations: (task) => store.generations(task).catch(unanswered),
    keys: async function* (task, generation) {
      try {
        yield* store.keys(task, generation);
      } catch (error) {
        unanswered(error);
      }
    },
    save: (task, head, changed) => store.save(task, head, changed).catch(unanswered),
    prune: (task, keep) => store.prune(task, keep).catch(unanswered),
    wholeSnapshot: (task) => store.wholeSnapshot(task).catch(unanswered),
  };
}

/** A request that Redis does not answer is one to send again, not an internal error. */
function patientViews(views: ReadViews, unanswered: (error: unknown) => never): ReadViews {
  return {
    put: (scope, changes) => views.put(scope, changes).catch(unanswered),
    replace: (scope, all) => views.replace(scope, all).catch(unanswered),
    get: (service, key) => views.get(service, key).catch(unanswered),
    list: (service, options) => views.list(service, options).catch(unanswered),
  };
}

function security(config: CommonConfig): Pick<KafkaOptions, 'ssl' | 'sasl'> {
  const {
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_SASL_USERNAME: username,
    KAFKA_SASL_PASSWORD: password,
    KAFKA_SSL_CA_FILE: ca,
    KAFKA_SSL_CERT_FILE: cert,
    KAFKA_SSL_KEY_FILE: key,
  } = config;
  const files = Object.entries({ ca, cert, key }).filter(([, path]) => path !== '');
  return {
    ...(config.KAFKA_SSL ? { ssl: Object.fromEntries(files.map(([name, path]) => [name, pem(name, path)])) } : {}),
    ...(mechanism === 'none' ? {} : { sasl: { mechanism, username, password } }),
  };
}

function pem(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const setting = `KAFKA_SSL_${name.toUpperCase()}_FILE`;
    throw new LogError('FATAL', `cannot read ${path}: ${String(error)}; correct ${setting}`, { cause: error });
  }
}
