/** What the pages say of commands, options, settings, defaults and metrics is what the programs declare. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { COMMON_SETTINGS, loadServiceConfig } from '@weir/service-kit/config/common-settings';
import { describe, expect, test } from 'vitest';
import { DEFAULT_PORT, parseOptions } from '../src/commands/dev/options.ts';
import { SERVICES } from '../src/commands/dev/services.ts';
import { COMMANDS } from '../src/commands.ts';
import { DEFAULT_URL } from '../src/control/open-target.ts';
import { COMMANDS_OF_PAGES, PAGES, type PageCommand, ROOT } from './fixtures/pages.ts';

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};
const PROJECTS = ['unit', 'statistical', 'servers', 'e2e'];

/** @throws when the words are no command, or an option is not one of it */
async function checkWeir(words: readonly string[]): Promise<void> {
  const entry = COMMANDS.find(({ name }) => name === words.slice(0, name.split(' ').length).join(' '));
  if (entry === undefined) throw new Error(`there is no weir ${words.join(' ')}`);
  const { options } = await entry.load();
  const args = words.slice(entry.name.split(' ').length).filter((word) => word !== '--help');
  parseArgs({ args, options, allowPositionals: true });
}

/** @throws saying what is not there */
async function check([program = '', ...rest]: readonly string[]): Promise<void> {
  if (program === 'weir') return await checkWeir(rest);
  // One on the PATH may be too old to strip types, and without an install there is no other: npm run node installs first.
  if (program === 'npx' || program === 'node') throw new Error('say npm run node -- FILE, which any Node from 20 runs');
  if (program !== 'npm') return undefined;
  const [verb = '', ...words] = rest.filter((word) => word !== '--silent');
  const [name = verb, ...args] = verb === 'run' ? words : [verb, ...words];
  if (scripts[name] === undefined) throw new Error(`package.json has no script ${name}`);
  // Without the dashes npm takes options for its own.
  if (args.length > 0 && args[0] !== '--') throw new Error(`npm needs -- before ${args.join(' ')}`);
  const [first = '', ...others] = args.slice(1);
  if (name === 'weir') await checkWeir([first, ...others]);
  if (name === 'start') checkStart(args.slice(1));
  if (name === 'test' && first !== '' && !PROJECTS.includes(first)) throw new Error(`no tests are called ${first}`);
  if (name === 'bench' && !existsSync(join(ROOT, 'bench', `${first}.ts`))) throw new Error(`no bench ${first}`);
  if (name === 'node' && !existsSync(join(ROOT, first))) throw new Error(`${first} does not exist`);
}

/** Values too, but for the names that stand for any. */
function checkStart(args: readonly string[]): void {
  if (!args.includes('--help')) parseOptions(args, {}, 'log.db');
}

async function faultsOf(commands: readonly PageCommand[]): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const { page, line, words } of commands)
    await check(words).catch((error: Error) => void faults.push(`${page}: ${line}: ${error.message}`));
  return faults;
}

test('each command that a page prints is one, with options that it has', async () => {
  const found = COMMANDS_OF_PAGES.filter(({ words }) => words[0] === 'npm' || words[0] === 'weir');
  expect(found.length).toBeGreaterThan(60);
  expect(await faultsOf(COMMANDS_OF_PAGES)).toEqual([]);
});

test.each([
  'weir scan drift --referenz a.csv',
  'weir scans',
  'npm start -- --until tomorrow',
  'npm start --until end',
  'npm run nothing',
  'npm run bench -- nothing',
  'npm run node -- services/nothing.ts',
  'npx node services/drift-detector/src/main.ts',
  'npm test -- integration',
])('%s would be noticed', async (line) => {
  expect(await faultsOf([{ page: 'a', line, words: line.split(' ') }])).toHaveLength(1);
});

/** Of tests and examples, which read the environment themselves. */
const READ = globSync('{packages/testkit,examples/*}/{src,test}/**/*.ts', { cwd: ROOT }).flatMap((path) =>
  [...readFileSync(join(ROOT, path), 'utf8').matchAll(/process\.env\['([A-Z_]+)'\]/g)].map(
    ([, name]) => name as string,
  ),
);
const DECLARED = new Set([
  ...READ,
  ...Object.keys(COMMON_SETTINGS),
  ...SERVICES.flatMap(({ settings }) => Object.keys(settings.settings)),
]);

test('each setting that a page names is one', () => {
  const unknown = PAGES.flatMap(({ path, text }) =>
    [...text.matchAll(/\b(?:WEIR|KAFKA|REDIS|SCHEMA_REGISTRY)_[A-Z][A-Z_]*[A-Z]\b/g)]
      .map(([name]) => name)
      .filter((name) => !DECLARED.has(name))
      .map((name) => `${path}: ${name}`),
  );
  expect(unknown).toEqual([]);
});

describe('defaults', () => {
  const page = (path: string): string => PAGES.find((each) => each.path === path)?.text ?? '';
  const dev = COMMANDS.find(({ name }) => name === 'dev') as (typeof COMMANDS)[number];
  const ports = (text: string): readonly number[] =>
    [...text.matchAll(/http:\/\/127\.0\.0\.1:(\d+)/g)].map(([, port]) => Number(port));

  test('the first page and the help of npm start agree on the port', async () => {
    const { help } = await dev.load();
    expect(new Set(ports(page('README.md')))).toEqual(new Set([DEFAULT_PORT]));
    expect(help).toContain(`else ${DEFAULT_PORT})`);
    expect(DEFAULT_URL).toBe(`http://127.0.0.1:${DEFAULT_PORT}`);
    for (const { name } of SERVICES) expect(help).toContain(name);
  });

  test.each(SERVICES)('the page of $name names its own port and file', ({ name, settings }) => {
    const config = loadServiceConfig(settings, {});
    const text = page(`services/${name}/README.md`);
    expect(ports(text).filter((port) => port !== config.WEIR_HTTP_PORT)).toEqual([]);
    for (const [, file] of text.matchAll(/embedded log in (\S+),/g)) expect(file).toBe(config.WEIR_LOG_FILE);
  });
});

test('each metric that a page or a rule for Prometheus names is one', () => {
  const source = globSync('{packages,services}/*/src/**/*.ts', { cwd: ROOT })
    .map((path) => readFileSync(join(ROOT, path), 'utf8'))
    .join('\n');
  const rules = readFileSync(join(ROOT, 'infra/prometheus/rules.yml'), 'utf8');
  const unknown = [...PAGES, { path: 'infra/prometheus/rules.yml', text: rules }].flatMap(({ path, text }) =>
    [...text.matchAll(/(?<![\w/$])weir_[a-z]+_[a-z_]*[a-z]\b(?!\.)/g)]
      .map(([name]) => name.replace(/_(bucket|sum|count)$/, ''))
      .filter((name) => !source.includes(`'${name}'`) && !source.includes(`${name}:`))
      .map((name) => `${path}: ${name}`),
  );
  expect(unknown).toEqual([]);
});

test('each route that a page names is one', () => {
  const documents = SERVICES.map(({ name }) => join(ROOT, 'services', name, 'test/golden/openapi.json'));
  const routes = documents.flatMap((path) =>
    Object.keys((JSON.parse(readFileSync(path, 'utf8')) as { readonly paths: object }).paths),
  );
  const parts = (route: string): readonly string[] => route.split('/');
  const isRoute = (asked: string): boolean =>
    routes.some(
      (route) =>
        parts(route).length === parts(asked).length &&
        parts(route).every((part, at) => part.startsWith('{') || part === parts(asked)[at]),
    );
  const unknown = PAGES.flatMap(({ path, text }) =>
    [...text.matchAll(/\/v1\/[\w{}*/:-]*[\w}*]/g)]
      .filter(([route]) => !isRoute(route))
      .map(([route]) => `${path}: ${route}`),
  );
  expect(unknown).toEqual([]);
});

test('each link between pages leads somewhere', () => {
  const broken = PAGES.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)]
      .filter(([, target]) => !existsSync(join(ROOT, dirname(path), target as string)))
      .map(([, target]) => `${path}: ${target}`),
  );
  expect(broken).toEqual([]);
});
