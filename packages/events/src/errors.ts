export type EventErrorCode = 'UNDECODABLE' | 'UNKNOWN_SCHEMA' | 'UNENCODABLE';

/** What is wrong with the bytes or the event; the message names the value, the rule and the cure. */
export class EventError extends Error {
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
