/** Registrations and references straight into a log, for services that read it later. */
import { randomUUID } from 'node:crypto';
import { partitionFor } from '@weir/event-log/partition';
import type { EventLog } from '@weir/event-log/port';
import { encode } from '@weir/events/codec';
import { EventError } from '@weir/events/errors';
import { maxRecordBytesOf, topicName } from '@weir/events/topics';
import { UsageError } from '../output.ts';
import { partitionsOf, type TopicPlace } from './log-topics.ts';
import { type ControlTarget, hashOf, type Written } from './target.ts';

/** Topics that do not exist are created, as the service that reads them would. */
export function logTarget(log: EventLog, options: TopicPlace): ControlTarget {
  const append = async (topic: 'models' | 'references', model: string, value: Uint8Array): Promise<Written> => {
    const limit = maxRecordBytesOf(topic);
    if (value.length > limit)
      throw new UsageError(
        `the event has ${value.length} bytes, a record of ${topic} at most ${limit}; take fewer distinct values with --sample`,
      );
    const partitions = await partitionsOf(log, topic, options);
    const partition = partitionFor(model, partitions);
    const producer = await log.producer();
    try {
      const place = { topic: topicName(options.topicPrefix, topic), partition };
      const [ack] = await producer.send([{ ...place, key: Buffer.from(model), value }]);
      return { where: `${topic}[${partition}]@${ack?.baseOffset}`, doubt: undefined };
    } finally {
      await producer.close();
    }
  };
  return {
    register: (model, version, shape) =>
      append(
        'models',
        model,
        encoded(() => encode('ModelVersionRegistered', { model, version, ...shape, digest: null, ...stamp() })),
      ),
    setReference: (model, column, content, source) =>
      append(
        'references',
        model,
        encoded(() => encode('ReferenceSet', { model, column, ...content, hash: hashOf(content), source, ...stamp() })),
      ),
    notes: () => Promise.resolve([]),
  };
}

function stamp(): { readonly eventTimeMs: number; readonly id: string } {
  return { eventTimeMs: Date.now(), id: randomUUID() };
}

/** @throws {UsageError} naming the field that does not fit */
function encoded(make: () => Uint8Array): Uint8Array {
  try {
    return make();
  } catch (error) {
    if (error instanceof EventError) throw new UsageError(error.message);
    throw error;
  }
}
