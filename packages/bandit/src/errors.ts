export type BanditErrorCode =
  | 'BAD_GRID'
  | 'BAD_OBSERVATION'
  | 'BAD_STATE'
  | 'BAD_WEIGHTS'
  | 'BAD_SETTING'
  | 'BAD_POLICY';

/** The message names the field, the value, the rule and the cure. */
export class BanditError extends Error {
  override readonly name = 'BanditError';
  readonly code: BanditErrorCode;

  constructor(code: BanditErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** @throws {BanditError} unless `low < value < high` */
export function requireInside(
  code: BanditErrorCode,
  field: string,
  value: number,
  low: number,
  high: number,
  cure: string,
): void {
  if (!(value > low && value < high))
    throw new BanditError(code, `${field} is ${value}; it must be above ${low} and below ${high}; ${cure}`);
}
