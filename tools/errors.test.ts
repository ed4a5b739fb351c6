/** docs/errors.md lists every code of the source, and no other. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const CODE =
  /(?:code: |new (?:BadRecord|DriftError|EventError|LogError|Problem)\(\s*|error instanceof DriftError \? error\.code : |\| |Code = )'(?!WEIR_|KAFKA_|REDIS_|POST'|PUT')([A-Z][A-Z_]+)'/g;

test('docs/errors.md lists every error code, and no other', () => {
  const files = globSync('{packages,services}/*/src/**/*.ts', { cwd: root });
  const source = files.flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(CODE)].map(([, code]) => code),
  );
  const doc = readFileSync(join(root, 'docs/errors.md'), 'utf8');
  const listed = [...doc.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(([, code]) => code);
  expect(new Set(listed)).toEqual(new Set(source));
});
