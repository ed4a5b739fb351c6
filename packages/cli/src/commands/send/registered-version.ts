/** What the log says of a version: which columns its events have, in which order. */

import type { ModelCatalogue } from '@weir/catalogue/model-catalogue';
import { registerVersion } from '@weir/catalogue/register-version';
import { partitionFor } from '@weir/event-log/partition';
import type { EventLog } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import { EventError } from '@weir/events/errors';
import type { ModelVersionRegistered } from '@weir/events/generated/events';
import { topicName } from '@weir/events/topics';
import { UsageError } from '../../output.ts';

type Feature = ModelVersionRegistered['featureSet']['features'][number];

export interface RegisteredVersion {
  readonly featureSet: string;
  /** Names, in the order that the arrays of an event have. */
  readonly numeric: readonly string[];
  readonly categorical: readonly string[];
  readonly outputs: readonly string[];
}

/** Ms without a record after which a broker that said there is more is given up. */
const PATIENCE_MS = 30_000;
const WAIT_MS = 500;

/** Registrations as the services take them: what they refuse does not count. @throws {UsageError} when there is none of the version */
export async function registeredVersion(
  log: EventLog,
  topicPrefix: string,
  { model, version }: { readonly model: string; readonly version: string },
): Promise<RegisteredVersion> {
  const catalogue = await catalogueOf(log, topicName(topicPrefix, 'models'), model);
  const found = catalogue?.versions.get(version);
  if (catalogue === undefined || found === undefined) {
    const known = [...(catalogue?.versions.keys() ?? [])];
    const has = known.length === 0 ? `model ${model} is not registered` : `model ${model} has ${known.join(', ')}`;
    throw new UsageError(
      `version ${version} is not in this log: ${has}; register it first, with weir register and the same --log or --kafka`,
    );
  }
  const features = catalogue.featureSets.get(found.featureSet)?.features ?? [];
  const named = (type: Feature['type']): readonly string[] =>
    features.flatMap((feature) => (feature.type === type ? feature.name : []));
  return {
    featureSet: found.featureSet,
    numeric: named('numeric'),
    categorical: named('categorical'),
    outputs: found.outputs.map(({ name }) => name),
  };
}

async function catalogueOf(log: EventLog, topic: string, model: string): Promise<ModelCatalogue | undefined> {
  const admin = await log.admin();
  const partitions = (await admin.partitionCounts([topic])).get(topic);
  await admin.close();
  if (partitions === undefined) return undefined;
  const reader = await log.reader();
  let catalogue: ModelCatalogue | undefined;
  try {
    const stream = await reader.open({ topic, partition: partitionFor(model, partitions) }, 'earliest');
    const end = await stream.end();
    const deadlineMs = performance.now() + PATIENCE_MS;
    while (stream.position < end) {
      const batch = await stream.next(WAIT_MS);
      if (batch === undefined && performance.now() > deadlineMs)
        throw new UsageError(`${topic} does not give its records, up to ${end}; check the broker, and send again`);
      for (const { value } of batch?.records ?? []) {
        const event = registrationOf(value);
        if (event?.model !== model) continue;
        const outcome = registerVersion(catalogue, event);
        if ('catalogue' in outcome) catalogue = outcome.catalogue;
      }
    }
  } finally {
    await reader.close();
  }
  return catalogue;
}

/** Undefined for policies, and for what the services dead-letter. */
function registrationOf(value: Uint8Array | null): ModelVersionRegistered | undefined {
  if (value === null) return undefined;
  try {
    const decoded = decode(value);
    return decoded.name === 'ModelVersionRegistered' ? decoded.event : undefined;
  } catch (error) {
    if (error instanceof EventError) return undefined;
    throw error;
  }
}
