/**
 * The three fates of an error, decided here and nowhere else:
 * - `retry`: nothing was decided; back off and try the same offset again.
 * - `dead-letter`: this record can never be processed; it goes to the dead-letter topic in the transaction of its batch.
 * - `rejoin`: another owner has taken over; drop the state and wait to be assigned again.
 * - `stop`: a bug, corruption or configuration: commit nothing, say why, let a person look.
 */
import { LogError } from '@weir/event-log/errors';
import { DataError, EventError } from '@weir/events/errors';
import type { Rejection } from './processor.ts';

export type Fate =
  | { readonly fate: 'retry' | 'rejoin' | 'stop'; readonly error: Error }
  | { readonly fate: 'dead-letter'; readonly rejection: Rejection };

/** A record that breaks a rule of its contract; thrown by `decode`. */
export class BadRecord extends DataError {
  override readonly name = 'BadRecord';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export function fateOf(error: unknown): Fate {
  if (error instanceof BadRecord)
    return { fate: 'dead-letter', rejection: { code: error.code, message: error.message } };
  if (error instanceof EventError) {
    return error.retriable
      ? { fate: 'retry', error }
      : { fate: 'dead-letter', rejection: { code: error.code, message: error.message } };
  }
  if (error instanceof LogError) {
    if (error.code === 'RETRIABLE') return { fate: 'retry', error };
    if (error.code === 'FENCED') return { fate: 'rejoin', error };
    return { fate: 'stop', error };
  }
  return { fate: 'stop', error: error instanceof Error ? error : new Error(String(error)) };
}
