/** Flags of a command line. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { UsageError } from './output.ts';

export type Flags<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: Options; allowPositionals: true }>
>['values'];

/** @throws {UsageError} naming the flag and where to read about it */
export function parseFlags<Options extends ParseArgsOptionsConfig>(
  command: string,
  args: readonly string[],
  options: Options,
): { readonly flags: Flags<Options>; readonly words: readonly string[] } {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { flags: values as Flags<Options>, words: positionals };
  } catch (error) {
    throw new UsageError(`${parseFault(error)}; see ${command} --help`);
  }
}

/** What Node says of an argument, without its advice on words that begin with a dash, which no command takes. */
export function parseFault(error: unknown): string {
  const said = error instanceof Error ? error.message.replaceAll(/\s+/g, ' ') : String(error);
  return said.replace(/\. To specify a positional argument starting with .*$/, '');
}

/** For commands that take flags only. @throws {UsageError} */
export function noWords(command: string, words: readonly string[]): void {
  if (words.length > 0) throw new UsageError(`${JSON.stringify(words[0])} belongs to no option; see ${command} --help`);
}

/** @throws {UsageError} */
export function needed(flag: string, value: string | undefined, what: string): string {
  if (value === undefined || value === '') throw new UsageError(`${flag} is not given; it must be ${what}`);
  return value;
}

/** A number above 0 and below a billion; undefined when it is not given. @throws {UsageError} */
export function positive(flag: string, text: string | undefined, rule: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0 && value < 1e9)) throw new UsageError(`${flag} is ${JSON.stringify(text)}; it must be ${rule}`);
  return value;
}

/** A whole number from 1; undefined when it is not given. @throws {UsageError} */
export function count(flag: string, text: string | undefined): number | undefined {
  const value = positive(flag, text, 'a whole number from 1');
  if (value !== undefined && !Number.isInteger(value))
    throw new UsageError(`${flag} is ${JSON.stringify(text)}; it must be a whole number from 1`);
  return value;
}

/** A time, ms since 1970; undefined when it is not given. A date alone is its midnight, UTC. @throws {UsageError} */
export function time(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  // Without a zone a time would be that of the machine, and the same command mean another time elsewhere.
  const value = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/.test(text)
    ? Date.parse(/T.*(Z|[+-]\d\d:\d\d)$/.test(text) || !text.includes('T') ? text : `${text}Z`)
    : Number.NaN;
  if (Number.isNaN(value))
    throw new UsageError(`${flag} is ${JSON.stringify(text)}; it must be a time, like 2026-11-25 or 2026-11-25T14:30`);
  return value;
}
