/** A program under `main`: how it behaves is a setting. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { LogError } from '@weir/event-log/errors';
import { main } from '../src/main.ts';

const SETTINGS = {
  WEIR_TOY_DOES: {
    type: 'choice',
    choices: ['runs', 'fails-to-start', 'starts-at-the-third-attempt', 'fails-later', 'does-not-stop', 'throws-apart'],
    default: 'runs',
    reason: 'how the toy behaves',
  },
} as const;
let attempts = 0;

await main({
  name: 'toy',
  settings: { settings: SETTINGS, prefixes: ['WEIR_TOY_'], defaults: { WEIR_HTTP_PORT: 8099 } },
  start: async ({ config, ports, principals, logger }) => {
    const does = config.WEIR_TOY_DOES;
    attempts += 1;
    if (does === 'starts-at-the-third-attempt' && attempts < 3)
      throw new LogError('RETRIABLE', 'creating weir.models: the connection ended');
    // What would hold a process for ever.
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    if (does === 'fails-to-start') throw new Error('the toy cannot start; wind it up');
    if (does === 'throws-apart') setTimeout(() => void Promise.reject(new Error('a spring broke')), 50);
    await ports.log.ping(1_000);
    logger.info({ port: config.WEIR_HTTP_PORT, areNamed: principals.areNamed }, 'running');
    const { promise: never } = Promise.withResolvers<void>();
    const done =
      does === 'fails-later'
        ? new Promise<void>((_, reject) => setTimeout(() => reject(new Error('worn out')), 50))
        : never;
    return {
      done,
      stop: async () => {
        if (does === 'does-not-stop') await never;
        logger.info('stopped');
      },
    };
  },
});
