/** What `weir dev` was asked for. Flags stand over the environment, the environment over the defaults of the demonstration. */
import {
  type CommonConfig,
  loadServiceConfig,
  type ServiceConfig,
  type ServiceSettings,
} from '@weir/service-kit/config/common-settings';
import type { Environment } from '@weir/service-kit/config/load';
import type { Settings } from '@weir/service-kit/config/settings';
import { noWords, parseFlags, positive } from '../../flags.ts';
import { orUsageError } from '../../log-place.ts';
import { UsageError } from '../../output.ts';
import { type DevService, SERVICES } from './services.ts';

export const UNTIL = ['first-alert', 'decision', 'end'] as const;
export type Until = (typeof UNTIL)[number];
export const DEFAULT_PORT = 8_081;
/** Beginning of the prefix of topics that a run deletes at its end. */
export const DEFAULT_TEMPORARY = 'weir-dev-';

export interface DevOptions {
  readonly services: readonly DevService[];
  /** The common settings and those of all services. */
  readonly config: ServiceConfig<Settings> & CommonConfig;
  /** What the demonstration sets and the environment does not. */
  readonly demonstration: Readonly<Record<string, string>>;
  /** Undefined: a temporary file, or topics that are deleted at the end. */
  readonly keep: string | undefined;
  readonly until: Until | undefined;
  readonly forSeconds: number | undefined;
  /** Event time per wall time; undefined: as fast as the machine can; 0: no flights are sent. */
  readonly speed: number | undefined;
  readonly inject: readonly string[];
}

export const FLAGS = {
  services: { type: 'string' },
  file: { type: 'string' },
  kafka: { type: 'string' },
  prefix: { type: 'string' },
  port: { type: 'string' },
  until: { type: 'string' },
  for: { type: 'string' },
  speed: { type: 'string' },
  'no-flights': { type: 'boolean' },
  inject: { type: 'string', multiple: true },
} as const;

/** @throws {UsageError} */
export function parseOptions(args: readonly string[], env: Environment, temporary: string): DevOptions {
  const { flags, words } = parseFlags('weir dev', args, FLAGS);
  noWords('weir dev', words);
  const { file, kafka, prefix, until, port } = flags;
  if (file !== undefined && kafka !== undefined)
    throw new UsageError('--file and --kafka exclude each other: events live in one place');
  if (prefix !== undefined && kafka === undefined)
    throw new UsageError('--prefix goes with --kafka: an embedded log is one installation');
  if (until !== undefined && !isUntil(until))
    throw new UsageError(`--until is ${JSON.stringify(until)}; it can be ${UNTIL.join(', ')}`);
  const services = chosenServices(flags.services);
  const noFlights = flags['no-flights'] ?? false;
  if (noFlights && (flags.speed !== undefined || flags.inject !== undefined))
    throw new UsageError('--speed and --inject are about the flights, which --no-flights leaves out');
  const demonstration = demonstrationOf(services, noFlights, env);
  const where =
    kafka === undefined
      ? { WEIR_LOG: 'embedded', WEIR_LOG_FILE: file ?? temporary }
      : {
          WEIR_LOG: 'kafka',
          KAFKA_BROKERS: kafka,
          WEIR_TOPIC_PREFIX: prefix ?? `${DEFAULT_TEMPORARY}${Date.now().toString(36)}.`,
        };
  const set = { ...env, ...demonstration, ...where, ...(port === undefined ? {} : { WEIR_HTTP_PORT: port }) };
  return {
    services,
    config: orUsageError(() => loadServiceConfig(together(services), set)),
    demonstration,
    keep: kafka === undefined ? file : prefix,
    until,
    forSeconds: positive('--for', flags.for?.replace(/s$/, ''), 'a time in seconds, like 60s'),
    speed: noFlights ? 0 : speedOf(flags.speed),
    inject: flags.inject ?? [],
  };
}

/** @throws {UsageError} */
function speedOf(text: string | undefined): number | undefined {
  return text === '0' ? 0 : positive('--speed', text, 'a factor, like 3600 for an hour a second, or 0 for no flights');
}

function isUntil(text: string): text is Until {
  return (UNTIL as readonly string[]).includes(text);
}

function chosenServices(text: string | undefined): readonly DevService[] {
  if (text === undefined) return SERVICES;
  const names = new Set(text.split(',').map((name) => name.trim()));
  for (const name of names)
    if (!SERVICES.some((service) => service.name === name))
      throw new UsageError(
        `--services has ${JSON.stringify(name)}; it can be ${SERVICES.map((service) => service.name).join(', ')}, with commas between`,
      );
  return SERVICES.filter(({ name }) => names.has(name));
}

/** An empty variable counts as not set. */
function demonstrationOf(
  services: readonly DevService[],
  noFlights: boolean,
  env: Environment,
): Readonly<Record<string, string>> {
  const all = services.flatMap(({ demonstration, flights }) =>
    Object.entries(noFlights ? demonstration : { ...demonstration, ...flights }),
  );
  return Object.fromEntries(all.filter(([name]) => (env[name] ?? '') === ''));
}

/** Settings of several services as those of one: every fault of the environment is told at once. */
function together(services: readonly DevService[]): ServiceSettings<Settings> {
  return {
    settings: Object.assign({}, ...services.map(({ settings }) => settings.settings)) as Settings,
    // A setting of a service that is not chosen is not unknown.
    prefixes: services.flatMap(({ settings }) => settings.prefixes),
    rules: services.flatMap(({ settings }) => settings.rules ?? []) as NonNullable<ServiceSettings<Settings>['rules']>,
    defaults: { WEIR_HTTP_PORT: DEFAULT_PORT },
  };
}
