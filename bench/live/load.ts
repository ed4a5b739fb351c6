/** A steady stream of predictions whose models drift and return, so that alerts are raised and resolved all the time. */

import { createDriftProcessor } from '@weir/drift-detector/processor';
import { partitionFor } from '@weir/event-log/partition';
import type { EventLog, NewRecord } from '@weir/event-log/port';
import { topicName } from '@weir/events/topics';
import { topicSpecs } from '@weir/service-kit/runner';
import { predictionOf, referenceSetOf, registrationOf } from '@weir/testkit/events';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export const WINDOW = 50;
const MODELS = 100;
/** Events of a model until it drifts, or returns. */
const PHASE = 200;
/** Of a client's requests to write, ms apart on the average. */
const REQUEST_MS = 2.5;

export interface Load {
  /** Predictions acknowledged. */
  readonly sent: number;
  stop(): Promise<void>;
}

/** Where a stream goes. */
export interface Place {
  readonly log: EventLog;
  readonly prefix: string;
  readonly partitions: number;
}

export async function introduce(place: Place): Promise<void> {
  const { log, prefix, partitions } = place;
  const admin = await log.admin();
  await admin.createTopics(topicSpecs(createDriftProcessor(), prefix, partitions));
  await admin.close();
  const values = Array.from({ length: 1_000 }, (_, index) => index / 1_000);
  const counts = values.map(() => 1);
  const producer = await log.producer();
  await producer.send(
    names().flatMap((model) => [
      recordOf(place, 'models', model, registrationOf(['x'], { model })),
      recordOf(place, 'references', model, referenceSetOf({ model, column: 'x', values, counts })),
    ]),
  );
  await producer.close();
}

/** `perSecond` predictions a second until it is stopped, each with the time at which it is sent; what a broker refuses is sent again. */
export async function startLoad(place: Place, perSecond: number): Promise<Load> {
  const producer = await place.log.producer();
  // One request for each partition: no more of them than a broker takes without effort.
  const tickMs = REQUEST_MS * place.partitions;
  const rng = xoroshiro128plus(7);
  const models = names();
  let sent = 0;
  let made = 0;
  let stopping = false;
  const started = Date.now();
  const run = async (): Promise<void> => {
    while (!stopping) {
      const now = Date.now();
      // After an outage it goes on at its rate: what was not made then is not made up for.
      const due = Math.min(((now - started) * perSecond) / 1_000 - made, perSecond / 10);
      made = ((now - started) * perSecond) / 1_000;
      const batch = Array.from({ length: Math.round(due) }, (_, offset): NewRecord => {
        const index = sent + offset;
        const model = models[index % MODELS] as string;
        // Models change in turn, not all at once.
        const turn = Math.floor(index / MODELS) + (index % MODELS) * ((2 * PHASE) / MODELS);
        const u = uniformFloat64(rng);
        const x = turn % (2 * PHASE) < PHASE ? u : 0.7 + 0.3 * u;
        const value = predictionOf({ model, eventTimeMs: now, numeric: [x], id: `p${index}` });
        return recordOf(place, 'predictions', model, value);
      });
      if (batch.length > 0) {
        await producer.send(batch).catch(() => {});
        sent += batch.length;
      }
      await new Promise((resolve) => setTimeout(resolve, tickMs));
    }
  };
  const running = run();
  return {
    get sent() {
      return sent;
    },
    stop: async () => {
      stopping = true;
      await running;
      await producer.close();
    },
  };
}

function names(): readonly string[] {
  return Array.from({ length: MODELS }, (_, index) => `model-${index}`);
}

function recordOf({ prefix, partitions }: Place, topic: string, model: string, value: Uint8Array): NewRecord {
  const partition = partitionFor(model, partitions);
  return { topic: topicName(prefix, topic), partition, key: Buffer.from(model), value };
}
