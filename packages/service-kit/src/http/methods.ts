/** Which methods a path has: 405 with Allow is for a path that exists, 404 for one that does not (RFC 9110, 15.5.6). */
import type { FastifyInstance } from 'fastify';

export type MethodsOf = (path: string) => readonly string[];

/** To be called before any route is registered; knows the routes of all scopes. Cost of an answer: one pattern after another. */
export function watchMethods(app: FastifyInstance): MethodsOf {
  const routes = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();
  app.addHook('onRoute', ({ method, url }) => {
    const route = routes.get(url) ?? { pattern: patternOf(url), methods: new Set() };
    routes.set(url, route);
    for (const each of [method].flat()) route.methods.add(each);
  });
  return (path) => {
    const found = [...routes.values()]
      .filter(({ pattern }) => pattern.test(path))
      .flatMap(({ methods }) => [...methods]);
    return [...new Set(found)].sort();
  };
}

/** `:name` is one segment, `*` all that follows. */
function patternOf(url: string): RegExp {
  const segments = url.split('/').map((segment) => {
    if (segment === '*') return '.*';
    return segment.startsWith(':') ? '[^/]+' : RegExp.escape(segment);
  });
  return new RegExp(`^${segments.join('/')}/?$`);
}
