/** Which services a log has a journal of. */
import type { EventLog } from '@weir/event-log/port';
import { journalTopic, topicName } from '@weir/events/topics';
import { loadServiceConfig } from '@weir/service-kit/config/common-settings';
import type { AnyProcessor } from '@weir/service-kit/processor';
import { UsageError } from '../../output.ts';
import { SERVICES } from '../dev/services.ts';

export interface RecordedService {
  readonly name: string;
  readonly processor: AnyProcessor;
  readonly partitions: number;
}

/** Those that can be replayed. @throws {UsageError} when `name` is none of them */
export function processorsOf(name: string | undefined): readonly AnyProcessor[] {
  const known = SERVICES.flatMap((entry) => {
    // Of the settings only what owners recorded counts.
    const { processor } = entry.define(loadServiceConfig(entry.settings, {}));
    return processor === undefined ? [] : [processor];
  });
  const found = known.filter(({ service }) => name === undefined || service === name);
  if (found.length === 0)
    throw new UsageError(
      `--service is ${JSON.stringify(name)}; it can be ${known.map(({ service }) => service).join(', ')}`,
    );
  return found;
}

/** Those with a journal in the log. @throws {UsageError} when there is none */
export async function recordedServices(
  log: EventLog,
  prefix: string,
  processors: readonly AnyProcessor[],
): Promise<readonly RecordedService[]> {
  const journal = (service: string): string => topicName(prefix, journalTopic(service).name);
  const topics = processors.map(({ service }) => journal(service));
  const admin = await log.admin();
  const counts = await admin.partitionCounts(topics);
  await admin.close();
  const found = processors.flatMap((processor) => {
    const partitions = counts.get(journal(processor.service));
    return partitions === undefined ? [] : [{ name: processor.service, processor, partitions }];
  });
  if (found.length === 0)
    throw new UsageError(
      `the log has no topic ${topics.join(', ')}: nothing was recorded in it; --prefix names another`,
    );
  return found;
}
