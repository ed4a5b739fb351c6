/** Connects a service to its surroundings: the only place that chooses between one file and Kafka with Redis. */
import { readFileSync } from 'node:fs';
import { LogError } from '@weir/event-log/errors';
import type { KafkaOptions } from '@weir/event-log/kafkajs/log';
import type { EventLog } from '@weir/event-log/port';
import type { ServiceConfig } from './config.ts';
import type { Check } from './http.ts';
import { createMemoryViews, type ReadViews } from './read-views.ts';
import { createMemorySnapshots, createSqliteSnapshots, type SnapshotStore } from './snapshot-store.ts';

/** Redis is beside the commit path: it may hold nothing up for longer than this, ms. */
const REDIS_TIMEOUT_MS = 1_000;
const PING_TIMEOUT_MS = 10_000;
const SECURITY_SETTINGS =
  'KAFKA_SSL, KAFKA_SSL_CA_FILE, KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD';

type DegradedListener = (part: 'snapshots' | 'views', error: unknown) => void;

export interface Ports {
  readonly log: EventLog;
  readonly snapshots: SnapshotStore;
  readonly views: ReadViews;
  readonly checks: readonly Check[];
  /** Called for each write beside the log that failed; the fold goes on. */
  onDegraded(listener: DegradedListener): void;
  close(): Promise<void>;
}

/** @throws {LogError} when the file is in use or no broker answers. */
export async function connectPorts(config: ServiceConfig, clientId: string): Promise<Ports> {
  if (config.WEIR_LOG === 'embedded') {
    const { createEmbeddedLog } = await import('@weir/event-log/embedded/log');
    const log = createEmbeddedLog({ file: config.WEIR_LOG_FILE });
    const listeners: DegradedListener[] = [];
    return {
      log,
      snapshots: forgivingSnapshots(createSqliteSnapshots(log.database), listeners),
      views: createMemoryViews(),
      checks: [],
      onDegraded: (listener) => void listeners.push(listener),
      close: () => log.close(),
    };
  }
  const { createKafkaLog } = await import('@weir/event-log/kafkajs/log');
  const log = createKafkaLog({
    brokers: config.KAFKA_BROKERS,
    clientId,
    sessionTimeoutMs: config.KAFKA_SESSION_TIMEOUT_MS,
    ...security(config),
  });
  try {
    await log.ping(PING_TIMEOUT_MS);
  } catch (error) {
    await log.close();
    if (error instanceof LogError && error.code === 'FATAL')
      throw new LogError('FATAL', `${error.message}: see ${SECURITY_SETTINGS}`, { cause: error });
    throw error;
  }
  if (config.REDIS_URL === '') {
    return {
      log,
      snapshots: createMemorySnapshots(),
      views: createMemoryViews(),
      checks: [],
      onDegraded: () => {},
      close: () => log.close(),
    };
  }
  return connectRedis(config, log);
}

function security(config: ServiceConfig): Pick<KafkaOptions, 'ssl' | 'sasl'> {
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

async function connectRedis(config: ServiceConfig, log: EventLog): Promise<Ports> {
  const { Redis } = await import('ioredis');
  const { createRedisSnapshots } = await import('./redis-snapshots.ts');
  const { createRedisViews } = await import('./redis-views.ts');
  const redis = new Redis(config.REDIS_URL, {
    maxRetriesPerRequest: 1,
    commandTimeout: REDIS_TIMEOUT_MS,
    connectTimeout: REDIS_TIMEOUT_MS,
  });
  // Without a listener a lost connection would end the process; readiness and the counter tell of it instead.
  redis.on('error', () => {});
  const listeners: DegradedListener[] = [];
  const snapshots = forgivingSnapshots(createRedisSnapshots(redis), listeners);
  const views = createRedisViews(redis, config.WEIR_TOPIC_PREFIX);
  return {
    log,
    snapshots: {
      load: async (task) => {
        try {
          return await snapshots.load(task);
        } catch (error) {
          // Folding from the beginning would be right too, but hours long: wait for Redis instead.
          throw new LogError(
            'RETRIABLE',
            `Redis did not give the snapshot of ${task}: ${String(error)}; start it, or correct REDIS_URL`,
            { cause: error },
          );
        }
      },
      save: (task, snapshot) => snapshots.save(task, snapshot),
    },
    views: {
      put: async (service, changes) => {
        try {
          await views.put(service, changes);
        } catch (error) {
          for (const listener of listeners) listener('views', error);
        }
      },
      get: (service, key) => views.get(service, key).catch(unanswered),
      list: (service, options) => views.list(service, options).catch(unanswered),
    },
    checks: [
      {
        name: 'redis',
        fault: () =>
          redis.status === 'ready' ? undefined : `connection is ${redis.status}; snapshots and read views wait`,
      },
    ],
    onDegraded: (listener) => void listeners.push(listener),
    close: async () => {
      redis.disconnect();
      await log.close();
    },
  };
}

/** A snapshot is a cache of the journal: one that cannot be written (a full disk, Redis away) costs a longer restore and stops nothing. */
export function forgivingSnapshots(snapshots: SnapshotStore, listeners: readonly DegradedListener[]): SnapshotStore {
  return {
    load: (task) => snapshots.load(task),
    save: async (task, snapshot) => {
      try {
        return await snapshots.save(task, snapshot);
      } catch (error) {
        for (const listener of listeners) listener('snapshots', error);
        return 'stale';
      }
    },
  };
}

function unanswered(error: unknown): never {
  throw new LogError('RETRIABLE', `Redis did not answer: ${String(error)}; ask again when /readyz says ok`, {
    cause: error,
  });
}
