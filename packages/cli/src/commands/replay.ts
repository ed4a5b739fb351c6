/** `weir replay`: every recorded decision again, byte for byte. */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type DetectorConfig, DRIFT_DEFAULTS, type DriftConfig, loadDetectorConfig } from '@weir/drift-detector/config';
import { BUILD, createDriftProcessor } from '@weir/drift-detector/processor';
import { LogError } from '@weir/event-log/errors';
import type { EventLog } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import { journalTopic, topicName } from '@weir/events/topics';
import { ConfigError } from '@weir/service-kit/config';
import { connectPorts, type Ports } from '@weir/service-kit/ports';
import { type Difference, replayPartition } from '@weir/service-kit/replay';
import { type Command, type CommandIo, UsageError } from '../output.ts';

const SERVICE = 'drift-detector';
const HELP = `weir replay (--file PATH | --kafka HOST:PORT) [--prefix TEXT] [--set KEY=NUMBER …]

Folds a recorded log again along its journal and compares every alert with the one that was committed, byte for byte.
No event is written. Record a log with weir dev --file PATH, or with a service on Kafka.

  --file PATH         the log's file; no other process may have it open
  --kafka HOST:PORT   or the topics on this Kafka; the service may go on meanwhile
  --prefix TEXT       in front of every topic (default weir.)
  --set KEY=NUMBER    what if: replay with this setting instead of the recorded one; may be repeated
                      (${Object.keys(DRIFT_DEFAULTS).join(', ')})

The environment variables that connect a service to Kafka (KAFKA_SSL, KAFKA_SASL_MECHANISM …) are read too.
Exit code 0 when every output is the same, 1 when one differs (the first is shown), 2 when an argument or the log is bad.
`;

export const replay: Command = {
  name: 'replay',
  summary: 'reproduce every recorded alert, byte for byte',
  help: HELP,
  run,
};

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { config, changes } = parse(args, process.env);
  const { WEIR_LOG: where, WEIR_LOG_FILE: file } = config;
  if (where === 'embedded' && !existsSync(file))
    throw new UsageError(`${file} does not exist; record a log with weir dev --file PATH`);
  let ports: Ports | undefined;
  try {
    ports = await connectPorts(config, 'weir-replay');
    return await replayAll(ports.log, config.WEIR_TOPIC_PREFIX, changes, io);
  } catch (error) {
    if (error instanceof LogError && error.code === 'GONE')
      throw new UsageError(
        `${error.message}; a replay begins where the journal does, so keep inputs for as long as you want to replay`,
      );
    if (error instanceof LogError) throw new UsageError(error.message);
    throw error;
  } finally {
    await ports?.close();
  }
}

async function replayAll(
  log: EventLog,
  topicPrefix: string,
  changes: Partial<DriftConfig>,
  io: CommandIo,
): Promise<number> {
  const journal = topicName(topicPrefix, journalTopic(SERVICE).name);
  const admin = await log.admin();
  const partitions = (await admin.partitionCounts([journal])).get(journal);
  await admin.close();
  if (partitions === undefined)
    throw new UsageError(`the log has no topic ${journal}: nothing was recorded in it; --prefix names another`);
  const started = performance.now();
  let records = 0;
  let outputs = 0;
  for (let partition = 0; partition < partitions; partition += 1) {
    const report = await replayPartition({
      log,
      topicPrefix,
      partition,
      service: SERVICE,
      processorFor: (config) => createDriftProcessor({ ...DRIFT_DEFAULTS, ...(config as DriftConfig), ...changes }),
      ...(io.interactive ? { onProgress: (done: number) => io.err(`\r\x1b[K${done} records`) } : {}),
    });
    if (io.interactive) io.err('\r\x1b[K');
    if (report.difference !== undefined) {
      io.out(describe(report.difference, partition));
      return 1;
    }
    records += report.records;
    outputs += report.outputs;
  }
  io.out(
    `${outputs} outputs from ${records} records are the same, byte for byte, in ${((performance.now() - started) / 1_000).toFixed(1)} s\n`,
  );
  return 0;
}

function describe({ topic, index, entry, build, committed, replayed }: Difference, partition: number): string {
  const summary = (value: Uint8Array): string => {
    const { name, event } = decode(value);
    return `${name} ${'summary' in event ? event.summary : ''} (event ${'evidence' in event ? event.evidence.eventId : '?'})`;
  };
  return [
    `output ${index} of partition ${partition} differs${entry === undefined ? '' : `, from journal entry ${entry}`}:`,
    `  committed  ${committed === undefined ? 'nothing' : `${topic}[${partition}]@${committed.offset} ${committed.id.slice(0, 12)} ${summary(committed.value)}`}`,
    `  replayed   ${replayed === undefined ? 'nothing' : `${replayed.id.slice(0, 12)} ${summary(replayed.value)}`}`,
    ...(build === BUILD ? [] : [`  it was committed by ${build}, this is ${BUILD}`]),
    '',
  ].join('\n');
}

function parse(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): { readonly config: DetectorConfig; readonly changes: Partial<DriftConfig> } {
  const options = {
    file: { type: 'string' },
    kafka: { type: 'string' },
    prefix: { type: 'string' },
    set: { type: 'string', multiple: true },
  } as const;
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];
  try {
    values = parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}; see weir replay --help`);
  }
  const { file, kafka, prefix } = values;
  if ((file === undefined) === (kafka === undefined))
    throw new UsageError('one of --file PATH and --kafka HOST:PORT is needed; see weir replay --help');
  const changes: Record<string, number | number[]> = {};
  for (const setting of values.set ?? []) {
    const [key = '', text = ''] = setting.split('=');
    if (!Object.hasOwn(DRIFT_DEFAULTS, key))
      throw new UsageError(
        `--set ${setting}: there is no setting ${JSON.stringify(key)}; there are ${Object.keys(DRIFT_DEFAULTS).join(', ')}`,
      );
    const numbers = text.split(',').map(Number);
    if (text === '' || numbers.some((number) => !Number.isFinite(number)))
      throw new UsageError(`--set ${setting}: ${JSON.stringify(text)} is not a number`);
    changes[key] = key === 'countWindows' ? numbers : (numbers[0] as number);
  }
  const place =
    kafka === undefined ? { WEIR_LOG: 'embedded', WEIR_LOG_FILE: file } : { WEIR_LOG: 'kafka', KAFKA_BROKERS: kafka };
  const topics = prefix === undefined ? {} : { WEIR_TOPIC_PREFIX: prefix };
  try {
    // Redis holds nothing that a replay reads.
    const config = loadDetectorConfig({ ...env, ...place, ...topics, REDIS_URL: '' });
    return { config, changes: changes as Partial<DriftConfig> };
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message.trimEnd());
    throw error;
  }
}
