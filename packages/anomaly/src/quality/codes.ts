/** What an event can break, one bit each; the value is the bit. */
export const CODES = {
  MISSING: 1,
  TYPE: 2,
  INF: 4,
  BELOW_MIN: 8,
  ABOVE_MAX: 16,
  NOT_INTEGER: 32,
  UNSEEN_CATEGORY: 64,
  BAD_LENGTH: 128,
  BAD_PATTERN: 256,
  SCHEMA_MISSING_FIELD: 512,
  SCHEMA_NEW_FIELD: 1_024,
  PROB_NOT_NORMALISED: 2_048,
  ARGMAX_MISMATCH: 4_096,
  MODEL_VERSION_UNKNOWN: 8_192,
  LATE: 16_384,
  FUTURE_TS: 32_768,
  DUPLICATE_ID: 65_536,
} as const;

export type ViolationCode = keyof typeof CODES;

export const CODE_NAMES: readonly ViolationCode[] = Object.keys(CODES) as ViolationCode[];
