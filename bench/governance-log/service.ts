/** The running service on an embedded log: entries through its runner, with every signature checked, to durable bundles and a signed tree. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NewRecord } from '@weir/event-log/port';
import { loadServiceConfig } from '@weir/service-kit/config/common-settings';
import { loadPrincipals } from '@weir/service-kit/http/principals';
import { createLogger } from '@weir/service-kit/logger';
import { connectPorts, type Ports } from '@weir/service-kit/ports';
import { startServices } from '@weir/service-kit/service';
import { SETTINGS } from '../../services/governance-log/src/config.ts';
import { createDisk } from '../../services/governance-log/src/disk.ts';
import { LogReader } from '../../services/governance-log/src/log-reader.ts';
import { governanceLog } from '../../services/governance-log/src/service.ts';
import { entryRecord, KEY_LINES, KEYS, newAuthor, privateKey } from '../../services/governance-log/test/scene.ts';
import { bar, folderOnDisk, median, perSecond, row } from './clock.ts';

const MODELS = 50;
const SINGLES = 40;
const SEND = 1_000;
const DEADLINE_MS = 600_000;

/** @param count entries that wait in the topic when the service starts */
export async function benchService(count: number): Promise<void> {
  const folder = folderOnDisk();
  const env = {
    WEIR_LOG_FILE: join(folder, 'log.db'),
    WEIR_HTTP_PORT: '0',
    WEIR_GOVERNANCE_FOLDER: join(folder, 'governance'),
    WEIR_GOVERNANCE_KEY_FILE: join(folder, 'key.pem'),
  };
  writeFileSync(env.WEIR_GOVERNANCE_KEY_FILE, privateKey(9).export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const config = loadServiceConfig(SETTINGS, env);
  const ports = await connectPorts(config, { clientId: 'bench', report: () => {} });
  const services = await startServices([governanceLog(config, KEY_LINES, KEYS)], {
    ports,
    config,
    logger: createLogger('bench', 'silent'),
    principals: loadPrincipals(config),
  });
  try {
    await measure(ports, join(folder, 'governance/0'), count, config.WEIR_GOVERNANCE_CHECKPOINT_MS);
  } finally {
    await services.stop();
    await ports.close();
    rmSync(folder, { recursive: true });
  }
}

async function measure(ports: Ports, bundle: string, count: number, dueMs: number): Promise<void> {
  const author = newAuthor();
  const next = (index: number): NewRecord => ({
    ...entryRecord(author.write(`m${index % MODELS}`)),
    topic: 'weir.governance-log',
  });
  const reader = new LogReader(0, createDisk(bundle));
  const records = Array.from({ length: count }, (_, index) => next(index));
  const producer = await ports.log.producer();
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let at = 0; at < count; at += SEND) await producer.send(records.slice(at, at + SEND));
  await signed(reader, count);
  const took = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  row(
    `service, ${count} entries from the topic to a signed, durable tree`,
    `${perSecond(count, took)}, ${perSecond(count, (user + system) / 1e6)} per CPU-second, signatures checked`,
  );
  const latencies: number[] = [];
  for (let index = 0; index < SINGLES; index += 1) {
    const record = next(count + index);
    const sent = performance.now();
    await producer.send([record]);
    await signed(reader, count + index + 1);
    latencies.push((performance.now() - sent) / 1_000);
  }
  await producer.close();
  const tail = latencies.toSorted((a, b) => a - b).at(-1) as number;
  row(
    `service, one entry at a time: sent to proof, of ${SINGLES}`,
    `median ${median(latencies).toFixed(2)} s, longest ${tail.toFixed(2)} s (a checkpoint is due ${dueMs} ms after the first new entry)${bar(tail <= 1, '1 s')}`,
  );
}

async function signed(reader: LogReader, size: number): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while ((reader.latest()?.size ?? 0) < size) {
    if (performance.now() > deadline) throw new Error(`no checkpoint of ${size} entries after ${DEADLINE_MS} ms`);
    await sleep(2);
  }
}
