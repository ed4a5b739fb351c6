import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

// The fence between ranks is a lint rule. A rule that never fires looks the same as a rule that is off, so each is shown a violation. All are
// planted before one run of the linter, which takes longer to start than to read them.
const SERVICES = readdirSync('services');

function importOf(module: string): string {
  return `import { x } from '${module}';\nexport const y: unknown = x;\n`;
}

type Violation = readonly [folder: string, source: string, message: string];
const VIOLATIONS: readonly Violation[] = [
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
    'packages/ledger/src',
    "import { createHash } from 'node:crypto';\nexport const x: unknown = createHash;\n",
    'does no I/O',
  ],
  ['packages/service-kit/src', `export function long(): void {${'\n'.repeat(60)}}\n`, 'too many lines'],
  [
    'packages/service-kit/src',
    'export function wide(a: 1, b: 1, c: 1, d: 1, e: 1, f: 1): unknown {\n  return [a, b, c, d, e, f];\n}\n',
    'too many parameters',
  ],
  ...SERVICES.flatMap((service, index): Violation[] => [
    [`services/${service}/src`, importOf(`@weir/${SERVICES.at(index - 1)}/processor`), 'meet on topics only'],
    ['packages/service-kit/src', importOf(`@weir/${service}/processor`), 'knows none'],
    ['packages/drift/src', importOf(`@weir/${service}/processor`), 'Imports point down'],
    ['packages/events/src', importOf(`@weir/${service}/processor`), 'import nothing above'],
    ['packages/event-log/src', importOf(`@weir/${service}/processor`), 'knows no event and no service'],
  ]),
];

const SOUND: readonly (readonly [folder: string, source: string])[] = [
  ['packages/drift/src', 'export const x: number = 1;\n'],
  [
    'packages/alerts/src',
    "import { createHash } from 'node:crypto';\nimport { encode } from '@weir/events/codec';\nexport const x: unknown = [createHash, encode];\n",
  ],
  ['packages/catalogue/src', "import { encode } from '@weir/events/codec';\nexport const x: unknown = encode;\n"],
];

const planted = new Map<string, string>();
interface Diagnostic {
  readonly filename: string;
  readonly help: string;
  readonly message: string;
}
let shown: readonly Diagnostic[] = [];

function plant(folder: string, source: string): void {
  const place = mkdtempSync(join(folder, 'planted-'));
  planted.set(folder + source, place);
  writeFileSync(join(place, 'planted.ts'), source);
}

beforeAll(() => {
  for (const [folder, source] of [...VIOLATIONS, ...SOUND]) plant(folder, source);
  const args = ['--no-ignore', '--format=json', ...planted.values()];
  const { stdout } = spawnSync('node_modules/.bin/oxlint', args, { encoding: 'utf8' });
  shown = (JSON.parse(stdout) as { readonly diagnostics: readonly Diagnostic[] }).diagnostics;
});

afterAll(() => {
  for (const place of planted.values()) rmSync(place, { recursive: true });
});

function faultsOf(folder: string, source: string): readonly string[] {
  const place = planted.get(folder + source) as string;
  return shown
    .filter(({ filename }) => filename.startsWith(`${place}/`))
    .map(({ help, message }) => `${message} ${help}`);
}

test.each(VIOLATIONS)('a violation planted in %s is shown: %j', (folder, source, message) => {
  expect(faultsOf(folder, source).join('\n')).toContain(message);
});

test.each(SOUND)('a file in %s that keeps to its rank is not shown', (folder, source) => {
  expect(faultsOf(folder, source)).toEqual([]);
});
