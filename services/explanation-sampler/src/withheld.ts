/** Views and records without what they say of protected columns. */
import type { ExplanationSampled } from '@weir/events/generated/events';

interface Shown {
  readonly features?: readonly string[];
  readonly attributions?: readonly number[];
  readonly intervals?: readonly unknown[];
  readonly versions?: readonly { readonly importance?: readonly { readonly feature: string }[] }[];
}

/** Where an attribution is withheld, what it could be computed back from is too: base, prediction and residual. */
export function withoutProtected(json: string, isProtected: ReadonlySet<string>): string {
  if (isProtected.size === 0) return json;
  const shown = JSON.parse(json) as Shown;
  const withheld = (shown.features ?? []).filter((feature) => isProtected.has(feature));
  const visible = <Each>(values: readonly Each[] | undefined): (Each | null)[] | undefined =>
    values?.map((value, index) => (isProtected.has(shown.features?.[index] ?? '') ? null : value));
  return JSON.stringify({
    ...shown,
    ...(shown.versions === undefined
      ? {}
      : {
          versions: shown.versions.map((version) => ({
            ...version,
            importance: version.importance?.filter(({ feature }) => !isProtected.has(feature)),
          })),
        }),
    ...(withheld.length === 0
      ? {}
      : {
          attributions: visible(shown.attributions),
          intervals: visible(shown.intervals),
          base: null,
          prediction: null,
          residual: null,
          modelOutput: null,
          withheld,
        }),
  });
}

/** NaN is what is withheld: the attributions of protected columns, and what they could be computed back from. @param isProtected by column */
export function withoutProtectedAttributions(
  event: ExplanationSampled,
  isProtected: readonly boolean[],
): ExplanationSampled {
  if (!isProtected.some(Boolean)) return event;
  const hidden = { low: Number.NaN, high: Number.NaN };
  return {
    ...event,
    attributions: event.attributions.map((each, column) => (isProtected[column] === true ? Number.NaN : each)),
    intervals: event.intervals.map((each, column) => (isProtected[column] === true ? hidden : each)),
    base: Number.NaN,
    prediction: Number.NaN,
    residual: Number.NaN,
    flags: [...event.flags, 'withheld'],
  };
}
