/** Two toy services behind one HTTP server, with views in memory and a log that is an array. */
import { decode } from '@weir/events/codec';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { ServiceDefinition, ServiceIo, Submitted } from '../src/definition.ts';
import type { MountedService } from '../src/http/mount.ts';
import { createPrincipals, type NamedPrincipal, type Principals, sha256 } from '../src/http/principals.ts';
import { createHttp } from '../src/http/server.ts';
import type { AnyProcessor } from '../src/processor.ts';
import { createMemoryViews } from '../src/views/memory.ts';
import type { ReadViews } from '../src/views/read-views.ts';

export interface Appended {
  readonly topic: string;
  readonly key: string;
  readonly value: Uint8Array;
  readonly waitMs: number | undefined;
}

export interface ToyHttp {
  readonly app: FastifyInstance;
  readonly views: ReadViews;
  readonly appended: Appended[];
  /** How long the toy takes to process what was appended. */
  processingMs: number;
  /** Thrown by the next append. */
  failure: Error | undefined;
}

export const TOKENS = {
  writer: 'token-of-the-writer',
  operator: 'token-of-the-operator',
  reader: 'token-of-the-reader',
};
export const NAMED: readonly NamedPrincipal[] = [
  { id: 'wanda', roles: ['write'], tokenSha256: sha256(TOKENS.writer) },
  { id: 'otto', roles: ['command'], tokenSha256: sha256(TOKENS.operator) },
  { id: 'rita', roles: [], tokenSha256: sha256(TOKENS.reader) },
];

export function toy(name: string, routes?: ServiceDefinition['routes']): ServiceDefinition {
  const inputs = ['models', 'references', 'commands'].map((topic) => ({ topic }));
  const processor = { service: name, inputs } as unknown as AnyProcessor;
  return {
    name,
    title: name,
    description: `the service ${name}`,
    processor,
    ...(routes === undefined ? {} : { routes }),
  };
}

export async function toyHttp(
  principals: Principals = createPrincipals([], true),
  definitions: readonly ServiceDefinition[] = [toy('alpha'), toy('beta')],
): Promise<ToyHttp> {
  const views = createMemoryViews();
  const appended: Appended[] = [];
  const state: Omit<ToyHttp, 'app'> = { views, appended, processingMs: 0, failure: undefined };
  const io: ServiceIo = {
    views,
    principalOf: (request, role) => principals.principalOf(request, role),
    submit: async (topic, key, value, wait): Promise<Submitted> => {
      const { failure } = state;
      state.failure = undefined;
      if (failure !== undefined) throw failure;
      appended.push({ topic, key, value, waitMs: wait?.untilProcessedMs });
      const processed = wait !== undefined && wait.untilProcessedMs >= state.processingMs;
      return { topic, partition: 0, offset: BigInt(appended.length - 1), processed };
    },
    findCommand: async (model, id) => {
      const at = appended.findIndex(({ topic, value }) => {
        const { event } = decode(value);
        return topic === 'commands' && 'action' in event && event.model === model && event.id === id;
      });
      return at < 0 ? undefined : { topic: 'commands', partition: 0, offset: BigInt(at), processed: false };
    },
  };
  const services: MountedService[] = definitions.map((definition) => ({ definition, io }));
  const registry = new Registry();
  const logger = pino({ level: 'silent' });
  const checks = [{ name: 'running', fault: () => undefined }];
  const app = await createHttp({
    title: 'Toy',
    description: 'two toys',
    services,
    logger,
    registry,
    checks,
    principals,
  });
  return Object.assign(state, { app });
}
