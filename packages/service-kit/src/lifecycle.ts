/** From the command line to the exit code: a signal ends a service in order, a second one at once, and nothing goes on half dead. */
import { adoptRegistry } from '@weir/events/registry';
import type { Logger } from 'pino';
import { ConfigError, describeSettings, type ServiceConfig, type Settings } from './config.ts';
import { createLogger } from './logger.ts';
import { connectPorts } from './ports.ts';
import type { DecodedEvent } from './processor.ts';
import { type ServiceDefinition, startService } from './service.ts';

/** Within the 30 s that orchestrators grant. */
const SHUTDOWN_MS = 25_000;

export interface Main<C extends ServiceConfig> {
  readonly service: string;
  readonly settings: Settings<C>;
  /** @throws {ConfigError} */
  readonly load: (env: Readonly<Record<string, string | undefined>>) => C;
}

/**
 * Runs a service until a signal. Exit codes: 0 after SIGTERM or SIGINT, 1 when something stopped it, 2 for faults in the configuration.
 */
export async function main<C extends ServiceConfig, State, Event extends DecodedEvent>(
  { service, settings, load }: Main<C>,
  define: (config: C) => ServiceDefinition<State, Event>,
): Promise<void> {
  if (process.argv.slice(2).some((word) => word === '--help' || word === '-h')) {
    process.stdout.write(`${service} is configured by its environment:\n\n${describeSettings(settings)}`);
    return;
  }
  let config: C;
  try {
    config = load(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${service}: ${error.message}`);
    process.exitCode = 2;
    return;
  }
  const logger = createLogger(service, config.WEIR_LOG_LEVEL);
  try {
    // Before the definition: decoders are made for the ids that hold from here on.
    if (config.SCHEMA_REGISTRY_URL !== '') await adoptRegistry(config.SCHEMA_REGISTRY_URL);
  } catch (error) {
    logger.fatal({ err: error }, error instanceof Error ? error.message : 'the schema registry failed');
    process.exitCode = 1;
    return;
  }
  process.exitCode = await live(service, config, define(config), logger);
}

async function live<State, Event extends DecodedEvent>(
  service: string,
  config: ServiceConfig,
  definition: ServiceDefinition<State, Event>,
  logger: Logger,
): Promise<number> {
  const { promise: signalled, resolve } = Promise.withResolvers<'signal'>();
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    signals += 1;
    logger.info({ signal }, 'stopping');
    if (signals > 1) process.exit(1);
    resolve('signal');
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.once('unhandledRejection', (error) => {
    logger.fatal({ err: error }, 'unhandled rejection; nothing more is committed');
    process.exit(1);
  });
  try {
    const ports = await connectPorts(config, service);
    try {
      const running = await startService(definition, ports, config, logger);
      try {
        await Promise.race([signalled, running.done]);
      } finally {
        const late = setTimeout(() => {
          logger.fatal({ ms: SHUTDOWN_MS }, 'did not stop in time; the next start folds again what was not committed');
          process.exit(1);
        }, SHUTDOWN_MS);
        await running.stop();
        clearTimeout(late);
      }
    } finally {
      await ports.close();
    }
    return 0;
  } catch (error) {
    logger.fatal({ err: error }, error instanceof Error ? error.message : 'stopped by an error');
    return 1;
  }
}
