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
    { way: 'local', cure: 'install redis-server', open: startLocally },
    {
      way: 'docker',
      cure: 'start Docker',
      open: async () => ((await dockerAnswers()) ? await startRedisContainer() : undefined),
    },
  ]);
}

/** Undefined when there is no redis-server on the path. */
async function startLocally(): Promise<RedisServer | undefined> {
  const port = await freePort();
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child: ChildProcess = spawn('redis-server', options, { stdio: 'ignore' });
  const started = await Promise.race([
    once(child, 'spawn').then(() => true),
    once(child, 'error').then(() => false),
  ]).catch(() => false);
  if (!started) return undefined;
  const killed = (): void => void child.kill('SIGKILL');
  process.once('exit', killed);
  const url = `redis://127.0.0.1:${port}`;
  await answers(url);
  return {
    url,
    stop: async () => {
      process.off('exit', killed);
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
