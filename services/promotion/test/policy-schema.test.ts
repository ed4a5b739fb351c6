import { lintPolicy } from '@weir/bandit/parse-policy';
import { POLICY_SCHEMA } from '@weir/bandit/policy-schema';
import Schema from 'typebox/schema';
import { expect, test } from 'vitest';
import { POLICY } from './scene.ts';

const accepts = (document: object): boolean => Schema.Check(POLICY_SCHEMA, document);

/** Every field that the schema names, by path of objects. */
function paths(schema: Readonly<Record<string, unknown>>, at: readonly string[] = []): readonly (readonly string[])[] {
  const { properties } = schema as { readonly properties?: Readonly<Record<string, Record<string, unknown>>> };
  return Object.entries(properties ?? {}).flatMap(([name, inner]) => [[...at, name], ...paths(inner, [...at, name])]);
}

function having(path: readonly string[], value: unknown): object {
  const whole = structuredClone(POLICY) as Record<string, unknown>;
  let place = whole;
  for (const name of path.slice(0, -1)) place = (place[name] ??= {}) as Record<string, unknown>;
  place[path.at(-1) as string] = value;
  return whole;
}

test('the schema accepts what the lint accepts', () => {
  for (const document of [
    POLICY,
    having(['effect', 'min'], '1%'),
    having(['allocation', 'ladder'], { steps: [0.1] }),
  ]) {
    expect(lintPolicy(document).problems).toEqual([]);
    expect(accepts(document)).toBe(true);
  }
});

test('lint knows every field of the schema, and both refuse a wrong type and an unknown field beside it', () => {
  for (const path of paths(POLICY_SCHEMA)) {
    const unknown = having([...path.slice(0, -1), 'surprise'], 1);
    const wrong = having(path, true);
    expect({ path, unknown: accepts(unknown), wrong: accepts(wrong) }).toEqual({ path, unknown: false, wrong: false });
    expect(lintPolicy(unknown).problems.length).toBeGreaterThan(0);
    const said = lintPolicy(wrong).problems.map(({ field, rule }) => `${field} ${rule}`);
    expect({ path, said }).not.toEqual({ path, said: [] });
    expect(said.some((text) => /unknown|not a field/.test(text))).toBe(false);
  }
});
