/** What a service is made of. `main` runs one definition alone, `weir dev` several in one process and on one port. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import type { EffectHandler } from './effects/effect.ts';
import type { AnyProcessor } from './processor.ts';
import type { ReadViews } from './views/read-views.ts';

/** Who asks. */
export interface Principal {
  /** Stable name, recorded with what it does. `anonymous` only where no identity is configured. */
  readonly id: string;
  readonly roles: readonly string[];
}

/** Where a write went. */
export interface Submitted {
  /** Logical topic. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** True when this process has processed it. */
  readonly processed: boolean;
}

/** What routes may use. */
export interface ServiceIo {
  readonly views: ReadViews;
  /** Appends to a control topic; resolves when it is durable and, if asked, once it was processed here or the wait is over. */
  submit(
    topic: string,
    key: string,
    value: Uint8Array,
    wait?: { readonly untilProcessedMs: number },
  ): Promise<Submitted>;
  /** Where a command lies and whether it was processed here by now; undefined when it is not among the newest of its partition. */
  findCommand(model: string, id: string): Promise<Submitted | undefined>;
  /** @throws {Problem} UNAUTHORIZED, FORBIDDEN when the role is missing. */
  principalOf(request: FastifyRequest, role?: string): Principal;
}

export interface ServiceDefinition {
  /** Also the name of its read views. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Absent: a service without a fold, like ingest. */
  readonly processor?: AnyProcessor;
  /** What `processor.kernel` is given; recorded in the journal at each take-over. */
  readonly config?: unknown;
  readonly effects?: Readonly<Record<string, EffectHandler>>;
  /** What only this service answers, under /v1. Models, alerts and writes are the kit's. */
  readonly routes?: (app: FastifyInstance, io: ServiceIo) => void;
  /** Metrics of its own. @param views read at each scrape */
  readonly metrics?: (registry: Registry, views: ReadViews) => void;
}
