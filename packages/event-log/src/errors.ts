/**
 * What a caller must do about a failed log operation:
 * - `FENCED`: somebody else owns this partition or transactional id now. Drop all state of it and rejoin.
 * - `RETRIABLE`: nothing was decided; the same call may succeed later.
 * - `POISON`: this record can never be written (too large, topic unknown). Retrying cannot help, other records can.
 * - `GONE`: the records asked for are no longer kept: they were dropped by retention.
 * - `CLOSED`: the log, producer, stream or group was closed by its own side.
 * - `FATAL`: configuration, authorisation, corruption, disk full: stop and tell a person.
 */
export type LogErrorCode = 'FENCED' | 'RETRIABLE' | 'POISON' | 'GONE' | 'CLOSED' | 'FATAL';

/** The only error the ports throw. The message names what was attempted, on what, and the cure. */
export class LogError extends Error {
  override readonly name = 'LogError';
  readonly code: LogErrorCode;

  constructor(code: LogErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get retriable(): boolean {
    return this.code === 'RETRIABLE';
  }
}
