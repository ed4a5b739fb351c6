/** The OpenAPI document: named schemas, the body that a route checks itself, and the errors that it answers with. */
import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify';
import Type, { type TSchema } from 'typebox';
import { VERSION } from '../version.ts';
import { type ProblemCode, statusOf, titleOf } from './problem.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Schema of a JSON body that the route checks itself, without coercion. */
    readonly body?: TSchema;
    /** Schemas of other bodies, by media type. */
    readonly otherBodies?: Readonly<Record<string, TSchema>>;
    /** A write that depends on what the read views show: the instance that owns the model takes it. */
    readonly readsViews?: boolean;
  }
}

export const ProblemSchema: TSchema = Type.Object(
  {
    type: Type.String({ description: 'path of a page that explains the code' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'names the value, the rule and the cure' }),
    instance: Type.String({ description: 'the request' }),
    code: Type.String({ description: 'stable; docs/errors.md lists them' }),
    errors: Type.Optional(
      Type.Array(Type.Object({ pointer: Type.String({ description: 'RFC 6901' }), message: Type.String() })),
    ),
    owner: Type.Optional(Type.String({ description: 'address of the instance that answers for the model' })),
    trace_id: Type.String({ description: 'of the log lines about the request' }),
  },
  { $id: 'Problem', description: 'RFC 9457 problem details' },
);

/** A reference to a schema that was added by name. */
export function named(name: string): TSchema {
  return Type.Unsafe({ $ref: `${name}#` });
}

/** The same schema with a name, under which the document has it once; a route's answer may be one. Names differ over all services. */
export function called(name: string, schema: TSchema): TSchema {
  return { ...schema, $id: name } as TSchema;
}

/** Answers of a route for these errors. Codes of one status stand under it together. */
export function errorAnswers(...codes: readonly ProblemCode[]): Record<number, object> {
  const byStatus = Map.groupBy(codes, statusOf);
  return Object.fromEntries(
    [...byStatus].map(([status, each]) => [
      status,
      {
        description: each.map((code) => `${titleOf(code)} (${code})`).join(' or '),
        content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
      },
    ]),
  );
}

/** The answer of a route that is no JSON. */
export function fileAnswer(type: string, description: string): Record<number, object> {
  return { 200: { description, content: { [type]: { schema: { type: 'string', format: 'binary' } } } } };
}

export interface OpenApiOptions {
  readonly title: string;
  readonly description: string;
  readonly areNamed: boolean;
}

/** To be registered before any route. */
export async function registerOpenApi(app: FastifyInstance, options: OpenApiOptions): Promise<void> {
  const { title, description, areNamed } = options;
  app.addSchema(ProblemSchema);
  app.addHook('onRoute', function (route) {
    addErrors(route, areNamed);
    nameAnswers(this, route);
  });
  const transform: NonNullable<FastifyDynamicSwaggerOptions['transform']> = ({ schema, url, route }) => {
    const { body, otherBodies = {} } = route.config ?? {};
    if (body === undefined) return { schema, url };
    const bodies = Object.entries({ 'application/json': body, ...otherBodies });
    const content = Object.fromEntries(bodies.map(([type, each]) => [type, { schema: each }]));
    return { schema: { ...schema, body: { content } } as FastifySchema, url };
  };
  const security = {
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    security: [{ token: [] }],
  } as const;
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title, description, version: VERSION, license: { name: 'Apache-2.0' } },
      ...(areNamed ? { components: security.components, security: [...security.security] as never } : {}),
    },
    transform,
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) =>
        typeof json['$id'] === 'string' ? json['$id'] : `schema-${index}`,
    },
  });
  await app.register(swaggerUi, { routePrefix: '/docs' });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
}

type Answer = TSchema & { readonly content?: Readonly<Record<string, { readonly schema: TSchema }>> };

/** Answers that have a name become references to it. */
function nameAnswers(scope: FastifyInstance, route: RouteOptions): void {
  const referenced = (schema: TSchema): TSchema => {
    const { $id } = schema as { readonly $id?: string };
    if ($id === undefined) return schema;
    if (scope.getSchema($id) === undefined) scope.addSchema(schema);
    return named($id);
  };
  const answers = Object.entries((route.schema?.response ?? {}) as Readonly<Record<string, Answer>>);
  const renamed = answers.map(([status, answer]) => {
    if (answer.content === undefined) return [status, referenced(answer)] as const;
    const content = Object.entries(answer.content).map(([type, each]) => [type, { schema: referenced(each.schema) }]);
    return [status, { ...answer, content: Object.fromEntries(content) as object }] as const;
  });
  if (answers.length > 0) route.schema = { ...route.schema, response: Object.fromEntries(renamed) };
}

/** What any route under /v1 may answer, beside what it names itself. */
function addErrors(route: RouteOptions, areNamed: boolean): void {
  if (!route.url.startsWith('/v1/')) return;
  const isWrite = route.method !== 'GET' && route.method !== 'HEAD';
  const schema = route.schema ?? {};
  const takes = schema.params ?? schema.querystring ?? route.config?.body;
  const always: readonly ProblemCode[] = [
    ...(takes === undefined ? [] : (['BAD_REQUEST'] as const)),
    ...(areNamed ? (['UNAUTHORIZED'] as const) : []),
    'MISDIRECTED',
    ...(isWrite ? (['FORBIDDEN', 'TOO_LARGE', 'UNSUPPORTED_MEDIA', 'UNPROCESSABLE'] as const) : []),
    'INTERNAL',
    'NOT_READY',
  ];
  route.schema = { ...schema, response: { ...errorAnswers(...always), ...(schema.response as object | undefined) } };
}
