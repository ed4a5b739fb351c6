import { expect, test } from 'vitest';
import { murmur2, partitionFor } from '../src/partition.ts';

// Vectors of org.apache.kafka.common.utils.UtilsTest.
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('murmur2 of %s equals the Java client', (key, hash) => {
  expect(murmur2(Buffer.from(key))).toBe(hash);
});

test('a partition is always in range', () => {
  for (const key of ['', 'é', '21', 'foobar']) expect(partitionFor(key, 12)).toBeGreaterThanOrEqual(0);
});
