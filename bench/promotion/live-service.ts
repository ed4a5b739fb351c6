/** Promotion and the governance log as one process runs them, on an embedded log or a Kafka, with clients that keep their leases over HTTP. */
import { hash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LogRecord, NewRecord, Producer } from '@weir/event-log/port';
import { topicName } from '@weir/events/topics';
import { loadServiceConfig } from '@weir/service-kit/config/common-settings';
import { loadPrincipals } from '@weir/service-kit/http/principals';
import { createLogger } from '@weir/service-kit/logger';
import { connectPorts, type Ports } from '@weir/service-kit/ports';
import { type Services, startServices } from '@weir/service-kit/service';
import { Assigner } from '../../packages/client/src/assigner.ts';
import { keepLease } from '../../packages/client/src/poller.ts';
import { SETTINGS as LOG_SETTINGS } from '../../services/governance-log/src/config.ts';
import { governanceLog } from '../../services/governance-log/src/service.ts';
import { KEYS, privateKey } from '../../services/governance-log/test/scene.ts';
import { SETTINGS, signersOf } from '../../services/promotion/src/config.ts';
import { promotionService } from '../../services/promotion/src/service.ts';

export const PREFIX = 'weir.';
export const LEASE_MS = 3_000;
const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer');

export interface Client {
  readonly assigner: Assigner;
  stop(): Promise<void>;
}

export class LiveService {
  readonly folder: string;
  readonly ports: Ports;
  readonly #services: Services;
  readonly #producer: Producer;

  private constructor(folder: string, ports: Ports, services: Services, producer: Producer) {
    this.folder = folder;
    this.ports = ports;
    this.#services = services;
    this.#producer = producer;
  }

  /** @param brokers of a Kafka; none for the embedded log, in the folder */
  static async start(folder: string, brokers: readonly string[] = []): Promise<LiveService> {
    const env = {
      ...(brokers.length === 0
        ? { WEIR_LOG_FILE: join(folder, 'log.db') }
        : { WEIR_LOG: 'kafka', KAFKA_BROKERS: brokers.join(',') }),
      WEIR_HTTP_PORT: '0',
      WEIR_PROMOTION_KEY_FILE: join(folder, 'promotion.pem'),
      WEIR_PROMOTION_MAKE_KEY: 'true',
      WEIR_PROMOTION_LATENESS_MS: '0',
      WEIR_PROMOTION_LEASE_MS: String(LEASE_MS),
    };
    writeFileSync(join(folder, 'key.pem'), privateKey(9).export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    const config = loadServiceConfig(SETTINGS, env);
    const logConfig = loadServiceConfig(LOG_SETTINGS, {
      ...env,
      WEIR_GOVERNANCE_FOLDER: join(folder, 'governance'),
      WEIR_GOVERNANCE_KEY_FILE: join(folder, 'key.pem'),
    });
    const signers = signersOf(config);
    const keyLines = signers.map(({ vkey }) => `entry-key ${vkey}`);
    const ports = await connectPorts(config, { clientId: 'bench', report: () => {} });
    const services = await startServices(
      [promotionService(config, signers), governanceLog(logConfig, keyLines, KEYS)],
      {
        ports,
        config,
        logger: createLogger('bench', 'silent'),
        principals: loadPrincipals(config),
        title: 'bench',
      },
    );
    return new LiveService(folder, ports, services, await ports.log.producer());
  }

  get url(): string {
    return this.#services.url;
  }

  async stop(): Promise<void> {
    await this.#producer.close().catch(() => {});
    await this.#services.stop();
    await this.ports.close();
  }

  async send(records: readonly NewRecord[]): Promise<void> {
    await this.#producer.send(records.map((each) => ({ ...each, topic: topicName(PREFIX, each.topic) })));
  }

  /** Records of a topic from now on, each with the time at which a reader of committed records has it. */
  async follow(topic: string, take: (record: LogRecord, atMs: number) => void): Promise<() => Promise<void>> {
    const reader = await this.ports.log.reader();
    const stream = await reader.open({ topic: topicName(PREFIX, topic), partition: 0 }, 'latest');
    let isStopping = false;
    const run = async (): Promise<void> => {
      while (!isStopping) {
        const batch = await stream.next(200).catch(() => sleep(100).then(() => undefined));
        for (const record of batch?.records ?? []) take(record, performance.now());
      }
    };
    const running = run();
    return async () => {
      isStopping = true;
      await running;
      await reader.close();
    };
  }

  async command(model: string, content: object): Promise<void> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() };
    const body = JSON.stringify(content);
    const answer = await fetch(`${this.url}/v1/models/${model}/commands`, { method: 'POST', headers, body });
    if (!answer.ok) throw new Error(`the command was answered with ${answer.status}: ${await answer.text()}`);
  }

  async killSwitch(model: string): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ reason: 'drill' });
    const answer = await fetch(`${this.url}/v1/kill-switch/${model}`, { method: 'PUT', headers, body });
    if (!answer.ok) throw new Error(`the kill switch was answered with ${answer.status}: ${await answer.text()}`);
  }

  client(model: string): Client {
    const monotonic = (): number => performance.now();
    const assigner = new Assigner({ model, champion: 'a', sha256, monotonic });
    const stop = new AbortController();
    const wait = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal }).catch(() => {});
    const options = { url: this.url, model, assigner, monotonic, sleep: wait, fetch, failed: () => {} };
    const kept = keepLease(options, stop.signal);
    return {
      assigner,
      stop: async () => {
        stop.abort();
        await kept;
      },
    };
  }
}

/** @returns when it held, by performance.now(). @throws after the time is over */
export async function held(condition: () => boolean, withinMs: number, what: string): Promise<number> {
  const deadline = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`${what}: not so after ${withinMs} ms`);
    await sleep(2);
  }
  return performance.now();
}
