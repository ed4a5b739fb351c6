/** The service whole, on an embedded log and a real folder. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { LogRecord, NewRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import { loadServiceConfig } from '@weir/service-kit/config/common-settings';
import { loadPrincipals } from '@weir/service-kit/http/principals';
import { createLogger } from '@weir/service-kit/logger';
import { connectPorts, type Ports } from '@weir/service-kit/ports';
import { type Services, startServices } from '@weir/service-kit/service';
import { vi } from 'vitest';
import { SETTINGS } from '../src/config.ts';
import { governanceLog } from '../src/service.ts';
import { KEY_LINES, KEYS, privateKey } from './scene.ts';

export class Running {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'weir-'));
  /** Bundle of partition 0, and its trust file. */
  readonly bundle: string = join(this.folder, 'governance/0');
  readonly trust: string = join(this.folder, 'governance/0.trust');
  /** Lines of a policy; used once it is written. */
  readonly witnesses: string = join(this.folder, 'witnesses.txt');
  ports!: Ports;
  services!: Services;
  #processed = 0;
  #isRunning = false;

  env(): Readonly<Record<string, string>> {
    return {
      WEIR_LOG_FILE: join(this.folder, 'log.db'),
      WEIR_HTTP_PORT: '0',
      WEIR_GOVERNANCE_FOLDER: join(this.folder, 'governance'),
      WEIR_GOVERNANCE_KEY_FILE: join(this.folder, 'key.pem'),
      WEIR_GOVERNANCE_ENTRY_KEYS_FILE: join(this.folder, 'keys.txt'),
      ...(existsSync(this.witnesses) ? { WEIR_GOVERNANCE_WITNESSES_FILE: this.witnesses } : {}),
    };
  }

  /** The files that an operator makes. */
  writeKeys(): void {
    const pem = privateKey(9).export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(join(this.folder, 'key.pem'), pem, { mode: 0o600 });
    writeFileSync(join(this.folder, 'keys.txt'), `# who writes entries\n${KEY_LINES.join('\n')}\n`);
  }

  async start(): Promise<void> {
    const config = loadServiceConfig(SETTINGS, this.env());
    this.ports = await connectPorts(config, { clientId: 'test', report: () => {} });
    this.#processed = 0;
    this.services = await startServices([governanceLog(config, KEY_LINES, KEYS)], {
      ports: this.ports,
      config,
      logger: createLogger('test', 'silent'),
      principals: loadPrincipals(config),
      events: { committed: (_, { records }) => void (this.#processed += records) },
      runner: { tickEveryMs: 50 },
    });
    this.#isRunning = true;
  }

  async stop(): Promise<void> {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    await this.services.stop();
    await this.ports.close();
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true });
  }

  /** Until they are processed. */
  async send(records: readonly NewRecord[]): Promise<void> {
    const producer = await this.ports.log.producer();
    await producer.send(records.map((each) => ({ ...each, topic: `weir.${each.topic}` })));
    await producer.close();
    const until = this.#processed + records.length;
    await vi.waitUntil(() => this.#processed >= until, { timeout: 10_000 });
  }

  /** Until a checkpoint of so many entries is shown, and published: the folder has it first, and a service that stops publishes no more. */
  async signed(size: number): Promise<void> {
    await vi.waitUntil(
      async () => {
        const answer = await this.get('/log/checkpoint');
        return answer.ok && (await answer.text()).split('\n')[1] === String(size);
      },
      { timeout: 10_000, interval: 50 },
    );
    await vi.waitUntil(
      async () => {
        const last = (await this.read('governance-checkpoints')).at(-1);
        if (last?.value === undefined || last.value === null) return false;
        const { name, event } = decode(last.value);
        return name === 'GovernanceCheckpoint' && event.size === size;
      },
      { timeout: 10_000, interval: 50 },
    );
  }

  get(path: string): Promise<Response> {
    return fetch(this.services.url + path);
  }

  async json(path: string): Promise<Record<string, unknown>> {
    return (await (await this.get(path)).json()) as Record<string, unknown>;
  }

  async read(topic: string): Promise<readonly LogRecord[]> {
    const reader = await this.ports.log.reader();
    const stream = await reader.open({ topic: `weir.${topic}`, partition: 0 }, 'earliest');
    const found: LogRecord[] = [];
    for (let batch = await stream.next(0); batch !== undefined; batch = await stream.next(0))
      found.push(...batch.records);
    await reader.close();
    return found;
  }
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const ROOT = join(import.meta.dirname, '../../..');

/** A program of the repository, as a process of its own. */
export async function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [join(ROOT, program), ...args], {
    env: { PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, err };
}

export function weirVerify(...args: readonly string[]): Promise<Ended> {
  return run('packages/cli/src/main.ts', ['verify', ...args]);
}
