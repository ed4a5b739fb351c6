/** The explanation sampler on an embedded log in a temporary folder, fed with applicants. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from '@weir/events/codec';
import type { AlertRaised } from '@weir/events/generated/events';
import { modelPlacesOf, SETTINGS, samplerConfigOf } from '@weir/explanation-sampler/config';
import { explanationSampler } from '@weir/explanation-sampler/service';
import { loadServiceConfig } from '@weir/service-kit/config/common-settings';
import { loadPrincipals } from '@weir/service-kit/http/principals';
import { createLogger } from '@weir/service-kit/logger';
import { connectPorts } from '@weir/service-kit/ports';
import { startServices } from '@weir/service-kit/service';
import { lending } from './stream.ts';

const BATCH = 1_000;

export interface LendingRun {
  readonly url: string;
  /** Records processed. */
  readonly processed: number;
}

export interface LendingOptions {
  readonly seed: number;
  readonly applicants: number;
  readonly port: number;
  readonly raised: (alert: AlertRaised) => void;
  /** Called when everything was processed, before the service stops. */
  readonly done: (run: LendingRun) => Promise<void>;
}

export async function runLending({ seed, applicants, port, raised, done }: LendingOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-lending-'));
  const config = loadServiceConfig(SETTINGS, {
    WEIR_LOG_FILE: join(folder, 'log.db'),
    WEIR_HTTP_PORT: String(port),
    WEIR_EXPLAIN_BUDGET_PER_SECOND: '0.0005',
    WEIR_EXPLAIN_BACKGROUND_EVENTS: '1000',
  });
  const ports = await connectPorts(config, { clientId: 'lending', report: () => {} });
  let processed = 0;
  const services = await startServices([explanationSampler(samplerConfigOf(config), modelPlacesOf(config))], {
    ports,
    config,
    logger: createLogger('lending', 'silent'),
    principals: loadPrincipals(config),
    events: {
      failed: (_, error) => process.stderr.write(`lending: ${String(error)}\n`),
      committed: (_, { records, outputs }) => {
        processed += records;
        for (const { topic, value } of outputs) {
          if (topic !== 'alerts' || value === null) continue;
          const { name, event } = decode(value);
          if (name === 'AlertRaised') raised(event);
        }
      },
    },
  });
  try {
    const producer = await ports.log.producer();
    let sent = 0;
    for (const events of batches(lending(seed, applicants))) {
      await producer.send(
        events.map(({ topic, key, value }) => ({ topic: `weir.${topic}`, partition: 0, key: Buffer.from(key), value })),
      );
      sent += events.length;
      while (processed < sent - 10 * BATCH) await Promise.race([pause(), services.done]);
    }
    await producer.close();
    while (processed < sent || services.lagRecords > 0) await Promise.race([pause(), services.done]);
    await pause(1_000);
    await done({ url: services.url, processed });
  } finally {
    await services.stop();
    await ports.close();
    rmSync(folder, { recursive: true });
  }
}

function* batches<Event>(events: Iterable<Event>): Generator<Event[]> {
  let batch: Event[] = [];
  for (const event of events) {
    batch.push(event);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function pause(ms: number = 20): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
