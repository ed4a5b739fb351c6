/** One service: a processor under the runner, its meters and its HTTP door. Every service is made of these and of nothing else. */
import { decode } from '@weir/events/codec';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { ServiceConfig } from './config.ts';
import { createHttp, listen } from './http.ts';
import { createMetrics } from './metrics.ts';
import type { Ports } from './ports.ts';
import type { DecodedEvent, Output, Processor } from './processor.ts';
import type { ReadViews } from './read-views.ts';
import { RUNNER_DEFAULTS, type Runner, startRunner } from './runner.ts';

export interface ServiceDefinition<State, Event extends DecodedEvent> {
  readonly processor: Processor<State, Event>;
  readonly title: string;
  readonly description: string;
  /** Everything under /v1. Answers come from the views, never from a processor's state. */
  readonly routes: (app: FastifyInstance, views: ReadViews) => void;
}

export interface Service {
  /** Where its HTTP door is, without a path. */
  readonly url: string;
  readonly runner: Runner;
  /** Resolves after `stop`; rejects with what stopped the service. */
  readonly done: Promise<void>;
  /** Not ready any more, then the batch in hand, snapshot, group, HTTP. The ports stay open. */
  stop(): Promise<void>;
}

/** What the embedding process may want to hear, besides metrics and logs. */
export interface ServiceEvents {
  committed(batch: { readonly records: number; readonly outputs: readonly Output[] }): void;
  failed(error: unknown, retryInMs: number): void;
}

/**
 * Listens first: a port in use must be found before a running copy of the service is fenced off its partitions.
 * @throws when the port is taken or the topics cannot be created
 */
export async function startService<State, Event extends DecodedEvent>(
  { processor, title, description, routes }: ServiceDefinition<State, Event>,
  ports: Ports,
  config: ServiceConfig,
  logger: Logger,
  events: Partial<ServiceEvents> = {},
): Promise<Service> {
  const { service, build } = processor;
  let runner: Runner | undefined;
  let stopping = false;
  const metrics = createMetrics(
    { service, build },
    () => runner?.lags ?? [],
    () => runner?.meters ?? [],
  );
  ports.onDegraded((part, error) => {
    metrics.degraded.inc({ part });
    logger.warn({ part, err: error }, 'could not write beside the log');
  });
  const app = await createHttp(
    {
      title,
      description,
      logger,
      registry: metrics.registry,
      token: config.WEIR_HTTP_TOKEN,
      checks: [
        { name: 'running', fault: () => (stopping ? 'the service is stopping' : undefined) },
        {
          name: 'restored',
          fault: () => (runner?.ready === true ? undefined : 'waiting for partitions, or folding the journal again'),
        },
        ...ports.checks,
      ],
    },
    (instance) => routes(instance, ports.views),
  );
  const url = await listen(app, config.WEIR_HTTP_HOST, config.WEIR_HTTP_PORT);
  try {
    runner = await startRunner(
      processor,
      ports,
      {
        ...RUNNER_DEFAULTS,
        topicPrefix: config.WEIR_TOPIC_PREFIX,
        seed: config.WEIR_SEED,
        partitions: config.WEIR_PARTITIONS,
        futureBoundMs: config.WEIR_FUTURE_BOUND_MS,
        lostInputs: config.WEIR_LOST_INPUTS,
      },
      {
        committed: ({ records, outputs, rejections, millis, foldMillis, stateBytes, newestEventMs }) => {
          const nowMs = Date.now();
          metrics.consumed.inc(records);
          metrics.commitSeconds.observe(millis / 1_000);
          metrics.foldSeconds.observe(foldMillis / 1_000);
          if (stateBytes !== undefined) metrics.stateBytes.set(stateBytes);
          metrics.lastProcessed.set(nowMs / 1_000);
          if (Number.isFinite(newestEventMs)) metrics.eventTimeSkew.observe((nowMs - newestEventMs) / 1_000);
          for (const { code } of rejections) metrics.rejected.inc({ reason: code });
          for (const { topic, eventTimeMs, id, value } of outputs) {
            metrics.outputs.inc({ topic });
            const { name, event } = decode(value);
            if (name === 'AlertRaised') {
              metrics.alerts.inc({ severity: event.severity });
              metrics.eventToAlert.observe(Math.max(0, nowMs - eventTimeMs) / 1_000);
            }
            logger.info({ topic, id, eventTime: new Date(eventTimeMs).toISOString() }, 'output committed');
          }
          events.committed?.({ records, outputs });
        },
        aborted: () => metrics.aborts.inc(),
        restored: ({ records, millis, startsOver, divergence }) => {
          metrics.restoreSeconds.observe(millis / 1_000);
          metrics.replayedRecords.inc(records);
          logger.info({ records, millis }, 'restored');
          if (startsOver)
            logger.warn('records that the state was made of are gone; it begins empty after the last commit');
          if (divergence !== undefined)
            logger.warn(
              { divergence },
              'this build folds what another had committed to something else, from this entry on',
            );
        },
        failed: (partition, error, retryInMs) => {
          metrics.taskFailures.inc();
          logger.error({ partition, retryInMs, err: error }, 'task failed');
          events.failed?.(error, retryInMs);
        },
        rebalanced: (partitions) => {
          metrics.rebalances.inc();
          logger.info({ partitions }, 'partitions assigned');
        },
      },
    );
  } catch (error) {
    await app.close();
    throw error;
  }
  const { done } = runner;
  logger.info({ url, build }, 'listening');
  return {
    url,
    runner,
    done,
    stop: async () => {
      stopping = true;
      await runner.stop();
      await app.close();
    },
  };
}
