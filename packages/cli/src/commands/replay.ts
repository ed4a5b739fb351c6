/** `weir replay`: every recorded decision again, byte for byte. */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { DRIFT_DEFAULTS, type DriftConfig } from '@weir/drift-detector/config';
import { createDriftProcessor } from '@weir/drift-detector/processor';
import { createEmbeddedLog, type EmbeddedLog } from '@weir/event-log/embedded/log';
import { LogError } from '@weir/event-log/errors';
import { decode } from '@weir/events/codec';
import { DEFAULT_TOPIC_PREFIX, journalTopic, topicName } from '@weir/events/topics';
import { type Difference, replayPartition } from '@weir/service-kit/replay';
import { type Command, type CommandIo, UsageError } from '../output.ts';

const SERVICE = 'drift-detector';
const HELP = `weir replay --file PATH [--set KEY=NUMBER …]

Folds a recorded log again along its journal and compares every alert with the one that was committed, byte for byte.
Nothing is written. Record a log with weir dev --file PATH.

  --file PATH         the log's file; no other process may have it open
  --set KEY=NUMBER    what if: replay with this setting instead of the recorded one (${Object.keys(DRIFT_DEFAULTS).join(', ')})

Exit code 0 when every output is the same, 1 when one differs (the first is shown), 2 when an argument or the file is bad.
`;

export const replay: Command = {
  name: 'replay',
  summary: 'reproduce every recorded alert, byte for byte',
  help: HELP,
  run,
};

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { file, changes } = parse(args);
  if (!existsSync(file)) throw new UsageError(`${file} does not exist; record a log with weir dev --file PATH`);
  let log: EmbeddedLog | undefined;
  try {
    log = createEmbeddedLog({ file });
    return await replayAll(log, changes, io);
  } catch (error) {
    if (error instanceof LogError) throw new UsageError(error.message);
    throw error;
  } finally {
    await log?.close();
  }
}

async function replayAll(log: EmbeddedLog, changes: Partial<DriftConfig>, io: CommandIo): Promise<number> {
  const journal = topicName(DEFAULT_TOPIC_PREFIX, journalTopic(SERVICE).name);
  const admin = await log.admin();
  const partitions = (await admin.partitionCounts([journal])).get(journal);
  if (partitions === undefined) throw new UsageError(`the log has no topic ${journal}: nothing was recorded in it`);
  const started = performance.now();
  let records = 0;
  let outputs = 0;
  for (let partition = 0; partition < partitions; partition += 1) {
    const report = await replayPartition({
      log,
      topicPrefix: DEFAULT_TOPIC_PREFIX,
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

function describe({ topic, index, entry, committed, replayed }: Difference, partition: number): string {
  const summary = (value: Uint8Array): string => {
    const { name, event } = decode(value);
    return `${name} ${'summary' in event ? event.summary : ''} (event ${'evidence' in event ? event.evidence.eventId : '?'})`;
  };
  return [
    `output ${index} of partition ${partition} differs${entry === undefined ? '' : `, from journal entry ${entry}`}:`,
    `  committed  ${committed === undefined ? 'nothing' : `${topic}[${partition}]@${committed.offset} ${committed.id.slice(0, 12)} ${summary(committed.value)}`}`,
    `  replayed   ${replayed === undefined ? 'nothing' : `${replayed.id.slice(0, 12)} ${summary(replayed.value)}`}`,
    '',
  ].join('\n');
}

function parse(args: readonly string[]): { readonly file: string; readonly changes: Partial<DriftConfig> } {
  const options = { file: { type: 'string' }, set: { type: 'string', multiple: true } } as const;
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];
  try {
    values = parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}; see weir replay --help`);
  }
  if (values.file === undefined) throw new UsageError('--file PATH is needed; see weir replay --help');
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
  return { file: values.file, changes: changes as Partial<DriftConfig> };
}
