/** Whatever holds data from outside holds so many bytes at the most, however many records, streams or blocks they come in. */
import { expect, test } from 'vitest';
import { inflate } from '../src/kafkajs/codecs.ts';
import { decodeFetchResponse } from '../src/kafkajs/fetch-response.ts';
import { FetchStream, Prefetched } from '../src/kafkajs/stream.ts';

const MIB = 1_048_576;
const record = { offset: 0n, key: null, value: null, headers: [], timestampMs: 0 };

test('the streams of a log share what may wait, and each goes on with one fetch', async () => {
  const prefetched = new Prefetched();
  let woken = 0;
  const open = (partition: number): FetchStream =>
    new FetchStream(
      { topic: 't', partition },
      0n,
      async () => 0n,
      prefetched,
      () => {
        woken += 1;
      },
      () => {},
    );
  const streams = Array.from({ length: 32 }, (_, partition) => open(partition));
  const fill = (stream: FetchStream): void => stream.deliver([record], stream.fetchOffset + 1n, 9n, 2 * MIB);
  for (const stream of streams) {
    expect(stream.hasRoom).toBe(true);
    fill(stream);
  }
  expect([prefetched.bytes, prefetched.isFull]).toEqual([64 * MIB, true]);
  // None is at its own high water of 4 MiB.
  expect(streams.filter(({ hasRoom }) => hasRoom)).toEqual([]);
  const late = open(32);
  expect(late.hasRoom).toBe(true);
  fill(late);
  expect([late.hasRoom, woken]).toEqual([false, 0]);
  await late.next(0);
  expect([late.hasRoom, woken]).toEqual([true, 1]);
  streams[0]?.close();
  expect([streams[1]?.hasRoom, woken, prefetched.bytes]).toEqual([true, 2, 62 * MIB]);
  for (const stream of [...streams, late]) stream.close();
  expect(prefetched.bytes).toBe(0);
});

test('records that are a small part of an answer do not keep all of it', () => {
  const sizes = [100, 1_000_000];
  const { partitions } = decodeFetchResponse(answer(sizes));
  expect(partitions.map(({ records }) => records.length)).toEqual(sizes);
  expect(partitions[0]?.records.buffer.byteLength).toBeLessThan(100_000);
});

/** A Fetch response of version 10 with so many bytes of records for each partition. */
function answer(sizes: readonly number[]): Buffer {
  const int = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  const topic = Buffer.concat([Buffer.from([0, 1]), Buffer.from('t')]);
  const partitions = sizes.flatMap((size, partition) => {
    // error code, high watermark, last stable offset, log start; no aborted transactions
    return [int(partition), Buffer.alloc(26), int(0), int(size), Buffer.alloc(size)];
  });
  return Buffer.concat([Buffer.alloc(10), int(1), topic, int(sizes.length), ...partitions]);
}

test.each([
  ['a snappy block', 2, snappyOf(300 * MIB)],
  ['snappy blocks in a frame', 2, xerialOf(300 * MIB)],
  ['an lz4 frame', 3, lz4Of(70)],
  ['gzip', 1, undefined],
] as const)('%s that would inflate to more than a batch may is refused before it does', async (_, codec, bytes) => {
  const bomb = bytes ?? (await gzipOf(300 * MIB));
  expect(() => inflate(codec, bomb, 't[0]@7')).toThrow(
    /t\[0\]@7: the batch does not inflate.* (more|larger) than 2\d{8} bytes/,
  );
});

function snappyOf(size: number): Buffer {
  const head: number[] = [];
  let rest = size;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) head.push((rest % 128) | 0x80);
  return Buffer.from([...head, rest, 0]);
}

function xerialOf(size: number): Buffer {
  const block = snappyOf(size);
  const length = Buffer.alloc(4);
  length.writeInt32BE(block.length);
  const head = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  return Buffer.concat([head, length, block]);
}

/** Blocks of 4 MiB each, as far as their heads say. */
function lz4Of(blocks: number): Buffer {
  const block = Buffer.from([1, 0, 0, 0, 0]);
  return Buffer.concat([
    Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0]),
    ...Array.from({ length: blocks }, () => block),
  ]);
}

async function gzipOf(size: number): Promise<Buffer> {
  const { gzipSync } = await import('node:zlib');
  return gzipSync(Buffer.alloc(size), { level: 1 });
}
