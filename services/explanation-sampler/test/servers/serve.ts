/** Real model servers as processes of their own: KServe's, MLServer, and others that an address and a path tell ready. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const SCRIPTS: string = import.meta.dirname;

/** Whether the program is there. @throws where CI demands it and it is not */
export function runs(name: string, command: string, ...args: readonly string[]): boolean {
  const isPresent = spawnSync(command, args, { stdio: 'ignore' }).status === 0;
  if (isPresent) return true;
  const why = `${command} has no ${name}; the head of this file says what is needed`;
  if (process.env['REQUIRE_SERVICES'] === '1') throw new Error(`${why} (REQUIRE_SERVICES=1 makes this a failure)`);
  // biome-ignore lint/suspicious/noConsole: a skipped suite says why.
  console.log(`skipped: ${why}`);
  return false;
}

export interface Served {
  /** Ends in a slash. */
  readonly url: string;
  readonly port: string;
  readonly process: ChildProcess;
}

export class Servers {
  /** For what servers read and write. */
  readonly folder: string = mkdtempSync(join(tmpdir(), 'weir-models-'));
  readonly #servers: ChildProcess[] = [];

  /** Starts a server in a process group of its own and waits until `path` answers. */
  async start(
    path: string,
    command: string,
    args: (port: string) => readonly string[],
    env: NodeJS.ProcessEnv = {},
    port?: string,
  ): Promise<Served> {
    const own = port ?? (await freePort());
    const server = spawn(command, args(own), {
      stdio: 'ignore',
      detached: true,
      cwd: this.folder,
      env: { ...process.env, ...env },
    });
    this.#servers.push(server);
    const url = `http://127.0.0.1:${own}/`;
    for (;;) {
      const isUp = await fetch(url + path).then(
        ({ ok }) => ok,
        () => false,
      );
      if (isUp) return { url, port: own, process: server };
      if (server.exitCode !== null) throw new Error(`${command} ended with ${server.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  /** Models m, 2x − y, and slow, which answers after a minute. @param python that has kserve */
  kserve(python: string, port?: string): Promise<Served> {
    const args = (own: string): readonly string[] => [join(SCRIPTS, 'kserve_model.py'), '--http_port', own];
    return this.start('v2/models/m', python, args, {}, port);
  }

  /** Model m, version 1, 2x − y. @param command its program */
  async mlserver(command: string): Promise<Served> {
    const models = join(this.folder, 'mlserver');
    mkdirSync(join(models, 'm'), { recursive: true });
    const settings = {
      name: 'm',
      implementation: 'mlserver_model.Linear',
      inputs: [{ name: 'rows', datatype: 'FP64', shape: [-1, 2] }],
      parameters: { version: '1' },
    };
    writeFileSync(join(models, 'm', 'model-settings.json'), JSON.stringify(settings));
    const env = { PYTHONPATH: SCRIPTS, MLSERVER_HOST: '127.0.0.1', MLSERVER_PARALLEL_WORKERS: '0' };
    const ports = { MLSERVER_GRPC_PORT: await freePort(), MLSERVER_METRICS_PORT: await freePort() };
    const start = (port: string): readonly string[] => {
      writeFileSync(join(models, 'settings.json'), JSON.stringify({ http_port: Number(port) }));
      return ['start', models];
    };
    return await this.start('v2/health/ready', command, start, { ...env, ...ports });
  }

  /** Ends a server and what it started. */
  async end(server: ChildProcess): Promise<void> {
    if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
    process.kill(-server.pid, 'SIGKILL');
    await once(server, 'exit');
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) await this.end(server);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<string> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return String(port);
}
