/** `weir dev`: every service in one process, on the embedded log or on Kafka, fed with the flights of 2001. */
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { driftConfigOf } from '@weir/drift-detector/config';
import { driftDetector } from '@weir/drift-detector/service';
import { LogError } from '@weir/event-log/errors';
import { ListenError } from '@weir/service-kit/http';
import { createLogger } from '@weir/service-kit/logger';
import { connectPorts, type Ports } from '@weir/service-kit/ports';
import { explain, topicSpecs } from '@weir/service-kit/runner';
import { startService } from '@weir/service-kit/service';
import { type Command, type CommandIo, UsageError } from '../../output.ts';
import { feed } from './feed.ts';
import { type DevOptions, parseOptions } from './options.ts';
import { Screen } from './screen.ts';

const HELP = `weir dev [--kafka HOST:PORT | --file PATH] [--until first-alert|end] [--for SECONDS] [--inject FAULT]…

Runs the drift detector in this process and replays three million real US flights of 2001 as predictions of two delay models. January is
the reference; drift alerts are printed as they come, and http://127.0.0.1:8081 answers what is behind them.

  --kafka HOST:PORT      events live on this Kafka (default: an embedded log, no broker)
  --prefix TEXT          with --kafka: in front of every topic, and keep them (default: topics of this run, deleted at its end)
  --file PATH            keep the embedded log here (default: a temporary file, removed at the end)
  --until first-alert    stop at the first alert
  --until end            stop after the last flight (default: go on serving until Ctrl-C)
  --for SECONDS          stop after this time
  --speed FACTOR         flights' time per wall time, like 3600 for an hour a second (default: as fast as possible)
  --inject FAULT         NAME:COLUMN@TIME, like unit:distance@2001-03-01; NAME is unit, stuck, nulls or shift; may be repeated
  --port PORT            port of the REST interface (default: 8081; 0 lets the system choose)
  --seed TEXT            key of every random draw (default: weir)

The environment variables of drift-detector are read too. Ctrl-C ends it clean: the batch in hand is committed and a snapshot written.
`;

export const dev: Command = {
  name: 'dev',
  summary: 'try it: drift alerts on three million real flights',
  help: HELP,
  run,
};

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const folder = join(tmpdir(), `weir-dev-${process.pid}`);
  const options = parseOptions(args, process.env, join(folder, 'log.db'));
  const ending = new AbortController();
  const stop = (): void => ending.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const timer = options.forSeconds === undefined ? undefined : setTimeout(stop, options.forSeconds * 1_000);
  const screen = new Screen(io);
  try {
    const ports = await open(options);
    try {
      await serve(ports, options, ending, screen);
    } finally {
      if (options.keep === undefined) await forget(ports, options);
      await ports.close();
    }
    screen.say(screen.summary());
    return 0;
  } catch (error) {
    if (error instanceof LogError) throw new UsageError(explain(error));
    if (error instanceof ListenError) throw new UsageError(error.message);
    throw error;
  } finally {
    screen.close();
    clearTimeout(timer);
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    rmSync(folder, { recursive: true, force: true });
  }
}

function open({ config }: DevOptions): Promise<Ports> {
  if (config.WEIR_LOG === 'embedded') mkdirSync(dirname(config.WEIR_LOG_FILE), { recursive: true });
  return connectPorts(config, 'weir-dev');
}

/** Nobody asked to keep this run: its topics leave somebody's cluster as they found it. */
async function forget({ log }: Ports, { config }: DevOptions): Promise<void> {
  if (config.WEIR_LOG !== 'kafka') return;
  const admin = await log.admin();
  await admin.deleteTopics(topicSpecs('drift-detector', config.WEIR_TOPIC_PREFIX, 1).map(({ topic }) => topic));
  await admin.close();
}

async function serve(ports: Ports, options: DevOptions, ending: AbortController, screen: Screen): Promise<void> {
  const { config, until, speed, inject } = options;
  let url = '';
  const service = await startService(
    driftDetector(driftConfigOf(config)),
    ports,
    config,
    createLogger('weir-dev', 'silent'),
    {
      committed: ({ records, outputs }) => {
        screen.folded += records;
        if (until === 'first-alert' && ending.signal.aborted) return;
        for (const output of outputs) {
          screen.alert(output, url);
          if (until !== 'first-alert') continue;
          ending.abort();
          break;
        }
      },
      failed: (error, retryInMs) =>
        screen.complain(`${explain(error)}${retryInMs > 0 ? `; again in ${retryInMs} ms` : ''}`),
    },
  );
  url = service.url;
  const where = config.WEIR_LOG === 'kafka' ? `topics ${config.WEIR_TOPIC_PREFIX}*` : config.WEIR_LOG_FILE;
  screen.say(`drift-detector   ${url}/docs   ${where}`);
  try {
    const fed = feed(ports.log, {
      prefix: config.WEIR_TOPIC_PREFIX,
      partitions: config.WEIR_PARTITIONS,
      speed,
      inject,
      signal: ending.signal,
      lagRecords: () => service.runner.lagRecords,
      sent: (events, eventTimeMs) => {
        screen.sent += events;
        screen.eventTimeMs = eventTimeMs;
      },
    });
    await Promise.race([fed, service.done]);
    await fed;
    if (until === undefined && !ending.signal.aborted) {
      screen.say(`${screen.summary()}; ${url}/v1/alerts goes on answering, Ctrl-C ends it`);
      await Promise.race([service.done, new Promise((resolve) => ending.signal.addEventListener('abort', resolve))]);
    }
  } finally {
    await service.stop();
  }
}
