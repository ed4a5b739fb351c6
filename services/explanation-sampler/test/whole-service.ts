/** The service whole: events into an embedded log, models in their thread, answers out of its HTTP server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewRecord } from '@weir/event-log/port';
import { loadServiceConfig } from '@weir/service-kit/config/common-settings';
import type { ServiceDefinition } from '@weir/service-kit/definition';
import { createPrincipals, sha256 } from '@weir/service-kit/http/principals';
import { createLogger } from '@weir/service-kit/logger';
import { connectPorts, type Ports } from '@weir/service-kit/ports';
import { type Services, startServices } from '@weir/service-kit/service';
import { vi } from 'vitest';
import { modelPlacesOf, type SamplerConfig, SETTINGS, type ServiceOwnConfig, samplerConfigOf } from '../src/config.ts';
import { explanationSampler } from '../src/service.ts';

/** Only against a hang: how fast the machine is must not decide a test. */
export const PATIENCE_MS = 120_000;
export const PATIENT: { readonly timeout: number; readonly interval: number } = { timeout: PATIENCE_MS, interval: 50 };

export interface Answer {
  readonly status: number;
  readonly body: any;
}

const NAMED = [
  { id: 'ada', roles: ['protected', 'command'], tokenSha256: sha256('auditor') },
  { id: 'bob', roles: ['command'], tokenSha256: sha256('operator') },
];

export class WholeService {
  /** Where model files may lie. */
  readonly folder: string = mkdtempSync(join(tmpdir(), 'weir-'));
  #ports: Ports | undefined;
  #services: Services | undefined;
  #processed = 0;
  #failure: unknown;

  /** @param urls that model servers may be called at */
  async start(own: SamplerConfig, urls: readonly string[] = []): Promise<void> {
    await this.#start({}, () => explanationSampler(own, { directory: this.folder, maxBytes: 1e6, urls }));
  }

  /** As the program does. @param settings of the environment, as a user writes them */
  async startFrom(settings: Readonly<Record<string, string>>): Promise<void> {
    await this.#start(settings, (config) => explanationSampler(samplerConfigOf(config), modelPlacesOf(config)));
  }

  async #start(
    settings: Readonly<Record<string, string>>,
    define: (config: ServiceOwnConfig) => ServiceDefinition,
  ): Promise<void> {
    const config = loadServiceConfig(SETTINGS, {
      WEIR_LOG_FILE: join(this.folder, 'log.db'),
      WEIR_HTTP_PORT: '0',
      ...settings,
    });
    this.#ports = await connectPorts(config, { clientId: 'test', report: () => {} });
    this.#services = await startServices([define(config)], {
      ports: this.#ports,
      config,
      logger: createLogger('test', 'silent'),
      principals: createPrincipals(NAMED, true),
      events: {
        committed: (_, { records }) => void (this.#processed += records),
        failed: (_, error) => {
          this.#failure ??= error;
        },
      },
    });
  }

  /** Returns when they are processed. */
  async send(records: readonly NewRecord[]): Promise<void> {
    const until = this.#processed + records.length;
    const producer = await (this.#ports as Ports).log.producer();
    await producer.send(records.map((record) => ({ ...record, topic: `weir.${record.topic}` })));
    await producer.close();
    await vi.waitUntil(() => this.#processed >= until || this.#failure !== undefined, PATIENT);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** @param token auditor has the roles protected and command, operator command alone */
  async ask(path: string, token: 'auditor' | 'operator', init: RequestInit = {}): Promise<Answer> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(`${this.#services?.url ?? ''}${path}`, { ...init, headers });
    return { status: response.status, body: await response.json() };
  }

  post(path: string, token: 'auditor' | 'operator', body: unknown): Promise<Answer> {
    return this.ask(path, token, { method: 'POST', body: JSON.stringify(body) });
  }

  async stop(): Promise<void> {
    await this.#services?.stop();
    await this.#ports?.close();
    rmSync(this.folder, { recursive: true });
  }
}
