import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';

// The fence between ranks is a lint rule. A rule that never fires looks the same as a rule that is off, so each is shown a violation.
const planted: string[] = [];

afterEach(() => {
  for (const folder of planted.splice(0)) rmSync(folder, { recursive: true });
});

function lint(folder: string, source: string): string {
  const place = mkdtempSync(join(folder, 'planted-'));
  planted.push(place);
  writeFileSync(join(place, 'violation.ts'), source);
  const result = spawnSync('node_modules/.bin/oxlint', ['--no-ignore', join(folder, basename(place))], {
    encoding: 'utf8',
  });
  return result.stdout + result.stderr;
}

test.each([
  [
    'packages/stats/src',
    "import { readFileSync } from 'node:fs';\nexport const x: unknown = readFileSync;\n",
    'stats is the lowest rank',
  ],
  [
    'packages/stats/src',
    "import { D } from '@weir/drift/sliding-ks';\nexport const x: unknown = D;\n",
    'stats is the lowest rank',
  ],
  ['packages/drift/src', "import { K } from 'kafkajs';\nexport const x: unknown = K;\n", 'does no I/O'],
  [
    'packages/drift/src',
    "import { c } from '@weir/events/codec';\nexport const x: unknown = c;\n",
    'Imports point down',
  ],
  ['packages/drift/src', 'export const x: number = Date.now();\n', 'Event time is an argument'],
  ['packages/drift/src', 'export const x: number = Math.random();\n', 'seeded pure-rand generator'],
  ['packages/drift/src', 'export const x: unknown = process.env;\n', 'no process'],
  [
    'packages/events/src',
    "import { run } from '@weir/service-kit/runner';\nexport const x: unknown = run;\n",
    'import nothing above',
  ],
  [
    'packages/alerts/src',
    "import { D } from '@weir/drift/sliding-ks';\nexport const x: unknown = D;\n",
    'alerts imports events and stats only',
  ],
  [
    'packages/alerts/src',
    "import { readFileSync } from 'node:fs';\nexport const x: unknown = readFileSync;\n",
    'does no I/O',
  ],
  ['packages/alerts/src', 'export const x: number = Date.now();\n', 'Event time is an argument'],
  [
    'packages/catalogue/src',
    "import { raiseAlert } from '@weir/alerts/alert';\nexport const x: unknown = raiseAlert;\n",
    'catalogue imports events only',
  ],
  [
    'packages/catalogue/src',
    "import { readFileSync } from 'node:fs';\nexport const x: unknown = readFileSync;\n",
    'does no I/O',
  ],
  ['packages/catalogue/src', 'export const x: number = Math.random();\n', 'seeded pure-rand generator'],
  [
    'packages/events/src',
    "import { raiseAlert } from '@weir/alerts/alert';\nexport const x: unknown = raiseAlert;\n",
    'import nothing above',
  ],
  [
    'packages/event-log/src',
    "import { c } from '@weir/service-kit/task';\nexport const x: unknown = c;\n",
    'knows no event',
  ],
  [
    'packages/service-kit/src',
    "import { Kafka } from 'kafkajs';\nexport const x: unknown = Kafka;\n",
    'behind the event-log port',
  ],
  [
    'services/drift-detector/src',
    "import { p } from '@weir/promotion/processor';\nexport const x: unknown = p;\n",
    'meet on topics only',
  ],
])('a violation planted in %s is shown: %s', (folder, source, message) => {
  expect(lint(folder, source)).toContain(message);
});

test.each([
  ['packages/drift/src', 'export const x: number = 1;\n'],
  [
    'packages/alerts/src',
    "import { createHash } from 'node:crypto';\nimport { encode } from '@weir/events/codec';\nexport const x: unknown = [createHash, encode];\n",
  ],
  ['packages/catalogue/src', "import { encode } from '@weir/events/codec';\nexport const x: unknown = encode;\n"],
])('a file in %s that keeps to its rank is not shown', (folder, source) => {
  expect(lint(folder, source)).toContain('Found 0 warnings and 0 errors');
});
