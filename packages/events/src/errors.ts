export type EventErrorCode = 'UNDECODABLE' | 'UNKNOWN_SCHEMA' | 'OUT_OF_BOUNDS' | 'UNENCODABLE';

/**
 * An error of the data, of which there may be one a record. It has no stack: taking one costs ten times what folding the record would, and
 * says nothing about the record.
 */
export class DataError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, options);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** What is wrong with the bytes or the event; the message names the value, the rule and the cure. */
export class EventError extends DataError {
  override readonly name = 'EventError';
  readonly code: EventErrorCode;
  /** True when the same bytes may be readable later: a registry did not answer. */
  readonly retriable: boolean;

  constructor(code: EventErrorCode, message: string, options?: ErrorOptions & { readonly retriable?: boolean }) {
    super(message, options);
    this.code = code;
    this.retriable = options?.retriable ?? false;
  }
}
