/** A split document as the promotion service answers it, checked before anything is served by it. */
import type { BucketRange } from '@weir/bandit/assignment';
import { WHOLE } from '@weir/bandit/weights';

export interface Split {
  readonly model: string;
  readonly owner: number;
  readonly epoch: number;
  readonly champion: string;
  /** Shares in 1/10^6. */
  readonly arms: Readonly<Record<string, number>>;
  readonly ranges: readonly BucketRange[];
  readonly salt: string;
  readonly leaseMs: number;
  /** Wall clock of the service, ms. */
  readonly validUntilMs: number;
  readonly decisionId: string;
}

/** The message names the field, the value and the rule; the split before stays in force until its lease is over. */
export class SplitError extends Error {
  override readonly name = 'SplitError';
}

/** @throws {SplitError} */
export function parseSplit(document: unknown, model: string): Split {
  const fields = objectOf(document, 'the split');
  const found = textOf(fields, 'model');
  if (found !== model) refuse('model', found, `must be ${JSON.stringify(model)}`);
  const arms = Object.fromEntries(
    Object.entries(objectOf(fields['arms'], 'arms')).map(([arm, weight]) => [arm, whole(weight, `arms.${arm}`, WHOLE)]),
  );
  const sum = Object.values(arms).reduce((total, weight) => total + weight, 0);
  if (sum !== WHOLE) refuse('arms', sum, `must sum to ${WHOLE}`);
  return {
    model,
    owner: whole(fields['owner'], 'owner'),
    epoch: whole(fields['epoch'], 'epoch'),
    champion: textOf(fields, 'champion'),
    arms,
    ranges: rangesOf(fields['ranges'], arms),
    salt: textOf(fields, 'salt'),
    leaseMs: whole(fields['leaseMs'], 'leaseMs', 86_400_000),
    validUntilMs: whole(fields['validUntilMs'], 'validUntilMs'),
    decisionId: textOf(fields, 'decisionId'),
  };
}

/** All buckets, each once, ascending, and as many of each arm as its weight says: the propensity that is logged is the weight. */
function rangesOf(value: unknown, arms: Readonly<Record<string, number>>): BucketRange[] {
  if (!Array.isArray(value)) return refuse('ranges', value, 'must be a list');
  const left = new Map(Object.entries(arms));
  let end = 0;
  const ranges = value.map((each, index): BucketRange => {
    const range = objectOf(each, `ranges[${index}]`);
    const arm = textOf(range, 'version');
    const from = whole(range['from'], `ranges[${index}].from`, WHOLE);
    const to = whole(range['to'], `ranges[${index}].to`, WHOLE);
    if (from !== end || to <= from)
      refuse(`ranges[${index}]`, `${from}–${to}`, `must begin at ${end} and not be empty`);
    end = to;
    left.set(arm, (left.get(arm) ?? 0) - (to - from));
    return { arm, start: from, end: to };
  });
  if (end !== WHOLE) refuse('ranges', end, `must end at ${WHOLE}`);
  for (const [arm, rest] of left) if (rest !== 0) refuse(`arms.${arm}`, arms[arm], 'must be what its ranges add up to');
  return ranges;
}

function objectOf(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse(field, value, 'must be an object');
  return value as Readonly<Record<string, unknown>>;
}

function textOf(fields: Readonly<Record<string, unknown>>, field: string): string {
  const value = fields[field];
  return typeof value === 'string' && value !== '' ? value : refuse(field, value, 'must be text, not empty');
}

function whole(value: unknown, field: string, most: number = Number.MAX_SAFE_INTEGER): number {
  const isWhole = Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most;
  return isWhole ? (value as number) : refuse(field, value, `must be a whole number from 0 to ${most}`);
}

function refuse(field: string, value: unknown, rule: string): never {
  throw new SplitError(`${field} is ${JSON.stringify(value) ?? 'missing'}; it ${rule}`);
}
