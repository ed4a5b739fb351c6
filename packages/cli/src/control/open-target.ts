/** The flags that say where registrations and references go. */
import { configOf, withLog } from '../log-place.ts';
import { type CommandIo, UsageError } from '../output.ts';
import { logTarget } from './log-target.ts';
import { restTarget } from './rest-target.ts';
import type { ControlTarget } from './target.ts';

export const DEFAULT_URL = 'http://127.0.0.1:8081';

/** s. */
const DEFAULT_WAIT = 10;
/** What a service grants, s. */
const MAX_WAIT = 30;

export const TARGET_FLAGS = {
  url: { type: 'string' },
  wait: { type: 'string' },
  token: { type: 'string' },
  log: { type: 'string' },
  kafka: { type: 'string' },
  prefix: { type: 'string' },
} as const;

export interface TargetFlags {
  readonly url?: string | undefined;
  readonly wait?: string | undefined;
  readonly token?: string | undefined;
  readonly log?: string | undefined;
  readonly kafka?: string | undefined;
  readonly prefix?: string | undefined;
}

export const TARGET_HELP: string = `  --url URL           a running service (default ${DEFAULT_URL}, where npm start answers)
  --token TOKEN       bearer token, where the service wants one (default: WEIR_HTTP_TOKEN of the environment)
  --wait SECONDS      how long the service may take to process each before it answers (default ${DEFAULT_WAIT}, at most ${MAX_WAIT})
  --log PATH          instead: straight into this embedded log; no other process may have it open
  --kafka HOST:PORT   instead: straight into the topics on this Kafka
  --prefix TEXT       with --log or --kafka: in front of every topic (default weir.)

With --log and --kafka, topics that do not exist are created with WEIR_PARTITIONS partitions (default 1), and the environment
variables that connect a service to Kafka (KAFKA_SSL, KAFKA_SASL_MECHANISM …) are read too.
`;

/** @throws {UsageError} when flags exclude each other, or the target does not answer */
export async function withTarget<Result>(
  flags: TargetFlags,
  command: string,
  io: CommandIo,
  use: (target: ControlTarget) => Promise<Result>,
): Promise<Result> {
  const { url, token, log: file, kafka, prefix } = flags;
  if (file === undefined && kafka === undefined) {
    if (prefix !== undefined)
      throw new UsageError('--prefix goes with --log or --kafka; a service over REST knows its own topics');
    const known = token ?? (process.env['WEIR_HTTP_TOKEN'] || undefined);
    return await use(restTarget({ url: url ?? DEFAULT_URL, token: known, waitS: waitOf(flags.wait) }));
  }
  if (url !== undefined || token !== undefined || flags.wait !== undefined)
    throw new UsageError('--url, --token and --wait exclude --log and --kafka: an event goes to one place');
  const options = { fileFlag: '--log', command } as const;
  const config = configOf({ file, kafka, prefix }, options, process.env);
  const place = { topicPrefix: config.WEIR_TOPIC_PREFIX, partitions: config.WEIR_PARTITIONS };
  return await withLog(config, options, io, ({ log }) => use(logTarget(log, place)));
}

function waitOf(text: string | undefined): number {
  const seconds = Number(text ?? DEFAULT_WAIT);
  if (!(Number.isInteger(seconds) && seconds >= 0 && seconds <= MAX_WAIT))
    throw new UsageError(
      `--wait is ${JSON.stringify(text)}; it must be a whole number of seconds from 0 to ${MAX_WAIT}`,
    );
  return seconds;
}
