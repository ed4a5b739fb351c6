import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assignPartitions, type Member } from '../src/kafkajs/assigner.ts';

const PARTITIONS = fc.integer({ min: 0, max: 40 });
const IDS = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 9 });
/** What members claim to have had: also what others had, what does not exist, and one thing twice. */
const CLAIMS = IDS.chain((ids) =>
  fc.tuple(...ids.map((id) => fc.record({ id: fc.constant(id), had: fc.array(fc.integer({ min: 0, max: 45 })) }))),
);
/** An assignment that has come about by joins and leaves. */
const SETTLED = fc
  .record({ partitions: PARTITIONS, steps: fc.array(IDS, { minLength: 1, maxLength: 4 }) })
  .map(({ partitions, steps }) => {
    let before: ReadonlyMap<string, readonly number[]> = new Map();
    for (const ids of steps) before = assignPartitions(rejoining(ids, before), partitions);
    return { partitions, before };
  });

function rejoining(ids: readonly string[], before: ReadonlyMap<string, readonly number[]>): Member[] {
  return ids.map((id) => ({ id, had: before.get(id) ?? [] }));
}

test('#13 every partition has one owner, and shares differ by one at the most, whatever members claim', () => {
  fc.assert(
    fc.property(CLAIMS, PARTITIONS, (members, partitions) => {
      const shares = [...assignPartitions(members, partitions).values()];
      expect(shares.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: partitions }, (_, each) => each));
      const sizes = shares.map(({ length }) => length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }),
  );
});

test('#13 the order of the members does not matter', () => {
  fc.assert(
    fc.property(CLAIMS, PARTITIONS, fc.nat(), (members, partitions, turn) => {
      const at = turn % members.length;
      const expected = Object.fromEntries(assignPartitions(members, partitions));
      for (const other of [members.toReversed(), [...members.slice(at), ...members.slice(0, at)]])
        expect(Object.fromEntries(assignPartitions(other, partitions))).toEqual(expected);
    }),
  );
});

test('#13 nothing moves when nobody came or went', () => {
  fc.assert(
    fc.property(SETTLED, ({ partitions, before }) => {
      const after = assignPartitions(rejoining([...before.keys()], before), partitions);
      expect(Object.fromEntries(after)).toEqual(Object.fromEntries(before));
    }),
  );
});

test('#13 a newcomer gets its share, and nothing else moves', () => {
  fc.assert(
    fc.property(SETTLED, fc.string({ minLength: 4 }), ({ partitions, before }, newcomer) => {
      const after = assignPartitions(rejoining([...before.keys(), newcomer], before), partitions);
      for (const [id, had] of before) expect(had).toEqual(expect.arrayContaining([...(after.get(id) ?? [])]));
      expect(after.get(newcomer)?.length).toBe(Math.floor(partitions / (before.size + 1)));
    }),
  );
});

test('#13 of a leaver’s partitions each goes to somebody, and nothing else moves', () => {
  fc.assert(
    fc.property(SETTLED, fc.nat(), ({ partitions, before }, which) => {
      const ids = [...before.keys()];
      const staying = ids.filter((_, index) => index !== which % ids.length);
      if (staying.length === 0) return;
      const after = assignPartitions(rejoining(staying, before), partitions);
      for (const id of staying) expect(after.get(id)).toEqual(expect.arrayContaining([...(before.get(id) ?? [])]));
    }),
  );
});
