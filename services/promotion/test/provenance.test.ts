import { decode } from '@weir/events/codec';
import { expect, test } from 'vitest';
import { entryIn, NOW_MS, policySet, Stage, traffic, version } from './scene.ts';

const START_MS = NOW_MS - 1e6;

test('an entry names the journal entry that it is committed with', () => {
  const stage = new Stage();
  stage.fold.commit = { seq: 41, owner: 7 };
  stage.feed(version('m', 'a'));
  stage.fold.commit = { seq: 42, owner: 7 };
  stage.feed(version('m', 'b'));
  expect(stage.entries.map(({ kind, inputs }) => [kind, inputs.journal.seq])).toEqual([
    ['epoch-claim', 41],
    ['version-registered', 41],
    ['version-registered', 42],
  ]);
});

test('a later owner claims the chain with its first decision, and its splits stand above those of the owner before', () => {
  const stage = new Stage();
  stage.fold.commit = { seq: 0, owner: 3 };
  stage.feed(version('m', 'a'), version('m', 'b'), policySet('m'));
  const events = [...traffic('m', 150, START_MS)];
  stage.feed(...events.slice(0, 2));
  stage.fold.commit = { seq: 1, owner: 9 };
  stage.feed(...events.slice(2));
  expect(stage.entries.filter(({ kind }) => kind === 'epoch-claim').map(({ owner }) => owner)).toEqual([1, 2]);
  expect(stage.kinds).toContain('promoted');
  const splits = stage.outputs
    .filter(({ topic }) => topic === 'traffic-splits')
    .map(({ value }) => decode(value as Uint8Array).event as { readonly owner: number; readonly epoch: number });
  expect(splits[0]).toMatchObject({ owner: 1 });
  expect(splits.at(-1)).toMatchObject({ owner: 2 });
  const { value } = stage.outputs.findLast(({ topic }) => topic === 'governance-log') ?? {};
  expect(entryIn(value as Uint8Array).owner).toBe(2);
});

test('decisions have the same ids whoever commits them', () => {
  const ids = [0, 5].map((owner) => {
    const stage = new Stage();
    stage.feed(version('m', 'a'), version('m', 'b'), policySet('m'));
    for (const [index, event] of [...traffic('m', 150, START_MS)].entries()) {
      stage.fold.commit = { seq: index, owner: owner * (index % 7) };
      stage.feed(event);
    }
    return stage.entries.filter(({ kind }) => kind !== 'epoch-claim').map(({ decisionId }) => decisionId);
  });
  expect(ids[0]).toEqual(ids[1]);
  expect(ids[0]?.length).toBeGreaterThan(5);
});
