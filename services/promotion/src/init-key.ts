/**
 * The key of a deployment's entries, made unless it is there, and its public half for readers:
 * `node services/promotion/src/init-key.ts FILE [DEPLOYMENT] [--lines FILE]`.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ConfigError } from '@weir/service-kit/config/settings';
import { keyNameOf } from './config.ts';
import { readOrMakeSigners } from './signer.ts';

const HELP = `init-key FILE [DEPLOYMENT] [--lines FILE] makes a key file for decisions, readable by its owner only, unless it is there, and
prints a line "entry-key VKEY" for each key in it: what the governance log reads as WEIR_GOVERNANCE_ENTRY_KEYS_FILE, and a line of a
trust file. --lines writes them to a file instead. DEPLOYMENT is WEIR_PROMOTION_DEPLOYMENT, weir unless given.
`;

function main(args: readonly string[]): number {
  const options = { lines: { type: 'string' }, help: { type: 'boolean', default: false } } as const;
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const [file, deployment = 'weir', ...rest] = positionals;
  if (values.help || file === undefined || rest.length > 0) {
    (values.help ? process.stdout : process.stderr).write(HELP);
    return values.help ? 0 : 2;
  }
  const text = readOrMakeSigners(file, keyNameOf(deployment))
    .map(({ vkey }) => `entry-key ${vkey}\n`)
    .join('');
  if (values.lines === undefined) process.stdout.write(text);
  else {
    // A reader finds all of it or nothing.
    writeFileSync(`${values.lines}.new`, text);
    renameSync(`${values.lines}.new`, values.lines);
  }
  return 0;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  const { message } = error as Error;
  process.stderr.write(
    `init-key: ${error instanceof ConfigError ? message.replace('WEIR_PROMOTION_KEY_FILE', 'FILE') : message}\n`,
  );
  process.exitCode = 2;
}
