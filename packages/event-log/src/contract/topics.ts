/** Topics are created once and never repartitioned. */
import { expect } from 'vitest';
import { type ContractTest, take, textOf, WAIT_MS } from './stage.ts';

export const TOPICS: readonly ContractTest[] = [
  {
    title: 'Topic: created once, never repartitioned, deleted',
    body: async (stage) => {
      const { topic } = stage;
      const none = `${topic}-none`;
      await stage.admin(async (admin) => {
        await admin.createTopics([{ topic, partitions: 2, cleanup: 'delete' }]);
        await expect(admin.createTopics([{ topic, partitions: 3, cleanup: 'delete' }])).rejects.toMatchObject({
          code: 'FATAL',
        });
        expect([...(await admin.partitionCounts([topic, none]))]).toEqual([
          [topic, 2],
          [none, undefined],
        ]);
        await admin.deleteTopics([topic, none]);
        await expect
          .poll(async () => (await admin.partitionCounts([topic])).get(topic), { timeout: WAIT_MS })
          .toBeUndefined();
      });
    },
  },
  {
    title: 'Topic: that one is deleted hides no other from its readers and writers',
    body: async (stage) => {
      const doomed = stage.on(`${stage.topic}-doomed`);
      await doomed.createTopic();
      const reader = await stage.log.reader();
      const producer = await stage.log.producer();
      await producer.send([stage.record('a'), doomed.record('a')]);
      const stream = await reader.open({ topic: stage.topic, partition: 0 }, 'earliest');
      await take(stream, 1);
      const lost = await reader.open({ topic: doomed.topic, partition: 0 }, 'earliest');
      await take(lost, 1);
      await stage.admin((admin) => admin.deleteTopics([doomed.topic]));
      const later = stage.on(`${stage.topic}-later`);
      await later.createTopic();
      await later.write(later.record('x'));
      await producer.send([stage.record('b')]);
      expect(await later.texts()).toEqual(['x']);
      expect((await take(stream, 1)).map(textOf)).toEqual(['b']);
      await producer.close();
      await reader.close();
    },
  },
];
