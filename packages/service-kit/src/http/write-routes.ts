/** Writes: registrations of versions, references and policies, and commands. All of them become events of control topics. */
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { registerCommandRoutes } from './command-routes.ts';
import type { MountedService } from './mount.ts';
import { registerPolicyRoutes } from './policy-routes.ts';
import { registerReferenceRoutes } from './reference-routes.ts';
import { registerVersionRoutes } from './version-routes.ts';
import { Writer } from './writer.ts';

const Receipt = Type.Object(
  {
    id: Type.String({ description: 'id of the event; the same for the same principal and Idempotency-Key' }),
    topic: Type.String({ description: 'logical topic of the event' }),
    partition: Type.Integer({ minimum: 0 }),
    offset: Type.String({ description: 'of the event in its partition' }),
    processed: Type.Boolean({ description: 'whether this process has processed it; it may have been dead-lettered' }),
  },
  { $id: 'Receipt', description: 'where a write went' },
);

export function registerWriteRoutes(app: FastifyInstance, services: readonly MountedService[]): void {
  app.addSchema(Receipt);
  const writer = new Writer(services);
  registerVersionRoutes(app, writer);
  registerReferenceRoutes(app, writer);
  registerPolicyRoutes(app, writer);
  registerCommandRoutes(app, writer);
}
