/** `weir`: finds the command and runs it. A command is loaded when it is named, so that none waits for what another needs. */
import { type Command, type CommandIo, UsageError } from './output.ts';

interface Entry {
  /** Words after `weir`. */
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

const COMMANDS: readonly Entry[] = [
  {
    name: 'dev',
    summary: 'try it: the services on three million real flights',
    load: async () => (await import('./commands/dev/dev.ts')).dev,
  },
  {
    name: 'register',
    summary: 'register a version of a model, its features and outputs',
    load: async () => (await import('./commands/register/register.ts')).register,
  },
  {
    name: 'reference',
    summary: 'set the references of a model from a file',
    load: async () => (await import('./commands/reference/reference.ts')).reference,
  },
  {
    name: 'replay',
    summary: 'reproduce every recorded output, byte for byte',
    load: async () => (await import('./commands/replay/replay.ts')).replay,
  },
  {
    name: 'dlq',
    summary: 'list, show and send again what was dead-lettered',
    load: async () => (await import('./commands/dlq/dlq.ts')).dlq,
  },
  {
    name: 'scan drift',
    summary: 'find drift between two files',
    load: async () => (await import('./commands/scan-drift.ts')).scanDrift,
  },
  {
    name: 'check',
    summary: 'find the rows of a file that break the rules of a reference',
    load: async () => (await import('./commands/check.ts')).check,
  },
  {
    name: 'rules',
    summary: 'infer, lint and show rules of data quality, or export them as JSON Schema',
    load: async () => (await import('./commands/rules/rules.ts')).rules,
  },
  {
    name: 'explain',
    summary: 'say why a model answers as it does, for the rows of a file',
    load: async () => (await import('./commands/explain/explain.ts')).explain,
  },
  {
    name: 'policy lint',
    summary: 'say all that is wrong with a promotion policy',
    load: async () => (await import('./commands/policy-lint.ts')).policyLint,
  },
  {
    name: 'policy schema',
    summary: 'the fields of a promotion policy as JSON Schema',
    load: async () => (await import('./commands/policy-schema.ts')).policySchema,
  },
  {
    name: 'simulate promotion',
    summary: 'samples, days and error rates of a policy before it is set',
    load: async () => (await import('./commands/simulate-promotion.ts')).simulatePromotionCommand,
  },
  {
    name: 'verify',
    summary: 'check a governance log, or one decision, offline',
    load: async () => (await import('./commands/verify/verify.ts')).verify,
  },
  {
    name: 'timeline',
    summary: 'which version was live when, and why, from a governance log',
    load: async () => (await import('./commands/timeline/timeline.ts')).timeline,
  },
];

const NAME_WIDTH = Math.max(...COMMANDS.map(({ name }) => name.length)) + 2;

function usage(): string {
  const rows = COMMANDS.map(({ name, summary }) => `  weir ${name.padEnd(NAME_WIDTH)} ${summary}`).join('\n');
  return `Weir governs machine-learning models from their event streams.\n\n${rows}\n\n\`weir COMMAND --help\` says more.\n`;
}

async function main(args: readonly string[], io: CommandIo): Promise<number> {
  const words = args[0] === 'help' ? [...args.slice(1), '--help'] : args;
  const entry = COMMANDS.find(({ name }) => name === words.slice(0, name.split(' ').length).join(' '));
  if (entry === undefined) {
    if (words.length === 0 || words.includes('--help') || words.includes('-h')) {
      io.out(usage());
      return 0;
    }
    throw new UsageError(
      `there is no command "${words.filter((word) => !word.startsWith('-')).join(' ')}"; the commands are: ${COMMANDS.map(({ name }) => name).join(', ')}`,
    );
  }
  const command = await entry.load();
  const rest = words.slice(entry.name.split(' ').length);
  if (rest.includes('--help') || rest.includes('-h')) {
    io.out(command.help);
    return 0;
  }
  return await command.run(rest, io);
}

// A reader that has seen enough (`weir … | head`) closes the pipe; that is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 4));
const io: CommandIo = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  columns: process.stdout.columns,
  interactive:
    process.stderr.isTTY === true && process.env['CI'] === undefined && process.env['NO_COLOR'] === undefined,
};
try {
  process.exitCode = await main(process.argv.slice(2), io);
} catch (error) {
  if (error instanceof UsageError) {
    io.err(`weir: ${error.message}\n`);
    process.exitCode = 2;
  } else {
    io.err(`weir: internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 4;
  }
}
