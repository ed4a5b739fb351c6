/** `weir dev`: the services in one process and on one port, on the embedded log or on Kafka, fed with the flights of 2001. */
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { LogError } from '@weir/event-log/errors';
import { adoptRegistry, RegistryError } from '@weir/events/registry';
import { topicName } from '@weir/events/topics';
import type { ServiceDefinition } from '@weir/service-kit/definition';
import { loadPrincipals } from '@weir/service-kit/http/principals';
import { ListenError } from '@weir/service-kit/http/server';
import { createLogger } from '@weir/service-kit/logger';
import { connectPorts, type Ports } from '@weir/service-kit/ports';
import { explain, topicSpecs } from '@weir/service-kit/runner';
import type { ServicesEvents } from '@weir/service-kit/runner-reports';
import { type Services, startServices } from '@weir/service-kit/service';
import { onceReachable } from '@weir/service-kit/wait-for-broker';
import { weirCommand } from '../../invocation.ts';
import { orUsageError } from '../../log-place.ts';
import { type Command, type CommandIo, UsageError } from '../../output.ts';
import { feed } from './feed.ts';
import { HELP } from './help.ts';
import { type DevOptions, FLAGS, parseOptions, type Until } from './options.ts';
import { Screen } from './screen.ts';
import type { ShownOutput } from './shown-output.ts';

export const dev: Command = { help: HELP, options: FLAGS, run };

/** Which output ends a run, by what `--until` names. */
const AWAITED: Readonly<Record<Until, ShownOutput['counts']>> = {
  'first-alert': 'alert',
  decision: 'decision',
  end: undefined,
};

/** A run in hand. */
interface Run {
  readonly options: DevOptions;
  readonly definitions: readonly ServiceDefinition[];
  readonly ending: AbortController;
  readonly screen: Screen;
  /** Set once what `--until` waits for has come. */
  reached: boolean;
}

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const folder = join(tmpdir(), `weir-dev-${process.pid}`);
  const options = parseOptions(args, process.env, join(folder, 'log.db'));
  const { config, forSeconds, services, keep } = options;
  const ending = new AbortController();
  let isInterrupted = false;
  const stop = (): void => ending.abort();
  const interrupt = (): void => {
    isInterrupted = true;
    stop();
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const timer = forSeconds === undefined ? undefined : setTimeout(stop, forSeconds * 1_000);
  const names = services.map(({ name }) => name);
  const screen = new Screen(io, names);
  try {
    if (config.SCHEMA_REGISTRY_URL !== '') await adoptRegistry(config.SCHEMA_REGISTRY_URL);
    // Decoders are made for the ids that hold from here on.
    const definitions = orUsageError(() => services.map(({ define }) => define(config)));
    const inHand: Run = { options, definitions, ending, screen, reached: false };
    const ports = await connect(options, screen, ending.signal);
    try {
      await serve(ports, inHand);
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      // Nothing that was asked for is wrong: the broker or the disk failed.
      const kept =
        keep === undefined ? '' : '; what was processed is in the log, and the same command goes on from there';
      screen.complain(`weir: stopped: ${error.message}${kept}`);
      return 1;
    } finally {
      if (keep === undefined) await forget(ports, inHand);
      await ports.close();
    }
    screen.say(screen.summary());
    for (const { closing } of services) {
      const said = closing?.(config, keep !== undefined);
      if (said !== undefined) screen.say(said);
    }
    screen.say(ended(options));
    return toldOf(inHand, isInterrupted);
  } catch (error) {
    // The wait for a broker was ended by the signal.
    if (ending.signal.aborted && ending.signal.reason === error) return 0;
    if (error instanceof LogError) throw new UsageError(error.message);
    if (error instanceof ListenError || error instanceof RegistryError) throw new UsageError(error.message);
    throw error;
  } finally {
    screen.close();
    clearTimeout(timer);
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    rmSync(folder, { recursive: true, force: true });
  }
}

function connect({ config }: DevOptions, screen: Screen, signal: AbortSignal): Promise<Ports> {
  if (config.WEIR_LOG === 'embedded') mkdirSync(dirname(config.WEIR_LOG_FILE), { recursive: true });
  return connectPorts(config, { clientId: 'weir-dev', report: reportTo(screen), signal });
}

function reportTo(screen: Screen): (message: string, fields: Readonly<Record<string, unknown>>) => void {
  return (message, { reason }) => screen.complain(typeof reason !== 'string' ? message : `${message}: ${reason}`);
}

/** Links that were printed answer no more. */
function ended({ config, keep, until }: DevOptions): string {
  const links = `the run has ended, and the links above with it${until === undefined ? '' : '; without --until they go on answering'}`;
  if (keep === undefined) return links;
  const again =
    config.WEIR_LOG === 'kafka' ? `--kafka ${config.KAFKA_BROKERS.join(',')} --prefix ${keep}` : `--file ${keep}`;
  return `${links}; ${weirCommand(process.env)} replay ${again} reproduces what it did`;
}

/** Exit code 1 when what `--until` names did not come. */
function toldOf({ options: { until }, reached, screen }: Run, isInterrupted: boolean): number {
  if (until === undefined || until === 'end' || reached || isInterrupted) return 0;
  screen.complain(`weir: the run ended without ${until === 'decision' ? 'a decision' : 'an alert'}`);
  return 1;
}

/** The topics of a run that was not to be kept: the cluster is left as it was found. */
async function forget({ log }: Ports, { options: { config }, definitions }: Run): Promise<void> {
  if (config.WEIR_LOG !== 'kafka') return;
  const admin = await log.admin();
  const specs = definitions.flatMap(({ processor }) =>
    processor === undefined ? [] : topicSpecs(processor, config.WEIR_TOPIC_PREFIX, 1),
  );
  await admin.deleteTopics([...new Set(specs.map(({ topic }) => topic))]);
  await admin.close();
}

async function serve(ports: Ports, inHand: Run): Promise<void> {
  const { options, definitions, ending, screen } = inHand;
  const { config, until, demonstration } = options;
  const place = { url: '' };
  const principals = orUsageError(() => loadPrincipals(config));
  const start = (): Promise<Services> =>
    startServices(definitions, {
      ports,
      config,
      principals,
      logger: createLogger('weir-dev', 'silent'),
      title: 'Weir',
      description: `${options.services.map(({ name }) => name).join(', ')} in one process`,
      events: events(inHand, place, ports),
    });
  // The broker may go away between its first answer and the last topic.
  const services = await onceReachable(start, {
    timeoutMs: config.WEIR_STARTUP_TIMEOUT_MS,
    report: reportTo(screen),
    signal: ending.signal,
  });
  place.url = services.url;
  introduce(services, inHand);
  if (Object.keys(demonstration).length > 0) {
    const set = Object.entries(demonstration).map(([name, value]) => `${name}=${value}`);
    screen.say(`demonstration settings: ${set.join(' ')}`);
  }
  try {
    const fed = feedFlights(ports, services, inHand);
    await Promise.race([fed, services.done]);
    await fed;
    if (until === undefined && !ending.signal.aborted) {
      screen.say(`${screen.summary()}; ${services.url}/v1/alerts goes on answering, Ctrl-C ends it`);
      await Promise.race([services.done, aborted(ending.signal)]);
    }
  } finally {
    for (const { settle } of options.services) await settle?.(services, ports.views);
    await services.stop();
  }
}

function introduce({ url }: Services, { options: { services, config }, screen }: Run): void {
  const where = config.WEIR_LOG === 'kafka' ? `topics ${config.WEIR_TOPIC_PREFIX}*` : config.WEIR_LOG_FILE;
  screen.say(`${services.map(({ name }) => name).join(', ')}   ${url}/docs   ${where}`);
}

function events(inHand: Run, place: { readonly url: string }, { views }: Ports): Partial<ServicesEvents> {
  const { options, ending, screen } = inHand;
  const awaited = options.until === undefined ? undefined : AWAITED[options.until];
  const entries = new Map(options.services.map((entry) => [entry.name, entry]));
  const watches = new Map(options.services.map(({ name, watched }) => [name, watched?.()]));
  const looking = new Set<string>();
  const look = async (service: string): Promise<void> => {
    const watch = watches.get(service);
    if (watch === undefined || looking.has(service)) return;
    looking.add(service);
    try {
      for (const shown of await watch(views)) if (!inHand.reached) screen.output(service, shown, place.url);
    } catch {
      // The run has ended, and its views with it.
    } finally {
      looking.delete(service);
    }
  };
  return {
    committed: (service, { records, outputs }) => {
      screen.processed(service, records);
      for (const output of outputs) {
        // The batch in hand may be committed after what ended the run: its outputs stay in the log.
        if (inHand.reached) return;
        const shown = entries.get(service)?.shown(output);
        if (shown === undefined) continue;
        screen.output(service, shown, place.url);
        if (awaited === undefined || shown.counts !== awaited || !shown.ends) continue;
        inHand.reached = true;
        ending.abort();
      }
      void look(service);
    },
    failed: (service, error, retryInMs) =>
      screen.complain(`${service}: ${explain(error)}${retryInMs > 0 ? `; again in ${retryInMs} ms` : ''}`),
  };
}

function feedFlights({ log }: Ports, services: Services, { options, definitions, ending, screen }: Run): Promise<void> {
  const { config, speed, inject } = options;
  return feed(log, {
    prefix: config.WEIR_TOPIC_PREFIX,
    partitions: config.WEIR_PARTITIONS,
    topics: new Set(definitions.flatMap(({ processor }) => processor?.inputs.map(({ topic }) => topic) ?? [])),
    speed,
    inject,
    signal: ending.signal,
    lagRecords: () => services.lagRecords,
    committed: (place) => {
      const readers = definitions.flatMap(({ name, processor }) =>
        processor?.inputs.some(({ topic }) => topicName(config.WEIR_TOPIC_PREFIX, topic) === place.topic) ? name : [],
      );
      return readers
        .map((name) => services.runners.get(name)?.committedOffset(place))
        .reduce((least, each) => (least === undefined || each === undefined ? undefined : each < least ? each : least));
    },
    sent: (count, eventTimeMs) => {
      screen.sent += count;
      screen.eventTimeMs = eventTimeMs;
    },
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
