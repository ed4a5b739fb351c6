/** `refused` codes name what the package will not do with a valid input; `BAD_` codes name an input that breaks a rule. */
export type ExplainErrorCode = 'BAD_MODEL' | 'MODEL_REFUSED' | 'BAD_ROW' | 'BAD_ARGUMENT' | 'BAD_STATE';

export class ExplainError extends Error {
  override readonly name = 'ExplainError';
  readonly code: ExplainErrorCode;

  constructor(code: ExplainErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** @throws {ExplainError} BAD_ARGUMENT naming field, value and range. */
export function requireBetween(field: string, value: number, low: number, high: number): void {
  if (!(value >= low && value <= high)) {
    throw new ExplainError('BAD_ARGUMENT', `${field} is ${value}, but must lie in [${low}, ${high}]`);
  }
}

/** @throws {ExplainError} BAD_ARGUMENT naming field, value and range. */
export function requireWhole(field: string, value: number, low: number, high: number = Number.MAX_SAFE_INTEGER): void {
  if (!Number.isInteger(value)) {
    throw new ExplainError('BAD_ARGUMENT', `${field} is ${value}, but must be a whole number`);
  }
  requireBetween(field, value, low, high);
}
