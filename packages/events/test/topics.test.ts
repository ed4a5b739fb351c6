import { expect, test } from 'vitest';
import { SCHEMAS } from '../src/codec.ts';
import { deadLetterTopic, journalTopic, resultsTopic, TOPICS } from '../src/topics.ts';

test('every event has one topic, and every topic carries known events', () => {
  const service = [journalTopic('s'), deadLetterTopic('s'), resultsTopic('s')];
  const carried = [...TOPICS, ...service].flatMap(({ events }) => events);
  expect(carried.filter((name) => name !== 'the original bytes').sort()).toEqual([...SCHEMAS.keys()].sort());
  expect(new Set(TOPICS.map(({ name }) => name)).size).toBe(TOPICS.length);
});

test.each(['models', 'references', 'commands', 'governance-log', 'governance-checkpoints'])(
  '%s is kept whole, for ever',
  (name) => {
    const topic = TOPICS.find((each) => each.name === name);
    expect(topic).toMatchObject({ cleanup: 'delete' });
    expect(topic).not.toHaveProperty('retentionMs');
  },
);
