import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, expect, test } from 'vitest';

interface Case {
  readonly family: string;
  readonly reference: readonly string[];
  readonly stream: readonly string[];
  readonly window: number;
  readonly every: number;
  readonly statistics: readonly string[];
}
const golden = JSON.parse(readFileSync(new URL('../../drift/test/golden/ks_2samp.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-scan-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

function weir(...args: readonly string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, '../src/main.ts'), ...args],
    { encoding: 'utf8' },
  );
  return { status, out: stdout, err: stderr };
}

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const csv = (values: readonly string[]): string =>
  `id,x\r\n${values.map((value, index) => `"row ${index}",${value}\r\n`).join('')}`;
const ndjson = (values: readonly string[]): string =>
  values.map((value) => `{"x":${value === '-0.0' ? '-0' : value}}\n`).join('');
const parquet = (values: readonly string[]): Uint8Array =>
  new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'x', data: values.map(Number), type: 'DOUBLE' }] }));

const cauchy = golden.cases.find(({ family }) => family === 'cauchy') as Case;

test.each([
  ['csv', csv],
  ['ndjson', ndjson],
  ['parquet', parquet],
] as const)('%s files give the distances of SciPy, bit for bit', (ending, content) => {
  for (const each of [
    cauchy,
    ...golden.cases.filter(({ family }) => family === 'signed zero' || family === 'subnormal'),
  ]) {
    const reference = write(`ref.${ending}`, content(each.reference));
    const current = write(`cur.${ending}`, content(each.stream));
    const { status, out } = weir(
      'scan',
      'drift',
      '--reference',
      reference,
      '--current',
      current,
      '--column',
      'x',
      '--window',
      String(each.window),
      '--every',
      String(each.every),
      '--json',
    );
    expect(status).toBe(0);
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { row: number; d: number; n: number; m: number });
    const full = each.statistics
      .map((d, index) => ({ row: (index + 1) * each.every, d: Number(d) }))
      .filter(({ row }) => row >= each.window);
    expect(lines.map(({ row, d }) => ({ row, d }))).toEqual(full);
    expect(lines[0]).toMatchObject({ n: each.window, m: each.reference.length });
  }
});

test('missing values are left out of the window, rows still count', () => {
  const reference = write('r.csv', 'x\n1\n2\n3\n4\n');
  const current = write('c.csv.gz', gzipSync('x\n1\n\n""\nnull\nNaN\n2\n3\n'));
  const { out } = weir(
    'scan',
    'drift',
    '--reference',
    reference,
    '--current',
    current,
    '--window',
    '2',
    '--every',
    '1',
    '--json',
  );
  // Rows 2 to 5 hold no value (the blank line is no row): the window is full from the second present value on.
  expect(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object),
  ).toMatchObject([
    { row: 5, n: 2, m: 4, d: 0.5 },
    { row: 6, n: 2, m: 4, d: 0.25 },
  ]);
});

test('people get a table with the worst reading of each column', () => {
  const reference = write('r.csv', csv(cauchy.reference));
  const { status, out } = weir(
    'scan',
    'drift',
    '--reference',
    reference,
    '--current',
    write('c.csv', csv(cauchy.stream)),
    '--window',
    '20',
  );
  expect(status).toBe(0);
  expect(out).toMatch(/column\s+largest D.*single look/);
  expect(out).toMatch(/^x {2}/m);
});

test('bad input is one clear line and exit 2', () => {
  const good = write('good.csv', 'x\n1\n2\n');
  const torn = write('torn.parquet', parquet(cauchy.stream));
  truncateSync(torn, 50);
  const cases: [readonly string[], RegExp][] = [
    [[good, write('empty.csv', '')], /empty\.csv is empty/],
    [[good, write('header.csv', 'x\n')], /a header but no rows/],
    [[good, torn], /not a whole Parquet file/],
    [[good, join(folder, 'none.csv')], /does not exist/],
    [[good, folder], /is a folder/],
    [[good, write('ragged.csv', 'x\n1\n2,3\n')], /line 3|Invalid Record Length/],
    [[good, write('word.csv', 'x\n1\ntwo\n'), '--column', 'x'], /row 2, column "x" is "two", not a number/],
    [[good, write('bad.ndjson', '{"x":1}\n{x}\n')], /line 2 is not JSON/],
    [[good, good, '--column', 'y'], /has no column "y"; it has x/],
    [[good, good, '--window', '0'], /--window is "0"/],
    [[good, good, '--windw', '5'], /windw/],
  ];
  for (const [[reference, current, ...rest], message] of cases) {
    const { status, out, err } = weir(
      'scan',
      'drift',
      '--reference',
      reference as string,
      '--current',
      current as string,
      ...rest,
    );
    expect({ status, out, lines: err.trim().split('\n').length }).toEqual({ status: 2, out: '', lines: 1 });
    expect(err).toMatch(message);
  }
  expect(weir('scna').status).toBe(2);
  expect(weir('--help').out).toContain('weir scan drift');
});
