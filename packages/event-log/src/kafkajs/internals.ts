/**
 * The parts of kafkajs below its public API, typed. Its consumer decodes into objects that lose the order of headers, joins groups without
 * a revoke callback and processes stale batches. The reader and the group are built on its connections, metadata and requests, which are
 * sound but for six things mended here, for its producer as well. A test fails when the kafkajs version moves: what is used here has no
 * promise of stability.
 */
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type { Producer as KafkaProducer } from 'kafkajs';

const require = createRequire(import.meta.url);

export interface Broker {
  readonly nodeId: number | null;
  /** What it serves, by API key; null before it was asked. */
  readonly versions: Readonly<Record<number, unknown>> | null;
  readonly connectionPool: {
    readonly pool: readonly ConnectionState[];
    send<T>(request: ProtocolRequest<T>): Promise<T>;
  };
  isConnected(): boolean;
  disconnect(): Promise<void>;
  listOffsets(request: {
    readonly isolationLevel: number;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly timestamp: number }[];
    }[];
  }): Promise<{
    readonly responses: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
    }[];
  }>;
  /** `transactionalId` is absent where a producer is idempotent only. */
  initProducerId(request: {
    readonly transactionalId?: string;
    readonly transactionTimeout: number;
  }): Promise<ProducerIdentity>;
  addPartitionsToTxn(request: {
    readonly transactionalId: string;
    readonly producerId: string;
    readonly producerEpoch: number;
    readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  }): Promise<unknown>;
  endTxn(request: {
    readonly transactionalId: string;
    readonly producerId: string;
    readonly producerEpoch: number;
    /** True commits. */
    readonly transactionResult: boolean;
  }): Promise<unknown>;
  joinGroup(request: {
    readonly groupId: string;
    readonly sessionTimeout: number;
    readonly rebalanceTimeout: number;
    readonly memberId: string;
    readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[];
  }): Promise<{
    readonly generationId: number;
    readonly leaderId: string;
    readonly memberId: string;
    readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
  }>;
  syncGroup(request: {
    readonly groupId: string;
    readonly generationId: number;
    readonly memberId: string;
    readonly groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[];
  }): Promise<{ readonly memberAssignment: Buffer }>;
  heartbeat(request: {
    readonly groupId: string;
    readonly groupGenerationId: number;
    readonly memberId: string;
  }): Promise<unknown>;
  leaveGroup(request: { readonly groupId: string; readonly memberId: string }): Promise<unknown>;
  offsetCommit(request: {
    readonly groupId: string;
    readonly groupGenerationId: number;
    readonly memberId: string;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly offset: string; readonly metadata: null }[];
    }[];
  }): Promise<unknown>;
}

export interface ProducerIdentity {
  readonly producerId: string;
  readonly producerEpoch: number;
}

export interface ProtocolRequest<T> {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    readonly encode?: () => Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
  };
  readonly response: {
    readonly decode: (raw: Buffer) => Promise<T>;
    readonly parse: (decoded: T) => Promise<T>;
  };
  readonly requestTimeout?: number;
}

export interface ClusterClient {
  readonly brokerPool: { createBroker: (settings: object) => Broker };
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  refreshMetadata(): Promise<void>;
  findBroker(options: { readonly nodeId: number | string }): Promise<Broker>;
  /** `coordinatorType` is 0, absent, for groups and 1 for transactions. */
  findGroupCoordinator(options: { readonly groupId: string; readonly coordinatorType?: 0 | 1 }): Promise<Broker>;
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, readonly number[]>>;
  findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number; readonly leader: number }[];
  removeBroker(address: { readonly host: string; readonly port: number }): void;
}

export interface FetchPartition {
  readonly partition: number;
  readonly fetchOffset: string;
  readonly maxBytes: number;
}

type Constructor<T> = new (options: object) => T;

const Cluster = require('kafkajs/src/cluster') as Constructor<ClusterClient>;
const { createLogger } = require('kafkajs/src/loggers') as { createLogger: (options: object) => object };
const defaultSocketFactory = require('kafkajs/src/network/socketFactory') as () => object;
/** kafkajs's producer over a cluster that is at hand, which its public API hides. */
export const newProducer = require('kafkajs/src/producer') as (options: object) => KafkaProducer;
/** Version 10: from 11 on followers answer too, who may not have all that is committed and say that there is no more (KIP-392). */
const fetchRequest = require('kafkajs/src/protocol/requests/fetch/v10/request') as (
  options: object,
) => ProtocolRequest<Buffer>['request'];
const metadataRequest = require('kafkajs/src/protocol/requests/metadata/v6/request') as (
  options: object,
) => ProtocolRequest<Metadata>['request'];
const { decode: decodeMetadata } =
  require('kafkajs/src/protocol/requests/metadata/v6/response') as ProtocolRequest<Metadata>['response'];
const { createErrorFromCode } = require('kafkajs/src/protocol/error') as {
  createErrorFromCode: (code: number) => Error;
};
const { KafkaJSConnectionClosedError, KafkaJSNonRetriableError } = require('kafkajs/src/errors') as {
  KafkaJSConnectionClosedError: new (message: string, place: object) => Error;
  KafkaJSNonRetriableError: new (message: string) => Error;
};
const BrokerClass = require('kafkajs/src/broker') as {
  readonly prototype: { metadata(this: Broker, topics?: readonly string[]): Promise<Metadata> };
};
const Connection = require('kafkajs/src/network/connection') as {
  readonly prototype: {
    connect: (this: ConnectionState) => Promise<boolean>;
    send: (this: ConnectionState, request: ProtocolRequest<unknown>) => Promise<unknown>;
  };
};
const BrokerPool = require('kafkajs/src/cluster/brokerPool') as { readonly prototype: BrokerPoolState };
const RequestQueue = require('kafkajs/src/network/requestQueue') as {
  readonly prototype: Record<
    'scheduleCheckPendingRequests' | 'scheduleRequestTimeoutCheck',
    (this: RequestQueueState) => void
  >;
};

interface Metadata {
  readonly topicMetadata: readonly { readonly topicErrorCode: number }[];
}

/** Told of a cluster's connections. */
export interface ConnectionWatch {
  /** One has ended. */
  lost(): void;
  /** One is about to be made. @throws to prevent it */
  connecting(): void;
}

interface ConnectionState {
  readonly host: string;
  readonly port: number;
  socket?: Socket | undefined;
  connectionStatus: 'connected' | 'disconnecting' | 'disconnected';
  chunks: readonly Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
  connecting?: Promise<boolean> | undefined;
  watch?: ConnectionWatch | undefined;
  isConnected(): boolean;
  rejectRequests(error: Error): void;
}

interface BrokerPoolState {
  seedBroker: object | undefined;
  removeBroker: (this: BrokerPoolState, address: { readonly host: string; readonly port: number }) => void;
  withBroker: (this: BrokerPoolState, use: (found: object) => Promise<object>) => Promise<object | null>;
}

interface RequestQueueState {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  readonly enforceRequestTimeout: boolean;
  readonly requestTimeout: number;
  readonly inflight: ReadonlyMap<
    number,
    { readonly sentAt: number; readonly requestTimeout: number; timeoutRequest(): void }
  >;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  requestTimeoutIntervalId: NodeJS.Timeout;
  isConnected(): boolean;
  checkPendingRequests(): void;
  /** Ends the looks at what is in flight. */
  destroy(): void;
}

export const KAFKAJS_VERSION: string = (require('kafkajs/package.json') as { readonly version: string }).version;

/** What this module was written against. */
export const EXPECTED_KAFKAJS_VERSION = '2.2.4';

/** kafkajs re-arms a timer of 1 ms (negative, with a warning on Node 24) for ever on every idle connection; one is needed only when something waits. */
RequestQueue.prototype.scheduleCheckPendingRequests = function scheduleCheckPendingRequests(): void {
  if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
  const throttledMs = this.throttledUntil - Date.now();
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    },
    throttledMs > 0 ? throttledMs : 10,
  );
};

/** kafkajs looks ten times a second on every connection for answers that are late; four times in the time that they have does as well. */
RequestQueue.prototype.scheduleRequestTimeoutCheck = function scheduleRequestTimeoutCheck(): void {
  if (!this.enforceRequestTimeout) return;
  this.destroy();
  this.requestTimeoutIntervalId = setInterval(() => {
    for (const request of this.inflight.values())
      if (Date.now() - request.sentAt > request.requestTimeout) request.timeoutRequest();
    if (!this.isConnected()) this.destroy();
  }, this.requestTimeout / 4);
};

/** kafkajs refuses the whole answer because one partition, anybody's, has no leader: then nothing could be found or written any more. */
BrokerClass.prototype.metadata = async function metadataOfAll(topics = []): Promise<Metadata> {
  const found = await fetchMetadata(this, topics);
  const failed = found.topicMetadata.find(({ topicErrorCode }) => topicErrorCode !== 0);
  if (failed !== undefined) throw createErrorFromCode(failed.topicErrorCode);
  return found;
};

/** kafkajs's error of a code in a response. */
export function errorOfCode(code: number): Error {
  return createErrorFromCode(code);
}

/** An error that kafkajs does not try again after. */
export function finalError(message: string): Error {
  return new KafkaJSNonRetriableError(message);
}

function fetchMetadata(broker: Broker, topics: readonly string[]): Promise<Metadata> {
  return broker.connectionPool.send({
    request: metadataRequest({ topics, allowAutoTopicCreation: false }),
    response: { decode: decodeMetadata, parse: async (found) => found },
  });
}

/** kafkajs gives null for an answer when every broker has failed: read as metadata, that looked like a bug and ended the service. */
const { withBroker } = BrokerPool.prototype;
BrokerPool.prototype.withBroker = async function withBrokerOrFailure(use): Promise<object> {
  let failure: unknown;
  const found = await withBroker.call(this, async (each) => {
    try {
      return await use(each);
    } catch (error) {
      failure = error;
      throw error;
    }
  });
  if (found === null) throw failure;
  return found;
};

/** kafkajs drops the broker that all others are learnt from when its connection ends, and trips over that it has none. */
const { removeBroker } = BrokerPool.prototype;
BrokerPool.prototype.removeBroker = function removeButTheSeed(address): void {
  const { seedBroker } = this;
  removeBroker.call(this, address);
  this.seedBroker ??= seedBroker;
};

const LENGTH_BYTES = 4;
const { connect, send } = Connection.prototype;

/** kafkajs keeps what it had read of an answer that was cut, takes the first one after it has reconnected for the rest, and is out of step for good. */
Connection.prototype.connect = function connectAnew(): Promise<boolean> {
  if (this.isConnected()) return Promise.resolve(true);
  if (this.connecting !== undefined) return this.connecting;
  if (this.socket !== undefined) this.watch?.lost();
  try {
    this.watch?.connecting();
  } catch (error) {
    return Promise.reject(error);
  }
  this.socket
    ?.removeAllListeners()
    .on('error', () => {})
    .destroy();
  this.rejectRequests(closed(this));
  this.chunks = [];
  this.bytesBuffered = 0;
  this.bytesNeeded = LENGTH_BYTES;
  this.connecting = connect.call(this).finally(() => {
    this.connecting = undefined;
  });
  const { socket } = this;
  socket?.once('close', () => {
    if (this.socket !== socket) return;
    this.socket = undefined;
    this.connectionStatus = 'disconnected';
    this.watch?.lost();
    // Requests that wait for an answer are told that none will come.
    this.rejectRequests(closed(this));
  });
  return this.connecting;
};

function closed({ host, port }: ConnectionState): Error {
  return new KafkaJSConnectionClosedError('Closed connection', { host, port });
}

/** An answer that is late may be that of a connection which leads nowhere any more; kafkajs would ask there again and again. */
Connection.prototype.send = async function sendOrEnd(request: ProtocolRequest<unknown>): Promise<unknown> {
  try {
    return await send.call(this, request);
  } catch (error) {
    if (error instanceof Error && error.name === 'KafkaJSRequestTimeoutError') this.socket?.destroy(error);
    throw error;
  }
};

export interface ClusterOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl: unknown;
  readonly sasl: unknown;
  readonly requestTimeoutMs: number;
}

export const CLUSTER_RETRY = { initialRetryTime: 50, factor: 0.2, maxRetryTime: 500, retries: 5 };

export function createCluster(options: ClusterOptions): ClusterClient {
  const cluster = newCluster(options, CLUSTER_RETRY);
  // Here a topic that is gone must not hide the others either.
  const { createBroker } = cluster.brokerPool;
  cluster.brokerPool.createBroker = (settings) => {
    const broker = createBroker(settings);
    const metadata = async (topics: readonly string[]): Promise<Metadata> => {
      const found = await fetchMetadata(broker, topics);
      return { ...found, topicMetadata: found.topicMetadata.filter(({ topicErrorCode }) => topicErrorCode === 0) };
    };
    return Object.assign(broker, { metadata });
  };
  return cluster;
}

/** @param retry how it tries again to connect */
export function newCluster(
  { brokers, clientId, ssl, sasl, requestTimeoutMs }: ClusterOptions,
  retry: object,
): ClusterClient {
  return new Cluster({
    logger: silentLogger(),
    socketFactory: defaultSocketFactory(),
    brokers,
    clientId,
    ssl,
    sasl,
    connectionTimeout: 3_000,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: true,
    metadataMaxAge: 300_000,
    allowAutoTopicCreation: false,
    retry,
  });
}

export function silentLogger(): object {
  return createLogger({ level: 0, logCreator: () => () => {} });
}

/** One read_committed Fetch, answered with the raw response: record-batch.ts decodes it. */
export function rawFetch(options: {
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly FetchPartition[] }[];
}): ProtocolRequest<Buffer> {
  const { maxWaitMs, maxBytes, topics } = options;
  return {
    request: fetchRequest({ replicaId: -1, maxWaitTime: maxWaitMs, minBytes: 1, maxBytes, isolationLevel: 1, topics }),
    response: { decode: async (raw) => raw, parse: async (raw) => raw },
  };
}
