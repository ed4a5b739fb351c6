/** `weir`: finds the command and runs it. */
import { COMMANDS } from './commands.ts';
import { type CommandIo, UsageError } from './output.ts';

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
