/** Topics that a command writes: created where they do not exist, as the service that reads them would. */
import type { EventLog } from '@weir/event-log/port';
import { TOPICS, topicName } from '@weir/events/topics';

export interface TopicPlace {
  readonly topicPrefix: string;
  /** Of topics that do not exist yet. */
  readonly partitions: number;
}

/** How many partitions a topic has; one that is not there is created. @param logical one of `TOPICS` */
export async function partitionsOf(
  log: EventLog,
  logical: string,
  { topicPrefix, partitions }: TopicPlace,
): Promise<number> {
  const topic = topicName(topicPrefix, logical);
  const admin = await log.admin();
  try {
    const found = (await admin.partitionCounts([topic])).get(topic);
    if (found !== undefined) return found;
    const { cleanup, maxRecordBytes, retentionMs } = TOPICS.find(
      ({ name }) => name === logical,
    ) as (typeof TOPICS)[number];
    await admin.createTopics([
      { topic, partitions, cleanup, maxRecordBytes, ...(retentionMs === undefined ? {} : { retentionMs }) },
    ]);
    return partitions;
  } finally {
    await admin.close();
  }
}
