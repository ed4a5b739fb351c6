/** The log that a command works on: a file, or the topics of a Kafka. */
import { existsSync } from 'node:fs';
import { LogError } from '@weir/event-log/errors';
import { adoptRegistry } from '@weir/events/registry';
import { type CommonConfig, loadServiceConfig } from '@weir/service-kit/config/common-settings';
import { ConfigError } from '@weir/service-kit/config/settings';
import { connectPorts, type Ports } from '@weir/service-kit/ports';
import { type CommandIo, UsageError } from './output.ts';

export interface LogPlace {
  readonly file: string | undefined;
  readonly kafka: string | undefined;
  readonly prefix: string | undefined;
  readonly redis?: string | undefined;
}

export interface LogPlaceOptions {
  /** As the flag is called that names the file. */
  readonly fileFlag: '--file' | '--log';
  /** Of the command, for brokers and messages. */
  readonly command: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Flags stand over the environment. A command tries a broker once. @throws {UsageError} */
export function configOf(place: LogPlace, options: LogPlaceOptions, env: Environment): CommonConfig {
  const { file, kafka, prefix, redis } = place;
  const { fileFlag, command } = options;
  if ((file === undefined) === (kafka === undefined))
    throw new UsageError(`one of ${fileFlag} PATH and --kafka HOST:PORT is needed; see ${command} --help`);
  const where =
    kafka === undefined ? { WEIR_LOG: 'embedded', WEIR_LOG_FILE: file } : { WEIR_LOG: 'kafka', KAFKA_BROKERS: kafka };
  return orUsageError(() =>
    loadServiceConfig(
      { settings: {}, prefixes: [], defaults: { WEIR_STARTUP_TIMEOUT_MS: 0 } },
      {
        ...env,
        ...where,
        ...(prefix === undefined ? {} : { WEIR_TOPIC_PREFIX: prefix }),
        ...(redis === undefined ? {} : { REDIS_URL: redis }),
      },
    ),
  );
}

/** @throws {UsageError} listing every fault of a configuration */
export function orUsageError<Result>(load: () => Result): Result {
  try {
    return load();
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message.trimEnd());
    throw error;
  }
}

/** @throws {UsageError} when the log does not answer, or `use` meets an error of the log */
export async function withLog<Result>(
  config: CommonConfig,
  { command }: LogPlaceOptions,
  io: CommandIo,
  use: (ports: Ports) => Promise<Result>,
): Promise<Result> {
  let ports: Ports | undefined;
  try {
    if (config.SCHEMA_REGISTRY_URL !== '') await adoptRegistry(config.SCHEMA_REGISTRY_URL);
    const clientId = command.replaceAll(' ', '-');
    ports = await connectPorts(config, { clientId, report: (message) => io.err(`${message}\n`) });
    return await use(ports);
  } catch (error) {
    if (error instanceof LogError) throw new UsageError(error.message);
    throw error;
  } finally {
    await ports?.close();
  }
}

/** Before a file is opened, which would create it. @throws {UsageError} */
export function mustExist({ WEIR_LOG, WEIR_LOG_FILE }: CommonConfig): void {
  if (WEIR_LOG === 'embedded' && !existsSync(WEIR_LOG_FILE))
    throw new UsageError(`${WEIR_LOG_FILE} does not exist; record a log with weir dev --file PATH`);
}
