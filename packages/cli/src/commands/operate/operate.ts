/** `weir freeze`, `unfreeze`, `kill` and `rollback`: commands to promotion, about one model, several or all. */
import { DEFAULT_URL } from '../../control/open-target.ts';
import { baseOf } from '../../control/rest.ts';
import { needed, noWords, parseFlags } from '../../flags.ts';
import { type Command, type CommandIo, UsageError } from '../../output.ts';
import { type Action, type Issued, issueAll } from './issue-commands.ts';
import { modelsAt, type Place } from './models-at.ts';

const DOES: Readonly<Record<Action, string>> = {
  freeze: 'Nothing is promoted until it is lifted; guardrails go on, and a test goes on collecting.',
  unfreeze: 'One principal lifts a freeze; two distinct principals lift a kill, each with this command.',
  kill: 'The challenger loses its traffic, or the live version gives way to the one before. No test opens until two principals lift it.',
  rollback:
    'The challenger loses its traffic, or the live version gives way to the one before. The next test may open after the cooldown.',
};

function helpOf(action: Action): string {
  return `weir ${action} (--model M… | --all) --reason TEXT [--url URL] [--token TOKEN]

${DOES[action]} Each is a command on the log, and an entry of the governance log
with who asked and why; it needs the roles command and operate.

  --model M           id of a model; may be repeated
  --all               every model that promotion knows, whichever instance has it; not those that are registered later
  --reason TEXT       why, in your own words: it stands in the entry
  --url URL           the promotion service (default ${DEFAULT_URL}, where npm start answers; 8084 is its own port)
  --token TOKEN       bearer token, where the service wants one (default: WEIR_HTTP_TOKEN of the environment)

Prints a line for each model. Exit code 1 when a command was refused, or is not known to have been carried out within ten seconds: it is
on the log then, and the line says where. With log and broker down no command can be written: PUT /v1/kill-switch/* of each promotion instance
stops the leases.
`;
}

const FLAGS = {
  model: { type: 'string', multiple: true },
  all: { type: 'boolean' },
  reason: { type: 'string' },
  url: { type: 'string' },
  token: { type: 'string' },
} as const;

export const freeze: Command = commandOf('freeze');
export const unfreeze: Command = commandOf('unfreeze');
export const kill: Command = commandOf('kill');
export const rollback: Command = commandOf('rollback');

function commandOf(action: Action): Command {
  return { help: helpOf(action), options: FLAGS, run: (args, io) => run(action, args, io) };
}

async function run(action: Action, args: readonly string[], io: CommandIo): Promise<number> {
  const { flags, words } = parseFlags(`weir ${action}`, args, FLAGS);
  noWords(`weir ${action}`, words);
  const named = flags.model ?? [];
  const isAll = flags.all ?? false;
  if (isAll === named.length > 0) throw new UsageError(`one of --model and --all is needed; see weir ${action} --help`);
  const reason = needed('--reason', flags.reason, 'why, in your own words');
  const token = flags.token ?? (process.env['WEIR_HTTP_TOKEN'] || undefined);
  const base = baseOf(flags.url ?? DEFAULT_URL);
  const { places, unknown } = isAll ? await modelsAt(base, token) : asked(base, named);
  if (places.length === 0 && unknown.length === 0) throw new UsageError(`${base} knows no model; is it promotion?`);
  const width = Math.max(...places.map(({ model }) => model.length));
  let failed = unknown.length;
  await issueAll(places, { action, reason, token }, (model, issued) => {
    if (!issued.isDone) failed += 1;
    io.out(`${model.padEnd(width)}  ${told(action, issued)}\n`);
  });
  for (const each of unknown) io.err(`weir: not reached: the models of ${each}; ask again in a moment\n`);
  io.out(`${action}: ${places.length - (failed - unknown.length)} of ${places.length} models\n`);
  return failed === 0 ? 0 : 1;
}

function asked(base: string, models: readonly string[]): { readonly places: readonly Place[]; readonly unknown: [] } {
  return { places: [...new Set(models)].map((model) => ({ model, base })), unknown: [] };
}

function told(action: Action, { isDone, text }: Issued): string {
  return isDone ? `${action}: ${text}` : text;
}
