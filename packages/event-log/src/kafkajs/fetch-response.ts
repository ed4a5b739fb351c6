/** The Fetch response of version 10, down to the bytes of each partition's records. */
import type { AbortedTransaction } from './record-batch.ts';

export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  /** 0 when there is none. */
  readonly errorCode: number;
  /** Readers of committed records may go up to here. */
  readonly lastStableOffset: bigint;
  readonly aborted: readonly AbortedTransaction[];
  readonly records: Buffer;
}

export function decodeFetchResponse(raw: Buffer): {
  readonly errorCode: number;
  readonly partitions: FetchedPartition[];
} {
  const partitions: FetchedPartition[] = [];
  // throttle_time_ms i32 · error_code i16 · session_id i32 · [topics]
  const errorCode = raw.readInt16BE(4);
  let at = 10;
  const int32 = (): number => {
    at += 4;
    return raw.readInt32BE(at - 4);
  };
  const int64 = (): bigint => {
    at += 8;
    return raw.readBigInt64BE(at - 8);
  };
  for (let topics = int32(); topics > 0; topics -= 1) {
    const nameLength = raw.readInt16BE(at);
    const topic = raw.toString('utf8', at + 2, at + 2 + nameLength);
    at += 2 + nameLength;
    for (let count = int32(); count > 0; count -= 1) {
      const partition = int32();
      const partitionError = raw.readInt16BE(at);
      at += 2;
      int64(); // high watermark: records beyond the last stable offset are not committed
      const lastStableOffset = int64();
      int64(); // log start: the broker leaves it out of the one answer that would need it
      const aborted: AbortedTransaction[] = [];
      for (let transactions = int32(); transactions > 0; transactions -= 1)
        aborted.push({ producerId: int64(), firstOffset: int64() });
      const size = Math.max(0, int32());
      const records = owned(raw.subarray(at, at + size), raw.length);
      at += size;
      partitions.push({
        topic,
        partition,
        errorCode: partitionError,
        lastStableOffset,
        aborted,
        records,
      });
    }
  }
  return { errorCode, partitions };
}

/** A copy where the records are a small part of the answer that they came in, which they would keep alive as a whole. */
function owned(records: Buffer, answerBytes: number): Buffer {
  return 2 * records.length < answerBytes ? Buffer.from(records) : records;
}
