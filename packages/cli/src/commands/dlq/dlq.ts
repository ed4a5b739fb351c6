/** `weir dlq`: what services could not process, and the way back. */
import { count, parseFlags, time } from '../../flags.ts';
import { configOf, type LogPlaceOptions, mustExist, withLog } from '../../log-place.ts';
import { type Command, type CommandIo, UsageError } from '../../output.ts';
import { type DeadLetter, readLetters, servicesOf } from './letter.ts';
import { LetterGroups, listJson, listText, modelOf } from './list.ts';
import { redriveLetters } from './redrive.ts';
import { showText } from './show.ts';

const HELP = `weir dlq list    (--file PATH | --kafka HOST:PORT) [filters] [--json]
weir dlq show    (--file PATH | --kafka HOST:PORT) [--service NAME] PARTITION:OFFSET
weir dlq redrive (--file PATH | --kafka HOST:PORT) [filters] [--limit N] [--dry-run]

What services could not process lies in their dead-letter topics for 30 days, with the reason.

  list      counts by topic, reason and model, with the newest time, its place and its message
  show      one letter: why, where it came from, its headers, and its event where the bytes are one
  redrive   sends the original bytes and headers to their topic again, to the partition of their key (murmur2, as Kafka's Java
            client), oldest first; one that was refused for its partition gets the model as its key. The letters stay where they are: --since keeps a second redrive from sending them twice

Filters:
  --service NAME    letters of this service (default: of every service that the log knows)
  --reason CODE     with this reason, like UNKNOWN_MODEL
  --topic NAME      that came from this topic, with its prefix
  --model ID        with this key
  --since TIME      dead-lettered at or after this time, like 2026-11-25T14:30 (UTC unless it says otherwise)

  --limit N         redrive at most N (default: all)
  --dry-run         say what would be sent, and send nothing
  --json            list as one JSON object a line

  --file PATH       the log's file; no other process may have it open
  --kafka HOST:PORT or the topics on this Kafka; the services may go on meanwhile
  --prefix TEXT     in front of every topic (default weir.)

The environment variables that connect a service to Kafka (KAFKA_SSL, KAFKA_SASL_MECHANISM …) are read too.
`;

const FLAGS = {
  file: { type: 'string' },
  kafka: { type: 'string' },
  prefix: { type: 'string' },
  service: { type: 'string' },
  reason: { type: 'string' },
  topic: { type: 'string' },
  model: { type: 'string' },
  since: { type: 'string' },
  limit: { type: 'string' },
  'dry-run': { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

type DlqFlags = ReturnType<typeof parseFlags<typeof FLAGS>>['flags'];

export const dlq: Command = { help: HELP, options: FLAGS, run };

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { flags, words } = parseFlags('weir dlq', args, FLAGS);
  const [action, place, ...rest] = words;
  if (action !== 'list' && action !== 'show' && action !== 'redrive')
    throw new UsageError(
      `${action === undefined ? 'nothing is asked for' : `${JSON.stringify(action)} is not an action`}; it can be list, show or redrive`,
    );
  const extra = action === 'show' ? rest[0] : place;
  if (extra !== undefined) throw new UsageError(`${JSON.stringify(extra)} belongs to no option; see weir dlq --help`);
  const options: LogPlaceOptions = { fileFlag: '--file', command: 'weir dlq' };
  const { file, kafka, prefix } = flags;
  const config = configOf({ file, kafka, prefix }, options, process.env);
  mustExist(config);
  const services = servicesOf(flags.service);
  const holds = filterOf(flags);
  const topicPrefix = config.WEIR_TOPIC_PREFIX;
  return await withLog(config, options, io, async ({ log }) => {
    const letters = chosen(readLetters(log, topicPrefix, services), holds);
    if (action === 'list') return await list(letters, flags, io);
    if (action === 'show') return await show(letters, place, topicPrefix, io);
    const limit = count('--limit', flags.limit) ?? Number.POSITIVE_INFINITY;
    const isDryRun = flags['dry-run'] ?? false;
    const { sent, oversized, newestMs } = await redriveLetters(log, letters, { limit, isDryRun });
    io.out(redriven(sent, isDryRun));
    if (oversized > 0)
      io.err(
        `weir: ${oversized} were too large to be kept whole and cannot be sent again; send them from their source\n`,
      );
    if (newestMs > 0 && !isDryRun)
      io.out(`the letters stay; --since ${new Date(newestMs + 1).toISOString()} leaves these out the next time\n`);
    return 0;
  });
}

function filterOf({ reason, topic, model, since }: DlqFlags): (letter: DeadLetter) => boolean {
  const sinceMs = time('--since', since) ?? Number.NEGATIVE_INFINITY;
  return (letter) =>
    (reason === undefined || letter.reason === reason) &&
    (topic === undefined || letter.source.topic === topic) &&
    (model === undefined || modelOf(letter.key) === model) &&
    letter.timestampMs >= sinceMs;
}

async function* chosen(letters: AsyncIterable<DeadLetter>, holds: (letter: DeadLetter) => boolean) {
  for await (const letter of letters) if (holds(letter)) yield letter;
}

async function list(letters: AsyncIterable<DeadLetter>, { json }: DlqFlags, io: CommandIo): Promise<number> {
  const groups = new LetterGroups();
  for await (const letter of letters) groups.add(letter);
  if (json === true) io.out(listJson(groups.sorted()));
  else if (groups.letters === 0) io.out('no dead letters\n');
  else io.out(`${listText(groups.sorted())}\nweir dlq show PARTITION:OFFSET shows one of them.\n`);
  return 0;
}

async function show(
  letters: AsyncIterable<DeadLetter>,
  place: string | undefined,
  prefix: string,
  io: CommandIo,
): Promise<number> {
  const [, partition, offset] = /^(\d+):(\d+)$/.exec(place ?? '') ?? [];
  if (partition === undefined || offset === undefined)
    throw new UsageError(
      `${JSON.stringify(place ?? '')} is no place; give PARTITION:OFFSET, as weir dlq list prints it`,
    );
  const found: DeadLetter[] = [];
  for await (const letter of letters)
    if (letter.partition === Number(partition) && letter.offset === BigInt(offset)) found.push(letter);
  const [letter, other] = found;
  if (letter === undefined)
    throw new UsageError(`there is no dead letter at ${place}; weir dlq list prints their places`);
  if (other !== undefined)
    throw new UsageError(
      `${found.map(({ service }) => service).join(' and ')} have a dead letter at ${place}; say which with --service`,
    );
  io.out(showText(letter, prefix));
  return 0;
}

function redriven(sent: Readonly<Record<string, number>>, isDryRun: boolean): string {
  const topics = Object.entries(sent);
  if (topics.length === 0) return 'no dead letters to send\n';
  return topics.map(([topic, letters]) => `${isDryRun ? 'would send' : 'sent'} ${letters} to ${topic}\n`).join('');
}
