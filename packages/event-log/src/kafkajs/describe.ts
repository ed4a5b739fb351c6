/**
 * What brokers say of transactions: DescribeTransactions (key 65) asks the coordinator how a transactional id stands, DescribeProducers
 * (key 61) asks a leader which producers have records in a partition that no marker has ended. Both since Kafka 3.0 (KIP-664).
 */
import { LogError } from '../errors.ts';
import { FlexibleReader, FlexibleWriter } from './flexible.ts';
import { type Broker, errorOfCode, type ProtocolRequest } from './internals.ts';

const DESCRIBE_PRODUCERS = 61;
const DESCRIBE_TRANSACTIONS = 65;
const TRANSACTIONAL_ID_NOT_FOUND = 105;

/** A transactional id, as its coordinator keeps it. */
export interface TransactionState {
  /** `Empty`, `Ongoing`, `PrepareCommit`, `PrepareAbort`, `CompleteCommit`, `CompleteAbort`, `Dead` or `PrepareEpochFence`. */
  readonly state: string;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** `topic/partition` of each that the open transaction writes, or whose marker is still to be written; none once it is complete. */
  readonly partitions: ReadonlySet<string>;
}

/** Undefined for an id that the coordinator does not know: never used, or expired. Rejects with what the coordinator refuses it for. */
export async function describeTransaction(broker: Broker, id: string): Promise<TransactionState | undefined> {
  const writer = new FlexibleWriter();
  writer.array([id], (each) => writer.string(each)).end();
  const reader = await ask(broker, DESCRIBE_TRANSACTIONS, 'DescribeTransactions', writer.bytes());
  reader.int32(); // throttle time
  const [found] = reader.array(() => {
    const errorCode = reader.int16();
    reader.string(); // the id
    const state = reader.string();
    reader.int32(); // its time-out
    reader.int64(); // when it began
    const producerId = reader.int64();
    const producerEpoch = reader.int16();
    const partitions = new Set<string>();
    reader.array(() => {
      const topic = reader.string();
      reader.array(() => partitions.add(`${topic}/${reader.int32()}`));
      reader.end();
    });
    reader.end();
    return { errorCode, state, producerId, producerEpoch, partitions };
  });
  if (found === undefined || found.errorCode === TRANSACTIONAL_ID_NOT_FOUND) return undefined;
  if (found.errorCode !== 0) throw errorOfCode(found.errorCode);
  return found;
}

/** Of one partition: the producers that have records in it which no marker has ended, and where those begin. */
export interface OpenProducers {
  readonly topic: string;
  readonly partition: number;
  /** 0 when there is none. */
  readonly errorCode: number;
  readonly open: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[];
}

/** @param partitions all led by `broker` */
export async function describeProducers(
  broker: Broker,
  partitions: readonly { readonly topic: string; readonly partition: number }[],
): Promise<readonly OpenProducers[]> {
  const writer = new FlexibleWriter();
  writer.array([...Map.groupBy(partitions, ({ topic }) => topic)], ([topic, ofTopic]) => {
    writer.string(topic).array(ofTopic, ({ partition }) => writer.int32(partition));
    writer.end();
  });
  writer.end();
  const reader = await ask(broker, DESCRIBE_PRODUCERS, 'DescribeProducers', writer.bytes());
  reader.int32(); // throttle time
  const topics = reader.array(() => {
    const topic = reader.string();
    const found = reader.array(() => ({ topic, ...openProducers(reader) }));
    reader.end();
    return found;
  });
  return topics.flat();
}

function openProducers(reader: FlexibleReader): Omit<OpenProducers, 'topic'> {
  const partition = reader.int32();
  const errorCode = reader.int16();
  reader.string(); // the error's message
  const producers = reader.array(() => {
    const producerId = reader.int64();
    reader.int32(); // its epoch
    reader.int32(); // last sequence number
    reader.int64(); // last timestamp
    reader.int32(); // epoch of the coordinator
    const firstOffset = reader.int64();
    reader.end();
    return { producerId, firstOffset };
  });
  reader.end();
  return { partition, errorCode, open: producers.filter(({ firstOffset }) => firstOffset >= 0n) };
}

async function ask(broker: Broker, apiKey: number, apiName: string, body: Buffer): Promise<FlexibleReader> {
  // A broker closes the connection on a request that it does not know, which would look like one that is away.
  if (broker.versions !== null && broker.versions[apiKey] === undefined) {
    const cure = 'Weir needs Kafka 4; its brokers must serve it to end transactions whose markers were not written';
    throw new LogError('FATAL', `broker ${broker.nodeId} does not know ${apiName}; ${cure}`);
  }
  const request: ProtocolRequest<Buffer> = {
    // As much of kafkajs's Encoder as it asks a request's body for.
    request: { apiKey, apiVersion: 0, apiName, encode: async () => ({ buf: body, buffer: body }) },
    response: { decode: async (raw) => raw, parse: async (raw) => raw },
  };
  return new FlexibleReader(await broker.connectionPool.send(request));
}
