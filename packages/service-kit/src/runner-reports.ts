/** What a runner tells, as metrics and lines in the log. */
import { decode } from '@weir/events/codec';
import type { Logger } from 'pino';
import type { ServiceMetrics } from './metrics.ts';
import type { Output } from './processor.ts';
import type { RunnerEvents } from './runner.ts';
import type { CommittedBatch } from './task-contract.ts';

/** What the embedding process may want to hear, besides metrics and logs. */
export interface ServicesEvents {
  committed(service: string, batch: CommittedBatch): void;
  failed(service: string, error: unknown, retryInMs: number): void;
}

export function reportsOf(
  service: string,
  metrics: ServiceMetrics,
  logger: Logger,
  events: Partial<ServicesEvents> | undefined,
): RunnerEvents {
  const letters = new DeadLetterLog(logger);
  return {
    committed: (batch) => {
      metrics.committed(batch);
      for (const { topic, code, key, message } of batch.rejections) {
        metrics.deadLetter(topic, code, key);
        letters.tell(topic, code, key, message);
      }
      for (const output of batch.outputs) countOutput(output, metrics, logger);
      events?.committed?.(service, batch);
    },
    aborted: () => metrics.aborted(),
    settled: (partitions) =>
      logger.warn({ partitions }, 'the broker had left these without the end of the last transaction; they were ended'),
    restored: ({ records, millis, startsOver, divergence }) => {
      metrics.restored({ records, millis, startsOver, diverged: divergence !== undefined });
      logger.info({ records, millis }, 'restored');
      if (startsOver) logger.warn('inputs of the state are no longer kept; it begins empty after the last commit');
      if (divergence !== undefined)
        logger.warn({ divergence }, 'the journal gives another result than was committed, from this entry on');
    },
    passedOver: (reason) => logger.warn({ reason }, 'a checkpoint did not serve; an older one is tried'),
    checkpointFailed: (error) => {
      metrics.transportError('checkpoints');
      logger.warn({ err: error }, 'a checkpoint could not be written; a restart would process more records again');
    },
    viewsBehind: (reason) => {
      if (reason === undefined) logger.info('read views are up to date again');
      else {
        metrics.transportError('views');
        logger.warn(
          { reason },
          'read views are older than the last commit; they are written again when the store answers',
        );
      }
    },
    offsetsNotCommitted: () => metrics.transportError('offsets'),
    clockJumped: () => logger.warn('the wall clock jumped; no tick is recorded until it has stood for a minute'),
    effectAnswered: (kind, outcome) => metrics.effectAnswered(kind, outcome),
    effectFailed: (kind, error, retryInMs) => {
      metrics.effectTryFailed(kind);
      logger.warn({ kind, retryInMs, err: error }, 'an effect failed');
    },
    failed: (partition, error, retryInMs) => {
      metrics.taskFailed();
      logger.error({ partition, retryInMs, err: error }, 'task failed');
      events?.failed?.(service, error, retryInMs);
    },
    rebalanced: (partitions) => {
      metrics.rebalanced();
      logger.info({ partitions }, 'partitions assigned');
    },
  };
}

/** Of each topic, code and key the first is logged, and then every hundredth. */
class DeadLetterLog {
  readonly #logger: Logger;
  readonly #seen = new Map<string, number>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  tell(topic: string, reason: string, key: string, message: string): void {
    if (this.#seen.size > 10_000) this.#seen.clear();
    const name = `${topic} ${reason} ${key}`;
    const count = (this.#seen.get(name) ?? 0) + 1;
    this.#seen.set(name, count);
    if (count % 100 !== 1) return;
    this.#logger.warn(
      { topic, reason, key, count, why: message.slice(0, 500) },
      'dead-lettered; weir dlq list shows them',
    );
  }
}

function countOutput({ topic, id, value, eventTimeMs }: Output, metrics: ServiceMetrics, logger: Logger): void {
  metrics.output(topic);
  if (topic !== 'alerts' || value === null) return;
  const { name, event } = decode(value);
  if (name === 'AlertRaised') metrics.alert(event.kind, event.severity, eventTimeMs);
  if (name === 'AlertRaised' || name === 'AlertResolved')
    logger.info({ id, model: event.model, rule: event.rule, eventTime: new Date(eventTimeMs).toISOString() }, name);
}
