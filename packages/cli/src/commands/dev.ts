/** `weir dev`: every service in one process on the embedded log, fed with the flights of 2001. */
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { DRIFT_DEFAULTS } from '@weir/drift-detector/config';
import { createDriftProcessor } from '@weir/drift-detector/processor';
import { createEmbeddedLog, type EmbeddedLog } from '@weir/event-log/embedded/log';
import { LogError } from '@weir/event-log/errors';
import { partitionFor } from '@weir/event-log/partition';
import type { Producer } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import type { AlertRaised } from '@weir/events/generated/events';
import { DEFAULT_TOPIC_PREFIX, topicName } from '@weir/events/topics';
import type { Output } from '@weir/service-kit/processor';
import { createMemoryViews } from '@weir/service-kit/read-views';
import { explain, RUNNER_DEFAULTS, type Runner, startRunner } from '@weir/service-kit/runner';
import { createSqliteSnapshots } from '@weir/service-kit/snapshot-store';
import { type Command, type CommandIo, UsageError } from '../output.ts';

const HELP = `weir dev [--file PATH] [--until first-alert] [--for SECONDS] [--seed TEXT]

Runs the drift detector in this process on an embedded log, without a broker, and replays three million real US flights of 2001 as
predictions of two delay models. January is the reference; drift alerts are printed as they come.

  --file PATH            keep the log here (default: a temporary file, removed at the end)
  --until first-alert    stop at the first alert
  --for SECONDS          stop after this time
  --seed TEXT            key of every random draw (default: weir)

Ctrl-C ends it clean: the batch in hand is committed and a snapshot written.
`;
const PARTITIONS = 1;
/** About a day of flights; see examples/flights. */
const WINDOW = 20_000;
const MIN_EFFECT = 0.1;
/** Events that may wait between the replay and the detector. */
const MAX_LAG = 40_000;

export const dev: Command = {
  name: 'dev',
  summary: 'try it: drift alerts on three million real flights',
  help: HELP,
  run,
};

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { file, until, forSeconds, seed } = parse(args);
  const path = file ?? join(tmpdir(), `weir-dev-${process.pid}`, 'log.db');
  mkdirSync(dirname(path), { recursive: true });
  let log: EmbeddedLog;
  try {
    log = createEmbeddedLog({ file: path });
  } catch (error) {
    if (error instanceof LogError) throw new UsageError(error.message);
    throw error;
  }
  const ending = new AbortController();
  const stop = (): void => ending.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const timer = forSeconds === undefined ? undefined : setTimeout(stop, forSeconds * 1_000);
  const progress: Progress = { sent: 0, folded: 0, alerts: 0, eventTimeMs: 0, startedMs: performance.now() };
  try {
    await serve(log, seed, progress, ending, until === 'first-alert', io);
    if (io.interactive) io.err('\r\x1b[K');
    const seconds = (performance.now() - progress.startedMs) / 1_000;
    io.out(`${progress.folded} events folded, ${progress.alerts} alerts, ${seconds.toFixed(1)} s\n`);
    return 0;
  } catch (error) {
    if (error instanceof LogError) throw new UsageError(explain(error));
    throw error;
  } finally {
    clearTimeout(timer);
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    await log.close();
    if (file === undefined) rmSync(dirname(path), { recursive: true, force: true });
  }
}

interface Progress {
  sent: number;
  folded: number;
  alerts: number;
  eventTimeMs: number;
  readonly startedMs: number;
}

async function serve(
  log: EmbeddedLog,
  seed: string,
  progress: Progress,
  ending: AbortController,
  untilFirst: boolean,
  io: CommandIo,
): Promise<void> {
  const processor = createDriftProcessor({ ...DRIFT_DEFAULTS, countWindows: [WINDOW], minEffect: MIN_EFFECT });
  const ports = { log, snapshots: createSqliteSnapshots(log.database), views: createMemoryViews() };
  const runner = await startRunner(
    processor,
    ports,
    { ...RUNNER_DEFAULTS, topicPrefix: DEFAULT_TOPIC_PREFIX, seed, partitions: PARTITIONS },
    {
      committed: ({ records, outputs }) => {
        progress.folded += records;
        for (const output of outputs) {
          progress.alerts += 1;
          if (untilFirst && progress.alerts > 1) continue;
          say(output, io);
          if (untilFirst) ending.abort();
        }
      },
      restored: () => {},
      failed: (partition, error, retryInMs) =>
        io.err(`partition ${partition}: ${explain(error)}${retryInMs > 0 ? `; again in ${retryInMs} ms` : ''}\n`),
    },
  );
  const line = io.interactive ? setInterval(() => showProgress(progress, io), 500) : undefined;
  try {
    const producer = await log.producer();
    const feeding = feed(producer, runner, progress, ending.signal);
    await Promise.race([feeding, runner.done]);
    await feeding;
    await producer.close();
  } finally {
    clearInterval(line);
    await runner.stop();
  }
}

async function feed(producer: Producer, runner: Runner, progress: Progress, signal: AbortSignal): Promise<void> {
  const { replay } = await import('@weir/flights/replay').catch((error: unknown) => {
    throw new UsageError(
      `weir dev needs the workspace package @weir/flights, which production installs leave out: ${String(error)}`,
    );
  });
  for await (const events of replay()) {
    if (signal.aborted) return;
    await producer.send(
      events.map(({ topic, key, value, eventTimeMs }) => ({
        topic: topicName(DEFAULT_TOPIC_PREFIX, topic),
        partition: partitionFor(key, PARTITIONS),
        key: Buffer.from(key),
        value,
        timestampMs: eventTimeMs,
      })),
    );
    progress.sent += events.length;
    progress.eventTimeMs = events.at(-1)?.eventTimeMs ?? 0;
    do await new Promise(setImmediate);
    while (runner.lagRecords > MAX_LAG && !signal.aborted);
  }
  while (runner.lagRecords > 0 && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 20));
}

function say(output: Output, io: CommandIo): void {
  const { name, event } = decode(output.value);
  const alert = event as AlertRaised;
  if (io.interactive) io.err('\r\x1b[K');
  const mark = name === 'AlertRaised' ? 'ALERT   ' : 'resolved';
  const since = new Date(alert.sinceMs).toISOString().slice(0, 16);
  io.out(`${new Date(alert.eventTimeMs).toISOString().slice(0, 16)}  ${mark}  ${alert.summary}, since ${since}\n`);
}

function showProgress(progress: Progress, io: CommandIo): void {
  const perSecond = progress.sent / ((performance.now() - progress.startedMs) / 1_000);
  const day =
    progress.eventTimeMs === 0 ? 'training on January' : new Date(progress.eventTimeMs).toISOString().slice(0, 10);
  io.err(`\r\x1b[K${day}  ${progress.sent} events sent, ${Math.round(perSecond)}/s, ${progress.alerts} alerts`);
}

function parse(args: readonly string[]): {
  file: string | undefined;
  until: string | undefined;
  forSeconds: number | undefined;
  seed: string;
} {
  const options = {
    file: { type: 'string' },
    until: { type: 'string' },
    for: { type: 'string' },
    seed: { type: 'string' },
  } as const;
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];
  try {
    values = parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}; see weir dev --help`);
  }
  if (values.until !== undefined && values.until !== 'first-alert')
    throw new UsageError(`--until is ${JSON.stringify(values.until)}; it can be first-alert`);
  const seconds = values.for === undefined ? undefined : Number(values.for.replace(/s$/, ''));
  if (seconds !== undefined && !(seconds > 0 && seconds < 1e6))
    throw new UsageError(`--for is ${JSON.stringify(values.for)}; it must be a time in seconds, like 60s`);
  return { file: values.file, until: values.until, forSeconds: seconds, seed: values.seed ?? 'weir' };
}
