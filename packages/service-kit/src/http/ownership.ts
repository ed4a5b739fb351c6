/**
 * Which instance answers for a model. Where each holds the read views of its own partitions only, as without Redis, one that does not own a
 * model says who does (RFC 9110, 15.5.20): an answer of its own would be of the time when it owned it, or of nothing.
 */
import type { FastifyRequest } from 'fastify';
import type { Owner } from '../runner.ts';
import type { MountedService } from './mount.ts';
import { Problem } from './problem.ts';

export interface Ownership {
  ownerOf(model: string): Owner;
  /** Owners of the partitions that are not this instance's. */
  others(): readonly Owner[];
}

/**
 * For requests with the parameter `model`. Writes go through the log: any instance takes those that set no condition.
 * @throws {Problem} MISDIRECTED with the owner's address; NOT_READY while this instance restores it, or no owner is known
 */
export function demandOwner(request: FastifyRequest, services: readonly MountedService[]): void {
  const { model } = { ...(request.query as object), ...(request.params as object) } as { readonly model?: string };
  if (model === undefined || !readsViews(request)) return;
  for (const { definition, ownership } of services) {
    const owner = ownership?.ownerOf(model);
    if (owner === undefined || owner.is === 'here') continue;
    throw problemOf(definition.name, model, owner);
  }
}

/** Owners of what a list here does not have: addresses, or the name of a service whose owner is not known yet. */
export function elsewhere(services: readonly MountedService[]): readonly string[] {
  const others = services.flatMap(({ definition, ownership }) =>
    (ownership?.others() ?? []).map((owner) =>
      owner.is === 'elsewhere' && owner.address !== undefined ? owner.address : `${definition.name}, not known yet`,
    ),
  );
  return [...new Set(others)].sort((a, b) => (a < b ? -1 : 1));
}

function readsViews({ method, headers, routeOptions: { config } }: FastifyRequest): boolean {
  if (method === 'GET' || method === 'HEAD' || config.readsViews === true) return true;
  return headers['if-match'] !== undefined || headers['if-none-match'] !== undefined;
}

function problemOf(service: string, model: string, owner: Owner): Problem {
  const subject = `model ${JSON.stringify(model)}`;
  if (owner.is === 'elsewhere' && owner.address !== undefined) {
    const detail = `${subject} is another instance's of ${service}; ask ${owner.address}, or set REDIS_URL, so that each instance answers for all`;
    return new Problem('MISDIRECTED', detail, { owner: owner.address });
  }
  return owner.is === 'elsewhere'
    ? new Problem('NOT_READY', `no instance of ${service} is known to own ${subject}; ask again in a moment`)
    : new Problem('NOT_READY', `${service} restores its state of ${subject}; /readyz?verbose tells when it is done`);
}
