/**
 * The topic of splits is compacted, and the embedded log, which drops by retention only, refuses to create such a topic. There it is created
 * beforehand and kept whole: a reader that wants the newest split of a model finds it all the same.
 */
import type { EventLog } from '@weir/event-log/port';
import { maxRecordBytesOf, topicName } from '@weir/events/topics';
import type { CommonConfig } from '@weir/service-kit/config/common-settings';

const NAME = 'traffic-splits';

export async function createSplitsTopic(
  log: EventLog,
  config: Pick<CommonConfig, 'WEIR_LOG' | 'WEIR_TOPIC_PREFIX' | 'WEIR_PARTITIONS'>,
): Promise<void> {
  if (config.WEIR_LOG !== 'embedded') return;
  const admin = await log.admin();
  const topic = topicName(config.WEIR_TOPIC_PREFIX, NAME);
  const maxRecordBytes = maxRecordBytesOf(NAME);
  await admin.createTopics([{ topic, partitions: config.WEIR_PARTITIONS, cleanup: 'delete', maxRecordBytes }]);
  await admin.close();
}
