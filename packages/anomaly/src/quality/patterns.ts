/** Classes of text, the narrowest first. A class is anchored and free of nested repetition, so that no text takes long. */
export const PATTERNS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['boolean', /^(?:true|false)$/i],
  ['integer', /^[+-]?\d+$/],
  ['number', /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i],
  ['uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i],
  ['date', /^\d{4}-\d{2}-\d{2}$/],
  ['date-time', /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?$/],
  ['hex', /^[0-9a-f]+$/i],
  ['upper-case code', /^[A-Z][A-Z0-9_-]*$/],
  ['lower-case code', /^[a-z][a-z0-9_-]*$/],
  ['word', /^[\w-]+$/],
];

/** The named class, undefined for a name that is none. */
export function patternNamed(name: string): RegExp | undefined {
  return PATTERNS.find(([each]) => each === name)?.[1];
}
