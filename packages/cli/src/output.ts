import type { ParseArgsOptionsConfig } from 'node:util';

/** Where a command speaks: results on stdout, everything else on stderr. Exit codes: 0 ok, 2 usage or bad input, 4 an internal error. */
export interface CommandIo {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** True when a person watches stderr: progress may be drawn over. */
  readonly interactive: boolean;
  /** Columns of the terminal that shows stdout; undefined when it goes to a file or a pipe. */
  readonly columns?: number | undefined;
}

/** What the user can mend: printed as one line, exit 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface Command {
  readonly help: string;
  /** As the command parses them: the help names these and no others. */
  readonly options: ParseArgsOptionsConfig;
  readonly run: (args: readonly string[], io: CommandIo) => Promise<number>;
}
