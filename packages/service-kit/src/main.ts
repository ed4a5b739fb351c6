/** From the command line to the exit code: a signal ends a service in order, a second one at once, and a failed start at once too. */
import { adoptRegistry } from '@weir/events/registry';
import type { Logger } from 'pino';
import {
  COMMON_SETTINGS,
  loadServiceConfig,
  type ServiceConfig,
  type ServiceSettings,
} from './config/common-settings.ts';
import { describeSettings } from './config/help.ts';
import { ConfigError, type Settings } from './config/settings.ts';
import { loadPrincipals, type Principals } from './http/principals.ts';
import { createLogger } from './logger.ts';
import { connectPorts, type Ports } from './ports.ts';
import { onceReachable } from './wait-for-broker.ts';

/** Within the 30 s that orchestrators grant. */
const SHUTDOWN_MS = 25_000;
/** For the last lines to be written. */
const FLUSH_MS = 1_000;

const EXIT = { stopped: 0, failed: 1, misused: 2 } as const;

/** What runs until it is stopped or fails. */
export interface Running {
  /** Rejects with what stopped it. */
  readonly done: Promise<void>;
  /** Everything in hand is finished. The ports stay open. */
  stop(): Promise<void>;
}

export interface Surroundings<Config> {
  readonly config: Config;
  readonly ports: Ports;
  readonly principals: Principals;
  readonly logger: Logger;
}

export interface Program<Own extends Settings> {
  /** Of the service: in front of every message. */
  readonly name: string;
  readonly settings: ServiceSettings<Own>;
  /**
   * Schema ids hold from here on: decoders may be made. Called again when a passing fault of the log ends it, until WEIR_STARTUP_TIMEOUT_MS
   * are over: what it has begun, it ends before it throws.
   */
  readonly start: (surroundings: Surroundings<ServiceConfig<Own>>) => Promise<Running>;
}

/**
 * Runs a program until a signal, and ends the process: nothing that is still open (a socket that connects, a timer) holds it up.
 * Exit codes: 0 after SIGTERM or SIGINT, 1 when something stopped it, 2 for faults of the command line or the configuration.
 */
export async function main<Own extends Settings>(program: Program<Own>): Promise<never> {
  const { name, settings } = program;
  const words = process.argv.slice(2);
  if (words.some((word) => word === '--help' || word === '-h')) {
    const all = { ...COMMON_SETTINGS, ...settings.settings };
    const help = `${name} is configured by its environment:\n\n${describeSettings(all, settings.defaults)}`;
    return say(process.stdout, help, EXIT.stopped);
  }
  if (words.length > 0)
    return say(
      process.stderr,
      `${name}: ${JSON.stringify(words[0])} is not an option; --help lists the environment variables that configure it\n`,
      EXIT.misused,
    );
  let config: ServiceConfig<Own>;
  let principals: Principals;
  try {
    config = loadServiceConfig(settings, process.env);
    principals = loadPrincipals(config);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return say(process.stderr, `${name}: ${error.message}`, EXIT.misused);
  }
  const logger = createLogger(name, config.WEIR_LOG_LEVEL);
  return exit(await run(program, config, principals, logger), logger);
}

async function run<Own extends Settings>(
  { name, start }: Program<Own>,
  config: ServiceConfig<Own>,
  principals: Principals,
  logger: Logger,
): Promise<number> {
  const signalled = untilSignal(logger);
  try {
    if (config.SCHEMA_REGISTRY_URL !== '') await adoptRegistry(config.SCHEMA_REGISTRY_URL);
    const report = (message: string, fields: object): void => logger.warn(fields, message);
    const ports = await connectPorts(config, { clientId: name, report, signal: signalled });
    try {
      const running = await onceReachable(() => start({ config, ports, principals, logger }), {
        timeoutMs: config.WEIR_STARTUP_TIMEOUT_MS,
        report,
        signal: signalled,
      });
      try {
        await Promise.race([running.done, aborted(signalled)]);
      } finally {
        const late = setTimeout(() => {
          logger.fatal(
            { ms: SHUTDOWN_MS },
            'did not stop in time; the next start processes again what was not committed',
          );
          void exit(EXIT.failed, logger);
        }, SHUTDOWN_MS);
        await running.stop();
        clearTimeout(late);
      }
    } finally {
      await ports.close();
    }
    return EXIT.stopped;
  } catch (error) {
    if (signalled.aborted && error === signalled.reason) return EXIT.stopped;
    logger.fatal({ err: error }, error instanceof Error ? error.message : 'stopped by an error');
    return error instanceof ConfigError ? EXIT.misused : EXIT.failed;
  }
}

/** Aborts at the first SIGTERM or SIGINT; the second ends the process, and so does an error that nothing caught. */
function untilSignal(logger: Logger): AbortSignal {
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    logger.info({ signal }, 'stopping');
    if (controller.signal.aborted) void exit(EXIT.failed, logger);
    controller.abort(new Error(`stopped by ${signal}`));
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  for (const event of ['unhandledRejection', 'uncaughtException'] as const)
    process.once(event, (error: unknown) => {
      logger.fatal({ err: error }, `${event}; nothing more is committed`);
      void exit(EXIT.failed, logger);
    });
  return controller.signal;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function exit(code: number, logger: Logger): Promise<never> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, FLUSH_MS);
  logger.flush(() => resolve());
  await promise;
  process.exit(code);
}

async function say(stream: NodeJS.WriteStream, text: string, code: number): Promise<never> {
  await new Promise<void>((resolve) => {
    stream.write(text, () => resolve());
  });
  process.exit(code);
}
