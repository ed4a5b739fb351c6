/** Several services' routes in one app. */
import type { FastifyInstance } from 'fastify';
import type { ServiceDefinition, ServiceIo } from '../definition.ts';
import { demandOwner, type Ownership } from './ownership.ts';

export interface MountedService {
  readonly definition: ServiceDefinition;
  readonly io: ServiceIo;
  /** Absent: every instance shows all models. */
  readonly ownership?: Ownership;
}

/** Registers routes under the name of their owner. */
type Own = (owner: string, routes: (scope: FastifyInstance) => Promise<void> | void) => Promise<void>;

/** From now on a route that was registered by another owner is refused with both names. */
export function watchDuplicates(app: FastifyInstance): Own {
  const owners = new Map<string, string>();
  let current = '';
  app.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) {
      // Fastify adds HEAD to each GET by itself.
      if (each === 'HEAD') continue;
      const route = `${each} ${url.replaceAll(/:\w+/g, ':')}`;
      const owner = owners.get(route);
      if (owner !== undefined)
        throw new Error(`${each} ${url} is a route of ${owner} and of ${current}; rename one of them`);
      owners.set(route, current);
    }
  });
  return async (owner, routes) => {
    await app.register(async (scope) => {
      current = owner;
      await routes(scope);
    });
  };
}

/** Each in a scope of its own: hooks and parsers of one service do not reach another. */
export async function mountServices(services: readonly MountedService[], own: Own): Promise<void> {
  const names = services.map(({ definition }) => definition.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new Error(`the service ${twice} is mounted twice; its views would overwrite each other`);
  for (const service of services)
    await own(service.definition.name, (scope) => {
      const { definition, io } = service;
      scope.addHook('preHandler', async (request) => demandOwner(request, [service]));
      definition.routes?.(scope, io);
    });
}
