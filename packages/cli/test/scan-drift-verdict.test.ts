/** What is said of each column in the end. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CountEvaluation } from '@weir/drift/count-evaluation';
import { EVALUATION_DEFAULTS } from '@weir/drift/evaluation';
import { binOf, referenceOf } from '@weir/drift/reference';
import { afterAll, expect, test } from 'vitest';
import { scanDrift } from '../src/commands/scan-drift.ts';
import { type Folder, folder, type Said, scan } from './fixtures/scan.ts';
import { uniforms } from './fixtures/uniform.ts';

const { write, remove }: Folder = folder();
afterAll(remove);

const uniform = uniforms(20_261_130);
/** A file of columns with these values, row by row. */
function csv(columns: Readonly<Record<string, readonly (number | string)[]>>): string {
  const values = Object.values(columns);
  const rows = (values[0] ?? []).map((_, row) => values.map((column) => column[row]).join(','));
  return `${Object.keys(columns).join(',')}\n${rows.join('\n')}\n`;
}
const drawn = (rows: number, valueOf: (row: number) => number | string): (number | string)[] =>
  Array.from({ length: rows }, (_, row) => valueOf(row + 1));

function verdictOf(said: readonly Said[], column: string): Said {
  return said.find((each) => each.type === 'verdict' && each.column === column) as Said;
}

test('rows behind the last full step are tested: 998 shifted ones behind 1,001 calm ones raise', async () => {
  const reference = write('ref.csv', csv({ x: drawn(2_000, uniform) }));
  const current = write('cur.csv', csv({ x: drawn(1_999, (row) => uniform() + (row > 1_001 ? 0.5 : 0)) }));
  const { lines, said, status } = await scan(reference, current, '--fail-on', 'drift');
  expect(status).toBe(1);
  expect(lines.map(({ row }) => row)).toEqual([1_000, 1_999]);
  const verdict = verdictOf(said, 'x');
  expect(verdict).toMatchObject({ verdict: 'drift', direction: 1, n: 1_999, m: 2_000 });
  const [alert, ...more] = verdict['alerts'] as { raisedRow: number; sinceRow: number }[];
  expect(more).toEqual([]);
  expect(alert).toMatchObject({ rule: 'ks-1000', resolvedRow: null });
  expect(Math.abs((alert?.sinceRow ?? 0) - 1_002)).toBeLessThanOrEqual(10);
  expect(alert?.raisedRow).toBeLessThan(1_500);
});

test('windows raise and resolve in the rows in which the evaluation of a service does', async () => {
  const sample = drawn(800, () => Math.floor(50 * uniform())) as number[];
  const values = drawn(9_000, (row) => {
    const shift = (row > 2_500 && row < 4_000) || (row > 6_500 && row < 7_000) ? 15 : 0;
    return Math.floor(50 * uniform()) + shift;
  }) as number[];
  const { said } = await scan(
    write('r.csv', csv({ x: sample })),
    write('c.csv', csv({ x: values })),
    '--window',
    '400',
  );
  const reference = referenceOf(sample);
  const evaluation = new CountEvaluation(reference, 400, EVALUATION_DEFAULTS);
  const expected: object[] = [];
  for (const [index, x] of values.entries()) {
    const type = evaluation.add(binOf(reference, x), index + 1);
    if (type === 'raised') expected.push({ type, row: index + 1, sinceRow: evaluation.open?.sinceMs, rule: 'ks-400' });
    if (type === 'resolved') expected.push({ type, row: index + 1, rule: 'ks-400' });
  }
  expect(expected).toHaveLength(4);
  expect(said.filter(({ type }) => type !== 'verdict')).toMatchObject(expected);
  expect(verdictOf(said, 'x')['alerts']).toHaveLength(2);
});

test('whole files are compared without a window, and p-values corrected over all columns', async () => {
  const columns = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`calm${at}`, drawn(300, uniform)]));
  const reference = write('r.csv', csv({ ...columns, moved: drawn(300, uniform) }));
  const current = Object.fromEntries(Object.keys(columns).map((name) => [name, drawn(300, uniform)]));
  const now = write('c.csv', csv({ ...current, moved: drawn(300, () => uniform() ** 1.6) }));
  const { said, status } = await scan(reference, now, '--fail-on=drift');
  expect(status).toBe(1);
  const drifted = said.filter(({ verdict }) => verdict === 'drift');
  expect(drifted.map(({ column }) => column)).toEqual(['moved']);
  const { p, pHolm, alerts, direction } = verdictOf(said, 'moved');
  expect(alerts).toEqual([]);
  expect(direction).toBe(-1);
  // The smallest of ten p-values is multiplied by ten.
  expect(pHolm).toBe(10 * (p as number));
  expect((await scan(reference, reference, '--fail-on=drift')).status).toBe(0);
  // D is near 0.2 there: beyond a minimum effect of 0.3 it is of no interest.
  expect((await scan(reference, now, '--fail-on=drift', '--min-effect=0.3')).status).toBe(0);
});

test('the share of missing values is tested by itself, and alone it makes a drift', async () => {
  const gaps = (share: number) => (): number | string => (uniform() < share ? '' : Math.floor(9 * uniform()));
  const reference = write('r.csv', csv({ x: drawn(2_000, gaps(0.02)), y: drawn(2_000, gaps(0.02)) }));
  const current = write('c.csv', csv({ x: drawn(1_500, gaps(0.1)), y: drawn(1_500, gaps(0.02)) }));
  const { said } = await scan(reference, current);
  const { verdict, missing, pHolm } = verdictOf(said, 'x') as unknown as {
    verdict: string;
    missing: { pHolm: number; current: number };
    pHolm: number;
  };
  expect(verdict).toBe('drift');
  expect(missing.pHolm).toBeLessThan(1e-6);
  expect(pHolm).toBeGreaterThan(0.01);
  expect(missing.current).toBeCloseTo(0.1, 1);
  expect(verdictOf(said, 'y')['verdict']).toBe('no drift');
  expect(verdictOf((await scan(reference, current, '--min-effect=0.2')).said, 'x')['verdict']).toBe('no drift');
  const empty = write('e.csv', csv({ x: drawn(100, () => ''), y: drawn(100, gaps(0.02)) }));
  expect(verdictOf((await scan(reference, empty)).said, 'x')).toMatchObject({ verdict: 'drift', n: 0, pHolm: null });
});

test('an index and times are left out by name, and scanned when named', async () => {
  const start = 1_700_000_000;
  const columns = (from: number): string =>
    csv({
      id: drawn(60, (row) => from + row),
      sent: drawn(60, (row) => 1_000 * (start + 7 * row)),
      created_at: drawn(60, (row) => start + ((row * 37) % 60)),
      day: drawn(60, (row) => `2024-03-${String(1 + (row % 28)).padStart(2, '0')}`),
      x: drawn(60, uniform),
    });
  const [reference, current] = [write('r.csv', columns(0)), write('c.csv', columns(60))];
  const { said, err } = await scan(reference, current);
  expect(said.map(({ column }) => column)).toEqual(['x']);
  expect(err).toBe(
    'weir: not scanned: day (dates and times); id (an index; name it with --column to scan it); sent, created_at (times; name it with --column to scan it)\n',
  );
  expect(verdictOf((await scan(reference, current, '--column', 'id')).said, 'id')['verdict']).toBe('drift');
});

test('cells that are no numbers are counted and named by their rows, and the column stays', async () => {
  const rows = drawn(50, (row) => (row % 9 === 5 ? 'broken' : uniform()));
  const reference = write('r.csv', csv({ x: drawn(50, uniform) }));
  const current = write('c.csv', csv({ x: rows }));
  const { said, err } = await scan(reference, current);
  expect(err).toBe(
    `weir: ${current}: column x: 6 cells are no numbers and count as missing: row 5 is "broken", row 14 is "broken", row 23 is "broken", …; name what stands for missing with --missing, or correct them\n`,
  );
  expect(verdictOf(said, 'x')).toMatchObject({ n: 44, unreadable: 6, missing: { current: 0.12 } });
  // Behind the rows that columns are told by, too.
  const late = write('late.ndjson', `${'{"x":1}\n'.repeat(1_500)}{"x":{}}\n`);
  const found = await scan(reference, late);
  expect(found.err).toContain('column x: 1 cell is no number and counts as missing: row 1501 is {}');
  expect(verdictOf(found.said, 'x')['unreadable']).toBe(1);
});

test('a decimal comma is read where it is said', async () => {
  const european = write('e.csv', 'x;y\n1,5;1.234,5\n-2;12\n,5;1.234.567\n1e3;1.5\n');
  const plain = write('p.ndjson', '{"x":1.5,"y":1234.5}\n{"x":-2,"y":12}\n{"x":0.5,"y":1234567}\n{"x":1000}\n');
  const { said, err } = await scan(plain, european, '--decimal-comma');
  for (const column of ['x', 'y']) expect(verdictOf(said, column)).toMatchObject({ d: 0, verdict: 'no drift' });
  expect(err).toContain('column y: 1 cell is no number and counts as missing: row 4 is "1.5"');
  expect((await scan(plain, european)).err).toMatch(
    /share no column of numbers; they have x, y \(numbers with commas; give --decimal-comma/,
  );
});

test('--html writes one file without scripts or network, with two distributions of each drifted column', async () => {
  const name = '<b>x</b> & y';
  const [reference, current] = [
    write('r.csv', csv({ [name]: drawn(500, uniform), calm: drawn(500, uniform), gone: drawn(500, uniform) })),
    write(
      'c.csv',
      csv({ [name]: drawn(500, () => uniform() + 0.4), calm: drawn(500, uniform), gone: drawn(500, () => '') }),
    ),
  ];
  const path = join(current, '../report.html');
  const { status } = await scan(reference, current, '--html', path);
  expect(status).toBe(0);
  const html = readFileSync(path, 'utf8');
  expect(html).not.toMatch(/<script|https?:|src=|@import|url\(/);
  expect(html).not.toContain('<b>');
  expect(html).toContain('<h2>&lt;b&gt;x&lt;/b&gt; &amp; y</h2>');
  expect(html).not.toContain('NaN');
  expect(html.match(/<svg /g)).toHaveLength(2);
  expect(html.match(/<rect class="reference"/g)).toHaveLength(20);
  expect(html.match(/<polyline class="current"/g)).toHaveLength(1);
  expect(html).toContain('CUR has no values of this column.');
  const open = ['section', 'svg', 'table', 'tr', 'td', 'ul', 'li', 'p', 'div', 'span'].filter(
    (tag) => html.split(`</${tag}>`).length !== html.split(new RegExp(`<${tag}[ >]`)).length,
  );
  expect(open).toEqual([]);
});

test('people read which columns drifted, why, and since when', async () => {
  const reference = write('r.csv', csv({ x: drawn(900, uniform), y: drawn(900, uniform) }));
  const current = write(
    'c.csv',
    csv({ x: drawn(900, (row) => uniform() + (row > 600 ? 2 : 0)), y: drawn(900, uniform) }),
  );
  let out = '';
  const io = { out: (text: string) => void (out += text), err: () => {}, interactive: false };
  const args = ['--reference', reference, '--current', current, '--window', '200'];
  expect(await scanDrift.run(args, io)).toBe(0);
  expect(out).toMatch(/^x +drift .* 1$/m);
  expect(out).toMatch(/^y +no drift/m);
  expect(out).toMatch(
    /^x has drifted\n {2}whole file: its values lie higher near [\d.]+: D = 0\.3\d* over 900 values against 900, p = \S+; a value of CUR exceeds one of REF with chance 0\.\d\d\n {2}ks-200: raised at row 6\d\d, since row (59|60)\d; open at the last row$/m,
  );
  expect(out).toMatch(/^1 of 2 columns drifted: x; 900 rows scanned\.$/m);
  expect(out).toContain("Windows raise and resolve as a service's do.");
  await scanDrift.run(args.slice(0, 4), io);
  expect(out).toContain('No window of 1000 values was full; give a smaller --window.');
});
