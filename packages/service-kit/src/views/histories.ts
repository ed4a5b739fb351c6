/** Histories of the read views, read back from the topics that they come from. */
import type { EventLog, PartitionStream } from '@weir/event-log/port';
import { topicName } from '@weir/events/topics';
import { headerText } from '../journal/recorded.ts';
import type { Output, View } from '../processor.ts';
import { MAX_HISTORY } from './read-views.ts';

export interface HistoriesOptions {
  readonly log: EventLog;
  readonly topicPrefix: string;
  readonly partition: number;
  readonly service: string;
  /** Logical topics that the service writes. */
  readonly outputs: readonly string[];
  readonly outputViews: (output: Output) => readonly View[];
}

/** Topics whose records leave entries in histories. */
const HISTORY_TOPICS: readonly string[] = ['alerts'];

/** In the order of the log, so that what a later record removes is removed. */
export async function readHistories(options: HistoriesOptions): Promise<readonly View[]> {
  const { log, topicPrefix, partition, outputs } = options;
  const views: View[] = [];
  const admin = await log.admin();
  const reader = await log.reader();
  try {
    for (const topic of outputs.filter((each) => HISTORY_TOPICS.includes(each))) {
      const place = { topic: topicName(topicPrefix, topic), partition };
      const { earliest, end } = await admin.offsets(place);
      const from = end - BigInt(MAX_HISTORY) > earliest ? end - BigInt(MAX_HISTORY) : earliest;
      const stream = await reader.open(place, from);
      await readTo(stream, end, topic, options, views);
      stream.close();
    }
  } finally {
    await reader.close();
    await admin.close();
  }
  return views;
}

async function readTo(
  stream: PartitionStream,
  end: bigint,
  topic: string,
  { service, outputViews }: HistoriesOptions,
  views: View[],
): Promise<void> {
  while (stream.position < end) {
    const batch = await stream.next(1_000);
    if (batch === undefined && stream.lag === 0n) return;
    for (const record of batch?.records ?? []) {
      if (headerText(record, 'weir.service') !== service) continue;
      const { value, timestampMs } = record;
      const key = Buffer.from(record.key ?? []).toString();
      const id = headerText(record, 'weir.id') ?? '';
      views.push(...outputViews({ topic, key, value, id, eventTimeMs: timestampMs }));
    }
  }
}
