import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, expect, test } from 'vitest';
import { folder, scan } from './fixtures/scan.ts';

interface Case<Statistic> {
  readonly family: string;
  readonly reference: readonly string[];
  readonly stream: readonly string[];
  readonly window: number;
  readonly every: number;
  readonly statistics: readonly Statistic[];
}

function casesOf<Statistic>(path: string): readonly Case<Statistic>[] {
  const golden = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { cases: Case<Statistic>[] };
  return golden.cases;
}

const { write, remove } = folder();
afterAll(remove);

const csv = (values: readonly string[]): string =>
  `id,x\r\n${values.map((value, index) => `"row ${index}",${value}\r\n`).join('')}`;
const ndjson = (values: readonly string[]): string =>
  values.map((value) => `{"x":${value.replace('inf', 'Infinity').replace(/^-0\.0$/, '-0')}}\n`).join('');
const parquet = (values: readonly string[]): Uint8Array =>
  new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'x', data: values.map(Number), type: 'DOUBLE' }] }));

const cases = casesOf<string>('../../drift/test/golden/ks_2samp.json').filter(({ family }) =>
  ['cauchy', 'signed zero', 'subnormal'].includes(family),
);
const cauchy = cases.find(({ family }) => family === 'cauchy') as Case<string>;

test.each([
  ['csv', csv],
  ['ndjson', ndjson],
  ['parquet', parquet],
] as const)('%s files give the distances of SciPy, bit for bit', async (ending, content) => {
  for (const { reference, stream, window, every, statistics } of cases) {
    const { status, lines } = await scan(
      write(`ref.${ending}`, content(reference)),
      write(`cur.${ending}`, content(stream)),
      '--column',
      'x',
      `--window=${window}`,
      `--every=${every}`,
    );
    expect(status).toBe(0);
    const full = statistics
      .map((d, index) => ({ row: (index + 1) * every, d: Number(d) }))
      .filter(({ row }) => row >= window);
    // The last row is evaluated too, which SciPy was not asked of.
    expect(lines.slice(0, full.length).map(({ row, d }) => ({ row, d }))).toEqual(full);
    expect(lines.slice(full.length).map(({ row }) => row)).toEqual(stream.length % every === 0 ? [] : [stream.length]);
    expect(lines[0]).toMatchObject({ n: window, m: reference.length });
  }
});

test.each(casesOf<{ readonly row: number; readonly d: string }>('fixtures/golden/exact-order.json'))(
  '$family values, which float64 would tie or the kernel not hold, give the distances of SciPy',
  async ({ reference, stream, window, every, statistics }) => {
    for (const content of [csv, ndjson]) {
      const { lines } = await scan(
        write('ref', content(reference)),
        write('cur', content(stream)),
        `--window=${window}`,
        `--every=${every}`,
      );
      const rows = new Set(statistics.map(({ row }) => row));
      expect(lines.filter(({ row }) => rows.has(row)).map(({ row, d }) => ({ row, d }))).toEqual(
        statistics.map(({ row, d }) => ({ row, d: Number(d) })),
      );
    }
  },
);

test('missing values are left out of the window, rows still count', async () => {
  const reference = write('r.csv', 'x\n1\n2\n3\n4\n');
  const current = write('c.csv.gz', gzipSync('x\n1\n\n""\nnull\nNaN\n2\n3\n'));
  const { lines } = await scan(reference, current, '--window', '2', '--every', '1');
  // Rows 2 to 4 hold no value (the blank line is no row): the window is full from the second present value on.
  expect(lines).toMatchObject([
    { row: 5, n: 2, m: 4, d: 0.5 },
    { row: 6, n: 2, m: 4, d: 0.25 },
  ]);
});

test('a window that never fills is evaluated at the last row', async () => {
  const reference = write('r.csv', 'x\n1\n2\n3\n4\n');
  expect((await scan(reference, reference, '--every', '3')).lines).toMatchObject([{ row: 4, d: 0, n: 4, m: 4 }]);
});

test('a reference may have more distinct values than a service keeps', async () => {
  const values = Array.from({ length: 1_100_000 }, (_, index) => String((index * 7) % 1_100_000));
  const { lines } = await scan(write('r.ndjson', ndjson(values)), write('c.ndjson', ndjson(['-1', '549999', '2e9'])));
  // One below all, one in the middle, one above all: a third lies above every reference value.
  expect(lines).toMatchObject([{ row: 3, d: 1 / 3, n: 3, m: 1_100_000 }]);
});

function weir(...args: readonly string[]): { status: number | null; out: string; err: string } {
  const main = join(import.meta.dirname, '../src/main.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
  return { status, out: stdout, err: stderr };
}

test('people get a table with the worst reading of each column', () => {
  const reference = write('r.csv', csv(cauchy.reference));
  const current = write('c.csv', csv(cauchy.stream));
  const { status, out, err } = weir('scan', 'drift', '--reference', reference, '--current', current, '--window', '20');
  expect(status).toBe(0);
  expect(out).toMatch(/^column +verdict +D +near +p, Holm +missing +p, Holm +largest D of 20 +alerts$/m);
  expect(out).toMatch(/^x {2}/m);
  expect(err).toBe('weir: not scanned: id (not numeric)\n');
});

test('bad input is one clear line and exit 2', async () => {
  const good = write('good.csv', 'x\n1\n2\n');
  const refusals: [readonly string[], RegExp][] = [
    [[good, write('empty.csv', '')], /empty\.csv is empty/],
    [[good, write('header.csv', 'x\n')], /a header but no rows/],
    [[good, join(good, '../none.csv')], /does not exist/],
    [[good, join(good, '..')], /is a folder/],
    [
      [good, write('word.csv', 'x\none\ntwo\n'), '--column', 'x'],
      /row 1 is "one", row 2 is "two".*none of its cells is a/,
    ],
    [[good, good, '--fail-on', 'anything'], /--fail-on is "anything"; it can be drift/],
    [[good, good, '--alpha', '0'], /--alpha is "0"; it must be a number above 0 and below 1/],
    [[good, good, '--min-effect', 'x'], /--min-effect is "x"; it must be a number at least 0/],
    [[good, good, '--html', join(good, '../none/report.html')], /--html is .*; its folder does not exist/],
    [[good, good, '--column', 'y'], /has no column "y"; it has x/],
    [[good, good, '--window', '0'], /--window is "0"/],
    [[good, good, '--windw', '5'], /windw/],
    [[good, good, '--missing', '-999'], /--missing=-/],
    [[good, good, '--delimiter', '::'], /--delimiter is "::"; it must be one character/],
    [[good, good, '--window', '5', 'x'], /"x" belongs to no option/],
  ];
  for (const [[reference, current, ...rest], message] of refusals) {
    const { status, lines, err } = await scan(reference as string, current as string, ...rest);
    expect({ status, lines, on: err.split('\n').length }).toEqual({ status: 2, lines: [], on: 1 });
    expect(err).toMatch(message);
  }
  const { status, out, err } = weir('scan', 'drift', '--reference', good, '--current', write('torn.gz', '\x1f\x8b'));
  expect({ status, out, lines: err.trimEnd().split('\n').length }).toEqual({ status: 2, out: '', lines: 1 });
  expect(weir('scna').status).toBe(2);
  expect(weir('--help').out).toContain('weir scan drift');
});
