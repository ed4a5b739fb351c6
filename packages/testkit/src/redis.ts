/** Finds or starts a real Redis: the server named in REDIS_URL, else a local redis-server, else Docker. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Redis } from 'ioredis';
import { dockerAnswers, startRedisContainer } from './docker.ts';
import { type Found, search } from './search.ts';

const READY_TIMEOUT_MS = 10_000;

export interface RedisServer {
  readonly url: string;
  stop(): Promise<void>;
}

export function findRedis(): Promise<Found<RedisServer>> {
  return search<RedisServer>('Redis', [
    {
      way: 'address',
      cure: 'set REDIS_URL',
      open: async () => {
        const { REDIS_URL: url } = process.env;
        return url === undefined || url === '' ? undefined : { url, stop: async () => {} };
      },
    },
    { way: 'local', cure: 'install redis-server', open: () => startLocalRedis() },
    {
      way: 'docker',
      cure: 'start Docker',
      open: async () => ((await dockerAnswers()) ? await startRedisContainer() : undefined),
    },
  ]);
}

export interface LocalRedis {
  /** Of a server that was stopped, to start it again where its clients look for it. Absent: whatever is free. */
  readonly port?: number;
  /** Holds every write, so that the next server on it has them. Absent: in memory alone. */
  readonly folder?: string;
}

/** Undefined when there is no redis-server on the path. */
export async function startLocalRedis({ port, folder }: LocalRedis = {}): Promise<RedisServer | undefined> {
  const place = port ?? (await freePort());
  const kept = folder === undefined ? ['--appendonly', 'no'] : ['--appendonly', 'yes', '--dir', folder];
  const options = ['--port', String(place), '--bind', '127.0.0.1', '--save', '', ...kept];
  const child: ChildProcess = spawn('redis-server', options, { stdio: 'ignore' });
  const started = await Promise.race([
    once(child, 'spawn').then(() => true),
    once(child, 'error').then(() => false),
  ]).catch(() => false);
  if (!started) return undefined;
  const killed = (): void => void child.kill('SIGKILL');
  process.once('exit', killed);
  const url = `redis://127.0.0.1:${place}`;
  await answers(url);
  return {
    url,
    stop: async () => {
      process.off('exit', killed);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function answers(url: string): Promise<void> {
  const redis = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
  redis.on('error', () => {});
  const late = new Promise<never>((_, reject) => {
    setTimeout(
      () => reject(new Error(`redis-server did not answer within ${READY_TIMEOUT_MS} ms`)),
      READY_TIMEOUT_MS,
    ).unref();
  });
  try {
    await Promise.race([redis.ping(), late]);
  } finally {
    redis.disconnect();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return port;
}
