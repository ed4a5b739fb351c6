export type AnomalyErrorCode = 'BAD_SETTING' | 'BAD_ROW' | 'BAD_STATE' | 'OLD_STATE' | 'BAD_RULES' | 'EMPTY_PROFILE';

/** What this package refuses. The message names the field, the value, the rule and the cure. */
export class AnomalyError extends Error {
  override readonly name = 'AnomalyError';
  readonly code: AnomalyErrorCode;

  constructor(code: AnomalyErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** @throws {AnomalyError} BAD_SETTING unless `value` is a whole number in [low, high]. */
export function checkWhole(name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high)
    throw new AnomalyError('BAD_SETTING', `${name} is ${value}; it must be a whole number from ${low} to ${high}`);
}

/** @throws {AnomalyError} BAD_SETTING unless `value` is a number with low < value < high. */
export function checkBetween(name: string, value: number, low: number, high: number): void {
  if (!(value > low && value < high))
    throw new AnomalyError('BAD_SETTING', `${name} is ${value}; it must be above ${low} and below ${high}`);
}
