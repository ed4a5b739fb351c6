import type { Outcome, TopicPartition } from '../port.ts';
import { decodeFetchResponse } from './fetch-response.ts';
import { type Broker, rawFetch } from './internals.ts';
import { markerOf } from './record-batch.ts';

const COMMITTED = 1;
const LATEST = -1;
const MARKER_BYTES = 4_096;

/** How a producer's transaction ended in a partition. */
export interface Marker {
  readonly producerId: bigint;
  readonly outcome: Outcome;
  /** When the coordinator decided, ms. */
  readonly timestampMs: number;
}

/** The last batch of a partition when that is a marker, as it is where only transactions write, one after another. */
export async function lastMarker(broker: Broker, tp: TopicPartition): Promise<Marker | undefined> {
  const { topic, partition } = tp;
  const { responses } = await broker.listOffsets({
    isolationLevel: COMMITTED,
    topics: [{ topic, partitions: [{ partition, timestamp: LATEST }] }],
  });
  const end = BigInt(responses[0]?.partitions[0]?.offset ?? 0);
  if (end <= 0n) return undefined;
  const asked = { partition, fetchOffset: String(end - 1n), maxBytes: MARKER_BYTES };
  const raw = await broker.connectionPool.send(
    rawFetch({ maxWaitMs: 0, maxBytes: MARKER_BYTES, topics: [{ topic, partitions: [asked] }] }),
  );
  const [fetched] = decodeFetchResponse(raw).partitions;
  return fetched === undefined || fetched.errorCode !== 0 ? undefined : markerOf(fetched.records);
}
