/** Columns of an event's dense arrays, in their order; names are unique over all three. */
export interface Columns {
  readonly numeric: readonly string[];
  readonly categorical: readonly string[];
  /** Model outputs; absent = none are checked. */
  readonly outputs?: readonly string[];
}

/** What rules look at: the arrays of a `PredictionLogged`, and what else of it is at hand. */
export interface QualityEvent {
  /** NaN = missing. */
  readonly numeric: ArrayLike<number>;
  /** null = missing. */
  readonly categorical: ArrayLike<string | null>;
  /** NaN = missing. */
  readonly outputs?: ArrayLike<number>;
  readonly version?: string;
  readonly eventTimeMs?: number;
  readonly id?: string;
}
