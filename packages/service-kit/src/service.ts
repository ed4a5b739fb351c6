/** Services in one process: each a processor under its runner, all on one HTTP server and in one registry of metrics. */
import { hostname } from 'node:os';
import { alertViews } from '@weir/alerts/views';
import { partitionFor } from '@weir/event-log/partition';
import { decode } from '@weir/events/codec';
import type { Logger } from 'pino';
import type { CommonConfig } from './config/common-settings.ts';
import type { ServiceDefinition, ServiceIo } from './definition.ts';
import type { MountedService } from './http/mount.ts';
import type { Ownership } from './http/ownership.ts';
import type { Principals } from './http/principals.ts';
import type { Check } from './http/probes.ts';
import { createHttp, listen } from './http/server.ts';
import { loggerOf } from './logger.ts';
import { createMetrics } from './metrics.ts';
import type { Ports } from './ports.ts';
import { StateMemory } from './processing/state-memory.ts';
import type { Output, View } from './processor.ts';
import { type Owner, RUNNER_DEFAULTS, type Runner, type RunnerOptions, startRunner } from './runner.ts';
import { reportsOf, type ServicesEvents } from './runner-reports.ts';
import { Submitter } from './submit.ts';

export interface Services {
  /** Where the HTTP server is, without a path. */
  readonly url: string;
  /** By name of the service; those without a processor have none. */
  readonly runners: ReadonlyMap<string, Runner>;
  /** Records waiting, over all services. */
  readonly lagRecords: number;
  /** Resolves after `stop`; rejects with what stopped a service. */
  readonly done: Promise<void>;
  /** Not ready any more, then the batches in hand, checkpoints, groups, HTTP. The ports stay open. */
  stop(): Promise<void>;
}

export interface ServicesOptions {
  readonly ports: Ports;
  readonly config: CommonConfig;
  readonly logger: Logger;
  readonly principals: Principals;
  readonly events?: Partial<ServicesEvents>;
  /** Of the HTTP server; by default those of the only service. */
  readonly title?: string;
  readonly description?: string;
  /** Replaces defaults of the runner: a seam for tests. */
  readonly runner?: Partial<RunnerOptions>;
}

/**
 * Listens first: a port in use must be found before a running copy of a service is fenced off its partitions.
 * @throws when the port is taken or the topics cannot be created
 */
export async function startServices(
  definitions: readonly ServiceDefinition[],
  options: ServicesOptions,
): Promise<Services> {
  const services = new RunningServices(definitions, options);
  await services.start();
  return services;
}

class RunningServices implements Services {
  url = '';
  readonly runners: Map<string, Runner> = new Map();
  readonly #definitions: readonly ServiceDefinition[];
  readonly #options: ServicesOptions;
  readonly #metrics = createMetrics();
  readonly #submitter: Submitter;
  readonly #stateMemory: StateMemory;
  #done: Promise<void> = Promise.resolve();
  #close: () => Promise<void> = async () => {};
  #isStopping = false;

  constructor(definitions: readonly ServiceDefinition[], options: ServicesOptions) {
    this.#definitions = definitions;
    this.#options = options;
    const { ports, config } = options;
    this.#stateMemory = new StateMemory(config.WEIR_STATE_MEMORY_BYTES);
    this.#submitter = new Submitter(ports.log, config.WEIR_TOPIC_PREFIX, config.WEIR_PARTITIONS, () => [
      ...this.runners.values(),
    ]);
  }

  get lagRecords(): number {
    return [...this.runners.values()].reduce((sum, { lagRecords }) => sum + lagRecords, 0);
  }

  get done(): Promise<void> {
    return this.#done;
  }

  async start(): Promise<void> {
    const { config, ports, logger, principals, title, description } = this.#options;
    const [first] = this.#definitions;
    const io: ServiceIo = {
      views: ports.views,
      submit: this.#submitter.submit,
      findCommand: this.#submitter.findCommand,
      principalOf: (request, role) => principals.principalOf(request, role),
    };
    const mounted = this.#definitions.map((definition): MountedService => {
      const ownsAll = ports.views.release === undefined || definition.processor === undefined;
      return { definition, io, ...(ownsAll ? {} : { ownership: this.#ownership(definition.name) }) };
    });
    const app = await createHttp({
      title: title ?? first?.title ?? 'Weir',
      description: description ?? first?.description ?? '',
      services: mounted,
      logger,
      registry: this.#metrics.registry,
      principals,
      checks: this.#checks(),
    });
    this.#close = () => app.close();
    this.url = await listen(app, config.WEIR_HTTP_HOST, config.WEIR_HTTP_PORT);
    try {
      for (const definition of this.#definitions) await this.#startOne(definition);
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#done = Promise.all([...this.runners.values()].map(({ done }) => done)).then(() => {});
    this.#done.catch(() => {});
    const names = this.#definitions.map(({ name, processor }) => `${name} (${processor?.build ?? 'no fold'})`);
    logger.info({ url: this.url, services: names, partitioner: 'murmur2 of the model id' }, 'listening');
  }

  #ownership(service: string): Ownership {
    const partitions = this.#options.config.WEIR_PARTITIONS;
    // Before the runner has joined its group nothing is known.
    const ownerOf = (partition: number): Owner =>
      this.runners.get(service)?.ownerOf(partition) ?? { is: 'elsewhere', address: undefined };
    return {
      ownerOf: (model) => ownerOf(partitionFor(model, partitions)),
      others: () =>
        Array.from({ length: partitions }, (_, partition) => ownerOf(partition)).filter(({ is }) => is !== 'here'),
    };
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all([...this.runners.values()].map((runner) => runner.stop()));
    await this.#submitter.close();
    await this.#close();
  }

  #checks(): readonly Check[] {
    const folding = this.#definitions.filter(({ processor }) => processor !== undefined);
    return [
      { name: 'running', fault: () => (this.#isStopping ? 'the process is stopping' : undefined) },
      ...folding.map(
        ({ name }): Check => ({
          name: `${name} restored`,
          fault: () =>
            this.runners.get(name)?.ready === true
              ? undefined
              : 'waiting for partitions, or processing the journal again',
        }),
      ),
      ...folding.map(
        ({ name }): Check => ({
          name: `${name} views`,
          fault: () => {
            const behind = this.runners.get(name)?.viewsBehind;
            return behind === undefined ? undefined : `read views are older than the last commit: ${behind}`;
          },
        }),
      ),
      ...this.#options.ports.checks,
    ];
  }

  async #startOne(definition: ServiceDefinition): Promise<void> {
    const { name, processor, effects } = definition;
    definition.metrics?.(this.#metrics.registry, this.#options.ports.views);
    if (processor === undefined) return;
    const { config, ports, runner, logger, events } = this.#options;
    const running = (): Runner | undefined => this.runners.get(name);
    const metrics = this.#metrics.service(
      { service: name, build: processor.build },
      {
        lags: () => running()?.lags ?? [],
        figures: () => running()?.figures.flatMap(({ states }) => states) ?? [],
        keys: () => running()?.figures.reduce((sum, { keys }) => sum + keys, 0) ?? 0,
        spilledKeys: () => running()?.figures.reduce((sum, { spilledKeys }) => sum + spilledKeys, 0) ?? 0,
        watermarkMs: () => least(running()?.figures.flatMap(({ watermarkMs }) => watermarkMs ?? []) ?? []),
        pendingEffects: () => running()?.figures.reduce((sum, { pendingEffects }) => sum + pendingEffects, 0) ?? 0,
        viewsBehind: () => (running()?.viewsBehind === undefined ? 0 : 1),
      },
    );
    const { log, checkpoints, views } = ports;
    this.runners.set(
      name,
      await startRunner(
        processor,
        { log, checkpoints, views, outputViews },
        {
          ...RUNNER_DEFAULTS,
          topicPrefix: config.WEIR_TOPIC_PREFIX,
          partitions: config.WEIR_PARTITIONS,
          config: definition.config,
          futureBoundMs: config.WEIR_FUTURE_BOUND_MS,
          onDataLoss: config.WEIR_ON_DATA_LOSS,
          stateMemory: this.#stateMemory,
          address: advertised(config, this.url),
          ...(effects === undefined ? {} : { effects }),
          ...runner,
        },
        reportsOf(name, metrics, loggerOf(logger, name), events),
      ),
    );
  }
}

/** Histories of the read side: alerts. */
function outputViews({ topic, id, value }: Output): readonly View[] {
  if (topic !== 'alerts' || value === null) return [];
  const { event } = decode(value);
  return alertViews(value, id, 'eventTimeMs' in event ? event.eventTimeMs : 0);
}

/** An address that means all of this machine's is none that another machine could ask. */
function advertised({ WEIR_HTTP_ADVERTISE }: CommonConfig, url: string): string {
  if (WEIR_HTTP_ADVERTISE !== '') return WEIR_HTTP_ADVERTISE.replace(/\/+$/, '');
  const { hostname: host, port } = new URL(url);
  return host === '0.0.0.0' || host === '[::]' ? `http://${hostname()}:${port}` : url;
}

function least(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.min(a, b));
}
