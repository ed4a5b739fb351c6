/** `weir replay`: every recorded output again, byte for byte; or what other settings would have done. */
import { LogError } from '@weir/event-log/errors';
import type { CheckpointHead, CheckpointStore } from '@weir/service-kit/checkpoints/store';
import { taskName } from '@weir/service-kit/journal/entries';
import { type ReplayOptions, replayPartition } from '@weir/service-kit/journal/replay';
import type { Ports } from '@weir/service-kit/ports';
import { noWords, parseFlags, time } from '../../flags.ts';
import { configOf, type LogPlaceOptions, mustExist, withLog } from '../../log-place.ts';
import { type Command, type CommandIo, UsageError } from '../../output.ts';
import { changesFor, checkNames } from './changes.ts';
import { processorsOf, type RecordedService, recordedServices } from './recorded-services.ts';
import { beginningOf, isChanged, isFaulty, reportText, whatIfText } from './report.ts';
import { whatIf } from './what-if.ts';

const HELP = `weir replay (--file PATH | --kafka HOST:PORT) [--service NAME] [--from TIME] [--set NAME=VALUE]…

Processes a recorded log again along its journal and compares every output with the one that was committed, byte for byte, and
every recorded state digest. No event is written. Record a log with weir dev --file PATH, or with a service on Kafka.

  --file PATH         the log's file; no other process may have it open
  --kafka HOST:PORT   or the topics on this Kafka; the services may go on meanwhile
  --redis URL         with --kafka: where the services keep their checkpoints, which a replay may begin at (default: REDIS_URL)
  --prefix TEXT       in front of every topic (default weir.)
  --service NAME      only this service (default: every service that has a journal in the log)
  --from TIME         begin at the newest checkpoint written by then, like 2026-11-25T14:30, UTC unless it says otherwise (default: as
                      early as the inputs that are kept allow)
  --set NAME=VALUE    what if: process with this setting instead of the recorded one, and count the outputs that it adds or takes
                      away by model, column and rule; may be repeated. Names are those of the recorded configuration, like minEffect

The environment variables that connect a service to Kafka (KAFKA_SSL, KAFKA_SASL_MECHANISM …) are read too.
Exit code 0 when every output is the same, 1 when one differs, 2 when an argument or the log is bad.
`;

const FLAGS = {
  file: { type: 'string' },
  kafka: { type: 'string' },
  redis: { type: 'string' },
  prefix: { type: 'string' },
  service: { type: 'string' },
  from: { type: 'string' },
  set: { type: 'string', multiple: true },
} as const;

export const replay: Command = { help: HELP, options: FLAGS, run };

interface Asked {
  readonly topicPrefix: string;
  readonly fromMs: number | undefined;
  readonly set: readonly string[];
}

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { flags, words } = parseFlags('weir replay', args, FLAGS);
  noWords('weir replay', words);
  const { file, kafka, redis, prefix, service, set = [] } = flags;
  const fromMs = time('--from', flags.from);
  const processors = processorsOf(service);
  checkNames(processors, set);
  const options: LogPlaceOptions = { fileFlag: '--file', command: 'weir replay' };
  const config = configOf({ file, kafka, prefix, redis }, options, process.env);
  mustExist(config);
  const topicPrefix = config.WEIR_TOPIC_PREFIX;
  return await withLog(config, options, io, async (ports) => {
    const started = performance.now();
    let isSame = true;
    for (const each of await recordedServices(ports.log, topicPrefix, processors))
      for (let partition = 0; partition < each.partitions; partition += 1)
        isSame = (await replayOne(ports, each, partition, { topicPrefix, fromMs, set }, io)) && isSame;
    io.err(`weir: ${((performance.now() - started) / 1_000).toFixed(1)} s\n`);
    return isSame ? 0 : 1;
  });
}

/** Returns whether everything is the same. */
async function replayOne(
  { log, checkpoints }: Ports,
  { name, processor }: RecordedService,
  partition: number,
  { topicPrefix, fromMs, set }: Asked,
  io: CommandIo,
): Promise<boolean> {
  const task = `${name}[${partition}]`;
  const options: ReplayOptions = {
    log,
    topicPrefix,
    partition,
    processor,
    checkpoints,
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(io.interactive ? { onProgress: (records) => io.err(`\r\x1b[K${task}: ${records} records`) } : {}),
  };
  const changes = changesFor(processor, set);
  try {
    if (set.length > 0) {
      if (Object.keys(changes).length === 0) return true;
      const anchor = await anchorFor(checkpoints, taskName(topicPrefix, name, partition), fromMs);
      const override = (recorded: unknown): unknown => ({ ...(recorded as object), ...changes });
      const found = await whatIf(options, override, anchor);
      clear(io);
      io.out(whatIfText(`${task} ${beginningOf(anchor?.writtenMs)}`, found, changes));
      return !isChanged(found.groups);
    }
    const report = await replayPartition(options);
    clear(io);
    if (fromMs !== undefined && report.anchorMs === undefined)
      io.err(`weir: ${task} has no checkpoint of ${new Date(fromMs).toISOString().slice(0, 19)} or before\n`);
    io.out(reportText(task, report, processor.build));
    return !isFaulty(report, processor.build);
  } catch (error) {
    clear(io);
    throw error instanceof LogError && error.code === 'GONE' ? tooOld(error) : error;
  }
}

async function anchorFor(
  checkpoints: CheckpointStore,
  task: string,
  fromMs: number | undefined,
): Promise<CheckpointHead | undefined> {
  if (fromMs === undefined) return undefined;
  return (await checkpoints.generations(task)).findLast(({ writtenMs }) => writtenMs <= fromMs);
}

function tooOld({ message }: LogError): UsageError {
  return new UsageError(
    `${message}; a replay begins where the journal does, or at a checkpoint whose inputs are kept: name a later one with --from, and with --kafka where they are with --redis`,
  );
}

function clear(io: CommandIo): void {
  if (io.interactive) io.err('\r\x1b[K');
}
