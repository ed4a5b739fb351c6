import { lintPolicy } from '@weir/bandit/parse-policy';
import Schema from 'typebox/schema';
import { expect, test } from 'vitest';
import { POLICY_SCHEMA } from '../src/policy-schema.ts';
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

type Node = Readonly<Record<string, unknown>>;

/** Every schema that stands for a value of the document, by path; `[]` is an entry of a list. */
function nodes(schema: Node, at: string): readonly (readonly [path: string, node: Node])[] {
  const { properties = {}, items } = schema as { readonly properties?: Readonly<Record<string, Node>>; items?: Node };
  return [
    [at, schema],
    ...Object.entries(properties).flatMap(([name, inner]) => nodes(inner, at === '' ? name : `${at}.${name}`)),
    ...(items === undefined ? [] : nodes(items, `${at}[]`)),
  ];
}

const NODES = nodes(POLICY_SCHEMA, '');

test('every field says what it is, and what holds without it', () => {
  expect(NODES.length).toBeGreaterThan(50);
  for (const [path, { description }] of NODES)
    expect({ path, description }).toEqual({ path, description: expect.stringMatching(/^.{4,}\.$/) });
  for (const [path, { required = [], properties = {} }] of NODES)
    for (const [name, inner] of Object.entries(properties as Readonly<Record<string, Node>>)) {
      if (inner['type'] === 'object' || (required as readonly string[]).includes(name)) continue;
      expect({ path: `${path}.${name}`, said: inner['description'] }).toEqual({
        path: `${path}.${name}`,
        said: expect.stringMatching(/Default/),
      });
    }
});

test('values that are fixed are an enum', () => {
  const fixed = NODES.filter(([, { enum: values }]) => values !== undefined).map(([path]) => path);
  for (const path of ['reward.metric', 'reward.missing', 'allocation.policy', 'guardrails[].kind', 'actuators[].kind'])
    expect(fixed).toContain(path);
});

test('the defaults of the schema are those of the lint', () => {
  const minimal = {
    kind: 'PromotionPolicy',
    model: 'm',
    reward: { metric: 'reward', window: '1h', missing: 'zero', unit: 'u' },
  };
  const { policy } = lintPolicy(minimal);
  let compared = 0;
  for (const path of paths(POLICY_SCHEMA)) {
    const node = NODES.find(([at]) => at === path.join('.'))?.[1];
    if (node?.['default'] === undefined) continue;
    const written = structuredClone(minimal) as Record<string, unknown>;
    // A grid or a ladder has defaults of its own once it is written: its list comes with it.
    const whole = path.slice(0, -1).join('.');
    let place = written;
    for (const name of path.slice(0, -1)) place = (place[name] ??= {}) as Record<string, unknown>;
    if (whole === 'effect.grid') place['sizes'] = policy.effect.grid.sizes;
    if (whole === 'allocation.ladder') place['steps'] = policy.allocation.ladder.steps;
    place[path.at(-1) as string] = node['default'];
    expect({ path, policy: lintPolicy(written).policy }).toEqual({ path, policy });
    compared += 1;
  }
  expect(compared).toBeGreaterThan(18);
});

test('the ranges of the schema are those of the lint', () => {
  let compared = 0;
  for (const path of paths(POLICY_SCHEMA)) {
    const node = NODES.find(([at]) => at === path.join('.'))?.[1];
    const { minimum, maximum } = ((node?.['anyOf'] as readonly Node[] | undefined)?.[0] ?? node ?? {}) as {
      readonly minimum?: number;
      readonly maximum?: number;
    };
    if (minimum === undefined || maximum === undefined) continue;
    const isRefused = (value: number): boolean =>
      lintPolicy(having(path, value)).problems.some(
        ({ field, rule }) => field === path.join('.') && rule.includes(`from ${minimum} to ${maximum}`),
      );
    expect({ path, at: [minimum, maximum].map(isRefused) }).toEqual({ path, at: [false, false] });
    expect({ path, at: [minimum - 1e-7, maximum + 1].map(isRefused) }).toEqual({ path, at: [true, true] });
    compared += 1;
  }
  expect(compared).toBeGreaterThan(10);
});
