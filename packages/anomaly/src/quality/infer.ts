import type { CategoricalProfile, NumericProfile, Profile } from './profile.ts';
import {
  type BoundReason,
  type CategoricalRule,
  type NumericRule,
  type Presence,
  RULES_VERSION,
  type Rules,
} from './rules.ts';
import { wilsonLower } from './wilson.ts';

/** A field that was always there in at least so many events is required: one absence is then below 1 % by Wilson's bound. */
const REQUIRED_FROM = 500;
/** A categorical field of at most this many values, seen this often on average, is an enumeration. */
const MAX_ENUM = 64;
const MIN_ENUM_SHARE = 0.999;
const MIN_REPEATS = 10;
/** Growth of the tail over twenty-fold rarer values: 1 = exponential, 20 = Pareto with index 1, as heavy as is believed. */
const MAX_GROWTH = 20;
/** An integer rule needs this many present values. */
const MIN_TYPED = 100;

/**
 * Rules that the reference keeps. A numeric bound is extrapolated from the quantile at 1/2,000 to a share of 1/800,000 by the growth of
 * the tail (Pickands 1975 on quantiles twenty-fold apart), so that 20 clean fields break a rule in under one event in a thousand; it is
 * never inside the reference's own range. O(columns).
 */
export function inferRules(profile: Profile): Rules {
  return {
    version: RULES_VERSION,
    referenceRows: profile.rows,
    numeric: profile.numeric.map((each) => numericRule(each, each.rows ?? profile.rows)),
    categorical: profile.categorical.map((each) => categoricalRule(each, each.rows ?? profile.rows)),
    outputs: profile.outputs.map((each) => numericRule(each, each.rows ?? profile.rows)),
    probabilities: [],
    versions: profile.versions.length > 0 ? profile.versions : null,
    maxLatenessMs: null,
    maxAheadMs: null,
  };
}

function presenceOf(present: number, rows: number): Presence {
  return {
    observed: present / rows,
    atLeast: wilsonLower(rows, present),
    required: present === rows && rows >= REQUIRED_FROM,
  };
}

function numericRule(profile: NumericProfile, rows: number): NumericRule {
  const finite = profile.present - profile.infinite;
  const integer = finite >= MIN_TYPED && profile.integers === finite;
  const { name, min, max } = profile;
  const common = { name, presence: presenceOf(profile.present, rows), integer, allowInfinite: profile.infinite > 0 };
  const bounded = (
    low: number | null,
    minReason: BoundReason,
    high: number | null,
    maxReason: BoundReason,
  ): NumericRule => ({
    ...common,
    min: low === null || !Number.isFinite(low) ? null : low,
    minReason,
    max: high === null || !Number.isFinite(high) ? null : high,
    maxReason,
  });
  if (finite < MIN_TYPED) return bounded(null, 'tail', null, 'tail');
  if (min === max) return bounded(min, 'constant', max, 'constant');
  const [q1 = 0, q2 = 0, q3 = 0, , q5 = 0, q6 = 0, q7 = 0] = profile.quantiles;
  if (!integer && min >= 0 && max <= 1) return bounded(0, 'unit-interval', 1, 'unit-interval');
  const low = Math.min(min, q1 - margin(q3 - q2, q2 - q1));
  const high = Math.max(max, q7 + margin(q6 - q5, q7 - q6));
  return bounded(
    min >= 0 && low <= 0 ? 0 : integer ? Math.floor(low) : low,
    min >= 0 && low <= 0 ? 'non-negative' : 'tail',
    max <= 0 && high >= 0 ? 0 : integer ? Math.ceil(high) : high,
    max <= 0 && high >= 0 ? 'non-positive' : 'tail',
  );
}

/** How far beyond q.9995 the tail goes for values 400 times rarer, from the last two spans of twenty-fold rarity. */
function margin(inner: number, outer: number): number {
  const growth = inner > 0 ? Math.min(MAX_GROWTH, Math.max(1, outer / inner)) : MAX_GROWTH;
  return outer * (growth + growth * growth);
}

function categoricalRule(profile: CategoricalProfile, rows: number): CategoricalRule {
  const { name, present, distinct, values } = profile;
  const kept = values.slice(0, MAX_ENUM);
  const share = kept.reduce((sum, { count }) => sum + count, 0) / Math.max(1, present);
  const isEnum =
    present >= MIN_TYPED && distinct <= MAX_ENUM && share >= MIN_ENUM_SHARE && present >= distinct * MIN_REPEATS;
  const presence = presenceOf(present, rows);
  if (isEnum || present < MIN_TYPED) {
    const allowed = isEnum ? kept.map(({ value }) => value) : null;
    return { name, presence, values: allowed, minLength: null, maxLength: null, pattern: null };
  }
  // Text that varies in length may come somewhat longer or shorter than any that was seen.
  const slack = profile.maxLength - profile.minLength;
  return {
    name,
    presence,
    values: null,
    minLength: Math.max(0, profile.minLength - slack),
    maxLength: profile.maxLength + slack,
    pattern: profile.pattern,
  };
}
