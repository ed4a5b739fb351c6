import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inferRules } from '@weir/anomaly/quality/infer';
import { parseRules } from '@weir/anomaly/quality/lint';
import { categoricalReferenceProfile, numericReferenceProfile } from '@weir/anomaly/quality/reference-profile';
import { RuleTable } from '@weir/anomaly/quality/rule-table';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { check } from '../src/commands/check.ts';
import { rules } from '../src/commands/rules/rules.ts';
import { runCommand } from './fixtures/run-command.ts';

const CITIES = ['Aachen', 'Bonn', 'Celle'];
let folder: string;
let reference: string;
let current: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-'));
  const rows = Array.from({ length: 1_000 }, (_, row) => `${row % 50},${CITIES[row % 3]}`);
  reference = write('reference.csv', ['age,city', ...rows].join('\n'));
  current = write('current.csv', 'age,city\n7,Bonn\n,Celle\n900,bonn\n1.5,Aachen\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test('violations by row, a summary by column, and exit code 1', async () => {
  const { status, out } = await runCommand(check, '--reference', reference, '--current', current);
  expect(status).toBe(1);
  expect(out).toContain('row 2: MISSING: age is missing, the rule allows a value: the reference always has one\n');
  expect(out).toMatch(/row 3: ABOVE_MAX: age is 900, the rule allows at most 49 \(tail\)/);
  expect(out).toMatch(/row 3: UNSEEN_CATEGORY: city is "bonn", the rule allows one of Aachen, Bonn, Celle/);
  expect(out).toContain('age: NOT_INTEGER in 1 of 4 rows, first in row 4: 1.5\n');
  expect(out).toMatch(/3 of 4 rows break a rule\n$/);
});

test('a file that keeps the rules gives exit code 0, and so do few violations where they are allowed', async () => {
  expect((await runCommand(check, '--reference', reference, '--current', reference)).status).toBe(0);
  expect((await runCommand(check, '--reference', reference, '--current', current, '--allow', '0.75')).status).toBe(0);
  expect((await runCommand(check, '--reference', reference, '--current', current, '--allow', '0.7')).status).toBe(1);
});

test('both files are read by the same options, and numbers where names should be are refused', async () => {
  const rows = Array.from({ length: 1_000 }, (_, row) => `${row % 50},5;${CITIES[row % 3]}`).join('\n');
  const bare = write('bare.csv', rows);
  const other = write('other.csv', '7,5;Bonn\nabsent;Celle\n900,5;Bonn\n');
  const reading = ['--no-header', '--delimiter', ';', '--decimal-comma', '--missing', 'absent'];
  const refused = await runCommand(
    check,
    '--reference',
    bare,
    '--current',
    other,
    '--delimiter',
    ';',
    '--decimal-comma',
  );
  expect(refused).toMatchObject({
    status: 2,
    err: expect.stringMatching(/first row holds numbers \(0\.5\) where names should be; give --no-header/) as unknown,
  });
  const { status, out } = await runCommand(check, '--reference', bare, '--current', other, ...reading);
  expect(status).toBe(1);
  expect(out).toMatch(/row 2: MISSING: c1 is missing.*\nrow 3: ABOVE_MAX: c1 is 900\.5/);
  const inferred = JSON.parse((await runCommand(rules, 'infer', '--reference', bare, ...reading)).out) as {
    readonly numeric: readonly { readonly name: string }[];
  };
  expect(inferred.numeric.map(({ name }) => name)).toEqual(['c1']);
});

test('a blank after the delimiter is no part of a category, whether the row has quotes or not', async () => {
  const spaced = write(
    'spaced.csv',
    `age, city, note\n${Array.from({ length: 500 }, (_, row) => `${row % 50}, ${CITIES[row % 3]}, x`).join('\n')}`,
  );
  const mixed = write('mixed.csv', 'age,city,note\n7,Bonn,x\n8, Bonn,"x"\n9, Celle, x\n');
  const args = ['--reference', spaced, '--current', mixed, '--no-scores'];
  expect(await runCommand(check, ...args)).toMatchObject({ status: 0, err: '' });
});

test('numbers and texts of a row stay together where both come in pieces', async () => {
  const rows = Array.from({ length: 40_000 }, (_, row) => `${row},${row % 7 === 0 ? '' : row}`);
  const known = write('known.json', (await runCommand(rules, 'infer', '--reference', reference)).out);
  const long = write('long.csv', ['age,city', ...rows].join('\n'));
  const { out } = await runCommand(check, '--rules', known, '--current', long, '--json');
  const found = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { row: number; field: string; observed: string });
  const cells = found.filter(({ field }) => field !== undefined);
  for (const { row, field, observed } of cells) {
    const text = (row - 1) % 7 === 0 ? 'null' : `"${row - 1}"`;
    if (observed !== (field === 'age' ? String(row - 1) : text)) throw new Error(`row ${row}: ${field} is ${observed}`);
  }
  expect(cells).toHaveLength(2 * 40_000 - 50);
});

test('NDJSON has the same verdicts as CSV', async () => {
  const lines =
    '{"age":7,"city":"Bonn"}\n{"age":null,"city":"Celle"}\n{"age":900,"city":"bonn"}\n{"age":1.5,"city":"Aachen"}\n';
  const json = write('current.ndjson', lines);
  const ofCsv = await runCommand(check, '--reference', reference, '--current', current, '--json');
  expect((await runCommand(check, '--reference', reference, '--current', json, '--json')).out).toBe(ofCsv.out);
  const first = JSON.parse(ofCsv.out.split('\n')[0] as string) as unknown;
  expect(first).toEqual({
    row: 2,
    rule: 'MISSING',
    field: 'age',
    observed: 'NaN',
    bound: expect.any(String) as unknown,
  });
});

test('rules are inferred, edited and used; the verdicts are those of the table that the detector compiles', async () => {
  const inferred = await runCommand(rules, 'infer', '--reference', reference);
  const counted = Array.from({ length: 50 }, (_, value) => value);
  const ofStream = inferRules({
    rows: 1_000,
    numeric: [
      numericReferenceProfile(
        'age',
        counted,
        counted.map(() => 20),
        0,
        undefined,
      ),
    ],
    categorical: [categoricalReferenceProfile('city', CITIES, [334, 333, 333], 0, undefined)],
    outputs: [],
    versions: [],
  });
  expect(parseRules(inferred.out).numeric).toEqual(ofStream.numeric);
  expect(new RuleTable(ofStream).check({ numeric: [900], categorical: ['bonn'] })).toBe(2);
  const edited = write('rules.json', inferred.out.replace('"max": 49', '"max": 1000'));
  const { out } = await runCommand(check, '--rules', edited, '--current', current);
  expect(out).not.toContain('ABOVE_MAX');
  expect(out).toContain('UNSEEN_CATEGORY');
  expect((await runCommand(rules, 'lint', edited)).status).toBe(0);
  expect((await runCommand(rules, 'show', edited)).out).toMatch(
    /age: whole numbers from 0 \(non-negative\) to 1000 \(tail\), required\ncity: one of/,
  );
  expect(JSON.parse((await runCommand(rules, 'schema', edited)).out)).toMatchObject({
    properties: { numeric: { prefixItems: [{ title: 'age', type: 'integer', minimum: 0, maximum: 1_000 }] } },
  });
});

test('lint names every fault', async () => {
  const text = (await runCommand(rules, 'infer', '--reference', reference)).out;
  const broken = write(
    'broken.json',
    text.replace('"integer": true', '"integer": "yes"').replace('"version": 1', '"version": 7'),
  );
  const { status, out } = await runCommand(rules, 'lint', broken);
  expect(status).toBe(1);
  expect(out).toMatch(/version is 7; this release reads version 1/);
  expect(out).toContain('numeric[0].integer is "yes"; it must be true or false');
  const used = await runCommand(check, '--rules', broken, '--current', current);
  expect(used).toMatchObject({ status: 2, err: expect.stringContaining('numeric[0].integer') as unknown });
});

test('a JUnit report has a case for each column, with what is special in XML escaped', async () => {
  const junit = join(folder, 'report.xml');
  await runCommand(
    check,
    '--reference',
    reference,
    '--current',
    write('odd.ndjson', '{"age":3,"city":"<b>&"}\n'),
    '--junit',
    junit,
    '--no-scores',
  );
  const report = readFileSync(junit, 'utf8');
  expect(report).toContain('<testsuite name="weir check" tests="2" failures="1">');
  expect(report).toContain('<testcase classname="weir.check" name="age"/>');
  expect(report).toMatch(/<failure type="UNSEEN_CATEGORY" message="[^<]*&lt;b&gt;&amp;/);
});

test('a column that is not there is told of once, of the file and not of a row', async () => {
  const less = write('less.csv', 'age\n1\n2\n');
  const junit = join(folder, 'less.xml');
  const args = ['--reference', reference, '--current', less, '--no-scores', '--junit', junit];
  expect(await runCommand(check, ...args)).toEqual({
    status: 1,
    out: `${less}: SCHEMA_MISSING_FIELD: city is absent, the rule asks for a column of this name
city: SCHEMA_MISSING_FIELD: the file has no column of this name
0 of 2 rows break a rule
`,
    err: '',
  });
  const { out } = await runCommand(check, ...args, '--json');
  expect(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    {
      file: less,
      rule: 'SCHEMA_MISSING_FIELD',
      field: 'city',
      observed: 'absent',
      bound: 'a column of this name',
    },
    { summary: { column: 'city', rule: 'SCHEMA_MISSING_FIELD', file: less } },
  ]);
  expect(readFileSync(junit, 'utf8')).toContain(
    '<failure type="SCHEMA_MISSING_FIELD" message="SCHEMA_MISSING_FIELD: the file lacks a column of this name"/>',
  );
});

test.each([
  [['--current', 'x'], /give one of --rules RULES and --reference REF/],
  [['--reference', 'x'], /--current FILE is needed/],
  [['--reference', 'x', '--current', 'y', '--allow', '2'], /--allow is 2; it must be a share from 0 to 1/],
  [['--reference', 'x', '--current', 'y', '--alpha', '0.2'], /--alpha is "0\.2"; it must be from 0\.000001 to 0\.1/],
  [['--reference', 'x', '--current', 'y', '--fail-on', 'drift'], /--fail-on is "drift"; it can be odd or excess/],
  [['--rules', 'x', '--current', 'y', '--alpha', '0.01'], /--alpha is about scores; give it with --reference REF/],
  [['--reference', 'x', '--current', 'y', '--no-scores', '--fail-on', 'odd'], /--fail-on is about scores/],
  [['--rules', 'none.json', '--current', 'y'], /cannot read none\.json: ENOENT/],
])('weir check %j is refused', async (args, message) => {
  const { status, err } = await runCommand(check, ...args);
  expect(status).toBe(2);
  expect(err).toMatch(message);
});

test('an empty cell and one that is no number are told apart, with the text', async () => {
  const reference = write(
    'ages.csv',
    `age,city\n${Array.from({ length: 4_000 }, (_, at) => `${18 + (at % 60)},A`).join('\n')}\n`,
  );
  const current = write('unread.csv', 'age,city\n30,A\n,A\nabc,A\n');
  const args = ['--reference', reference, '--current', current, '--no-scores'];
  const { out, err } = await runCommand(check, ...args);
  expect(out).toContain('row 2: MISSING: age is missing, the rule allows');
  expect(out).toContain('row 3: MISSING: age is "abc", no number, the rule allows');
  expect(err).toMatch(/column age: 1 cell is no number and counts as missing: row 3 is "abc"/);
  const lines = (await runCommand(check, ...args, '--json')).out.split('\n');
  expect(JSON.parse(lines[0] as string)).toEqual(expect.not.objectContaining({ cell: expect.anything() as unknown }));
  expect(JSON.parse(lines[1] as string)).toMatchObject({ row: 3, observed: 'NaN', cell: 'abc' });
});
