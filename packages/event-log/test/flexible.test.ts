import { expect, test } from 'vitest';
import { FlexibleReader, FlexibleWriter } from '../src/kafkajs/flexible.ts';

test('lengths and counts are unsigned varints plus one, structures end with their tagged fields', () => {
  const writer = new FlexibleWriter();
  writer.array(['t', 'é'.repeat(100)], (topic) => {
    writer.string(topic).array([0, 258], (partition) => writer.int32(partition));
    writer.end();
  });
  const bytes = writer.end().bytes();
  // Of the header no tags; two topics; a name of one byte; two partitions, the first 0 …
  expect([...bytes.subarray(0, 8)]).toEqual([0, 3, 2, 0x74, 3, 0, 0, 0]);
  // … and a name of 200 bytes: 201 as a varint.
  expect(bytes.indexOf(Buffer.from([201, 1, 0xc3, 0xa9]))).toBeGreaterThan(0);
  const reader = new FlexibleReader(bytes);
  const read = reader.array(() => {
    const topic = reader.string();
    const partitions = reader.array(() => reader.int32());
    reader.end();
    return [topic, partitions];
  });
  reader.end();
  expect(read).toEqual([
    ['t', [0, 258]],
    ['é'.repeat(100), [0, 258]],
  ]);
});

test('tagged fields that are not known are passed over, a null string is empty, and what is cut is an error', () => {
  // Two tags in the header (0: one byte, 5: none), then a null string and an int16.
  const bytes = Buffer.from([2, 0, 1, 0xff, 5, 0, 0, 0x12, 0x34]);
  const reader = new FlexibleReader(bytes);
  expect([reader.string(), reader.int16()]).toEqual(['', 0x1234]);
  expect(() => reader.int32()).toThrow(RangeError);
});
