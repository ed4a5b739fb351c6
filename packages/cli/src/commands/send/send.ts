/** `weir send`: rows of a file as the predictions, and outcomes, of a registered version. */
import { LogError } from '@weir/event-log/errors';
import type { EventLog } from '@weir/event-log/port';
import type { TopicPlace } from '../../control/log-topics.ts';
import { count, type Flags, needed, noWords, parseFlags, positive } from '../../flags.ts';
import { configOf, withLog } from '../../log-place.ts';
import { type Command, type CommandIo, UsageError } from '../../output.ts';
import { READING_FLAGS, READING_HELP, readingOf } from '../../tables/reading-flags.ts';
import { described } from '../../tables/unreadable.ts';
import { deliver } from './delivery.ts';
import { type EventRow, openEventRows, type Sending } from './event-rows.ts';
import { registeredVersion } from './registered-version.ts';

const HELP = `weir send --model M --version V --file FILE [--time COLUMN] [--label COLUMN] (--log PATH | --kafka HOST:PORT)

Sends each row of a CSV, NDJSON (both may be gzipped) or Parquet file as a prediction of a registered version: columns of its features and
outputs by their names, in the order of the registration, the model id as the key. The file is read to its end before anything is sent.

  --model M            id of the model; register it first
  --version V          the version that answered
  --file FILE          the data, one row for each prediction; columns that the version does not have are left alone
  --time COLUMN        when each happened: 2026-11-25T14:30:00Z, or seconds, thousandths, millionths or billionths since 1970
                       (default: the time of sending)
  --id COLUMN          ids of the predictions (default: FILE:ROW, by which an alert leads back to the row)
  --unit COLUMN        whom each is about (default: unknown)
  --segment COLUMN     a segment for breakdowns; may be repeated
  --latency COLUMN     time the model took, ms
  --label COLUMN       the truth, in the unit of the output: sent as the outcome of the row, where it is not missing
  --reward COLUMN      the value of the outcome in [0, 1]
  --outcome-time COLUMN when the outcome was observed (default: the time of the prediction)
  --rate N             rows a second (default: as fast as the log takes them)
  --from ROW           begin with this row, as the message of a run says that was cut short (default 1)
  --dry-run            read the file, check every row and send nothing
${READING_HELP}
  --log PATH           into this embedded log; no other process may have it open; then weir dev on it (weir dev --help)
  --kafka HOST:PORT    into the topics on this Kafka, to the partition that Kafka's Java client would choose for the key
  --prefix TEXT        with --kafka: in front of every topic (default weir.)

Topics that do not exist are created with WEIR_PARTITIONS partitions (default 1), and the environment variables that connect a service to
Kafka (KAFKA_SSL, KAFKA_SASL_MECHANISM …) are read too. Predictions are sent without routing: nothing of them counts in a test of promotion
but under a policy with "allocation": {"policy": "fixed"}.
Exit code 1 when the log failed after the first row, 2 when the file, the registration or an argument cannot be used: then nothing was sent.
`;

const FLAGS = {
  model: { type: 'string' },
  version: { type: 'string' },
  file: { type: 'string' },
  time: { type: 'string' },
  id: { type: 'string' },
  unit: { type: 'string' },
  segment: { type: 'string', multiple: true },
  latency: { type: 'string' },
  label: { type: 'string' },
  reward: { type: 'string' },
  'outcome-time': { type: 'string' },
  rate: { type: 'string' },
  from: { type: 'string' },
  'dry-run': { type: 'boolean' },
  ...READING_FLAGS,
  log: { type: 'string' },
  kafka: { type: 'string' },
  prefix: { type: 'string' },
} as const;

export const send: Command = { help: HELP, options: FLAGS, run };

interface Plan extends Omit<Sending, 'registered'> {
  readonly from: number;
  readonly rate: number | undefined;
  readonly isDryRun: boolean;
}

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { flags, words } = parseFlags('weir send', args, FLAGS);
  noWords('weir send', words);
  const plan = planOf(flags);
  const options = { fileFlag: '--log', command: 'weir send' } as const;
  const { log: file, kafka, prefix } = flags;
  const config = configOf({ file, kafka, prefix }, options, process.env);
  const place = { topicPrefix: config.WEIR_TOPIC_PREFIX, partitions: config.WEIR_PARTITIONS };
  return await withLog(config, options, io, async ({ log }) => {
    const { model, version } = plan;
    const registered = await registeredVersion(log, place.topicPrefix, { model, version });
    const sending: Sending = { ...plan, registered };
    const rows = await checked(sending, plan.from, io);
    if (!plan.isDryRun) return await sendAll(log, { ...plan, sending, rows, place }, io);
    io.out(`${rows} rows of ${plan.path} are predictions of ${model} ${version}; nothing was sent\n`);
    return 0;
  });
}

/** @throws {UsageError} */
function planOf(flags: Flags<typeof FLAGS>): Plan {
  const { label, reward, 'outcome-time': outcomeTime } = flags;
  if (outcomeTime !== undefined && label === undefined && reward === undefined)
    throw new UsageError('--outcome-time is the time of outcomes: name their column with --label or --reward');
  return {
    model: needed('--model', flags.model, 'the id of the model'),
    version: needed('--version', flags.version, 'the version that answered'),
    path: needed('--file', flags.file, 'a CSV, NDJSON or Parquet file'),
    reading: readingOf(flags),
    mapping: {
      time: flags.time,
      id: flags.id,
      unit: flags.unit,
      latency: flags.latency,
      segments: flags.segment ?? [],
      label,
      reward,
      outcomeTime,
    },
    from: count('--from', flags.from) ?? 1,
    rate: positive('--rate', flags.rate, 'rows a second, above 0'),
    isDryRun: flags['dry-run'] ?? false,
  };
}

/** Reads the whole file, so that a row that is no event stops it before any is sent. @returns its rows */
async function checked(sending: Sending, from: number, io: CommandIo): Promise<number> {
  const { path, mapping } = sending;
  const events = await openEventRows(sending);
  let rows = 0;
  let newestMs = Number.NEGATIVE_INFINITY;
  let earlier = 0;
  for await (const { row, eventTimeMs } of events.rows()) {
    rows = row;
    if (eventTimeMs < newestMs) earlier += 1;
    else newestMs = eventTimeMs;
    if (row % 8_192 === 0) progress(io, `${row} rows checked`);
  }
  if (io.interactive) io.err('\r\x1b[K');
  if (from > rows) throw new UsageError(`--from is ${from}; ${path} has ${rows} rows`);
  for (const [name, tally] of events.unreadable) io.err(`weir: ${described(path, name, tally)}\n`);
  if (mapping.time !== undefined && earlier > 0)
    io.err(
      `weir: ${path}: ${earlier} of ${rows} rows are earlier than a row before them; windows are of the order of arrival, so sort the file by ${mapping.time}\n`,
    );
  return rows;
}

interface Run extends Plan {
  readonly sending: Sending;
  readonly rows: number;
  readonly place: TopicPlace;
}

async function sendAll(log: EventLog, run: Run, io: CommandIo): Promise<number> {
  const { sending, rows, place, from, rate, model, version, path } = run;
  const { mapping } = sending;
  const events = await openEventRows(sending);
  let durable = from - 1;
  try {
    const { partition, ...sent } = await deliver(log, after(events.rows(), from), {
      ...place,
      model,
      withOutcomes: mapping.label !== undefined || mapping.reward !== undefined,
      rate,
      delivered: (row) => {
        durable = row;
        progress(io, `${row} of ${rows} rows sent`);
      },
    });
    if (io.interactive) io.err('\r\x1b[K');
    const where = `${place.topicPrefix}predictions[${partition}]@${sent.from} to ${sent.to}`;
    io.out(`${sent.predictions} predictions of ${model} ${version} sent: ${where}\n`);
    if (sent.outcomes > 0) io.out(`${sent.outcomes} outcomes sent: ${place.topicPrefix}outcomes[${partition}]\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    if (io.interactive) io.err('\r\x1b[K');
    io.err(
      `weir: ${path}: ${durable < from ? 'no row' : `rows ${from} to ${durable} of ${rows}`} sent for certain, then: ${error.message}\nweir: send the rest with --from ${durable + 1}; of the next rows some may be durable too, and have the same ids\n`,
    );
    return 1;
  }
}

async function* after(rows: AsyncGenerator<EventRow>, from: number): AsyncGenerator<EventRow> {
  for await (const row of rows) if (row.row >= from) yield row;
}

function progress(io: CommandIo, text: string): void {
  if (io.interactive) io.err(`\r\x1b[K${text}`);
}
