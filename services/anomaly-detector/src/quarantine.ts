/** Bad events, as they came and with the reasons, for pipelines that leave them out or mend them. */
import { createHash } from 'node:crypto';
import { type Violation, violationsOf } from '@weir/anomaly/quality/violations';
import { encode } from '@weir/events/codec';
import type { AnomalyDetail, EventQuarantined } from '@weir/events/generated/events';
import type { Row } from '@weir/events/prediction-reader';
import { MAX_DEAD_LETTER_BYTES, OVERSIZED_HEAD_BYTES } from '@weir/service-kit/processing/dead-letter';
import type { Output } from '@weir/service-kit/processor';
import { featuresOf } from './observe-outliers.ts';
import type { Outliers } from './outliers.ts';
import type { Monitor } from './state.ts';
import type { Place } from './tell.ts';

/** With names of the greatest length they fill 60 KB: with the original they stay below Kafka's default limit of a record. */
const MAX_VIOLATIONS = 64;

/**
 * The event that `monitor` has just seen.
 * @param isOdd whether the forest's calibration called it odd
 */
export function quarantined(monitor: Monitor, { id, head, eventTimeMs }: Row, isOdd: boolean, place: Place): Output {
  const { context, index } = place;
  const { topic, partition, key: model } = context;
  const { offset, value } = context.recordOf(index);
  const found = violationsOf(monitor.quality.table, monitor.quality.event);
  const event: EventQuarantined = {
    id: createHash('sha256')
      .update(JSON.stringify(['quarantined', topic, partition, String(offset)]))
      .digest('hex'),
    model,
    version: head.version === '' ? null : head.version,
    eventId: String(id),
    eventTimeMs,
    topic,
    partition,
    offset: Number(offset),
    // What has no value is refused before it is a row.
    ...original(value as Uint8Array),
    violations: found.slice(0, MAX_VIOLATIONS) satisfies Violation[],
    violationCount: found.length,
    anomaly: isOdd ? oddness(monitor.outliers as Outliers) : null,
  };
  return { topic: 'quarantine', key: model, value: encode('EventQuarantined', event), id: event.id, eventTimeMs };
}

/** Bounded as dead letters are. */
function original(value: Uint8Array): Pick<EventQuarantined, 'length' | 'value' | 'sha256'> {
  const { length } = value;
  if (length <= MAX_DEAD_LETTER_BYTES) return { length, value: Buffer.from(value), sha256: null };
  const head = Buffer.from(value.subarray(0, OVERSIZED_HEAD_BYTES));
  return { length, value: head, sha256: createHash('sha256').update(value).digest() };
}

function oddness(outliers: Outliers): AnomalyDetail {
  const { score, pValue, guarantee } = outliers.decision;
  return { score, pValue, guarantee, features: featuresOf(outliers), episode: null };
}
