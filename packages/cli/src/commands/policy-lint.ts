/** `weir policy lint`: everything that is wrong with a promotion policy, before it is sent. */

import { noWords, parseFlags } from '../flags.ts';
import { type Command, type CommandIo, UsageError } from '../output.ts';
import { readPolicyFile } from './policy-file.ts';

const HELP = `weir policy lint FILE [--model M] [--json]

Checks a promotion policy (JSON) by the rules of the promotion service and lists every fault: field, value, rule, cure.

  --model M   the model that it is to be set for (default: the one it names)
  --json      {"problems": […]} on stdout

Exit code 0 when there is no fault, 1 when there are some, 2 when the file cannot be read.
`;

const FLAGS = { model: { type: 'string' }, json: { type: 'boolean' } } as const;

export const policyLint: Command = { help: HELP, options: FLAGS, run };

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { flags, words } = parseFlags('weir policy lint', args, FLAGS);
  const [file, ...rest] = words;
  if (file === undefined)
    throw new UsageError('FILE is not given; it must be a promotion policy; see weir policy lint --help');
  noWords('weir policy lint', rest);
  const { problems } = readPolicyFile(file, flags.model);
  if (flags.json === true) io.out(`${JSON.stringify({ problems })}\n`);
  else if (problems.length === 0) io.out(`${file}: no fault\n`);
  else
    for (const { field, value, rule, cure } of problems) io.out(`${file}: ${field} is ${value}; it ${rule}; ${cure}\n`);
  return problems.length === 0 ? 0 : 1;
}
