/** Relative error of a 32-bit float, twice. */
const ROUNDING = 2.4e-7;

/** Whether a quotient is a whole number but for the rounding of a 32-bit float. */
export function isNearWhole(value: number): boolean {
  return Math.abs(value - Math.round(value)) <= ROUNDING * Math.max(1, Math.abs(value));
}
