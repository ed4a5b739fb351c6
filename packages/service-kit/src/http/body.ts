/** JSON bodies, checked as they are: nothing is coerced and nothing is dropped. */
import type { Static, TSchema } from 'typebox';
import Value from 'typebox/value';
import { type Breach, Problem } from './problem.ts';

const MAX_DEPTH = 32;
const MAX_BREACHES = 20;

/** @throws {Problem} UNPROCESSABLE listing the broken rules */
export function checkedBody<Schema extends TSchema>(schema: Schema, body: unknown): Static<Schema> {
  if (depthExceeds(body, MAX_DEPTH))
    throw new Problem('UNPROCESSABLE', `the body is nested deeper than ${MAX_DEPTH} levels; flatten it`);
  if (Value.Check(schema, body)) return body as Static<Schema>;
  const breaches = Value.Errors(schema, body)
    .filter(({ keyword }) => keyword !== 'additionalProperties')
    .map(({ keyword, instancePath, message }) => ({
      pointer: instancePath,
      // A schema that nothing passes is that of a field which is not there.
      message: keyword === 'boolean' ? 'is not a field; remove it' : message,
    }));
  throw invalid(breaches);
}

/** @param breaches at least one */
export function invalid(breaches: readonly Breach[]): Problem {
  const [first] = breaches;
  const more = breaches.length > 1 ? ` (and ${breaches.length - 1} more)` : '';
  const place = first?.pointer === '' ? 'the body' : first?.pointer;
  return new Problem('UNPROCESSABLE', `${place} ${first?.message}${more}; /docs describes the body`, {
    breaches: breaches.slice(0, MAX_BREACHES),
  });
}

/** Level by level, so that a hostile depth does not reach the stack. */
function depthExceeds(body: unknown, limit: number): boolean {
  let level: object[] = isObject(body) ? [body] : [];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limit) return true;
    const next: object[] = [];
    for (const each of level)
      for (const value of Array.isArray(each) ? each : Object.values(each)) if (isObject(value)) next.push(value);
    level = next;
  }
  return false;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
