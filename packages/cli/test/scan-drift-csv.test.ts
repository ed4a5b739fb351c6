import { gzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { cellsOf as csvCells, recordsOf } from '../src/tables/csv-record.ts';
import { firstBytes, textFile } from '../src/tables/text-file.ts';
import { cellsOf, folder, scan } from './fixtures/scan.ts';

const { write, remove } = folder();
afterAll(remove);

const good = write('good.csv', 'x\n1\n2\n3\n4\n');

const trimmed = (cells: readonly string[] | undefined): readonly string[] | undefined =>
  cells?.map((cell) => cell.trim());

describe('records', () => {
  const read = async (text: string, delimiter: string): Promise<(readonly string[] | undefined)[]> => {
    const path = write('records.csv', text);
    const records: (readonly string[] | undefined)[] = [];
    for await (const batch of recordsOf(textFile(path, firstBytes(path))))
      for (const record of batch) records.push(trimmed(csvCells(record, delimiter)));
    return records;
  };

  test('are cut as csv-parse cuts them', async () => {
    const cell = fc.string({ unit: fc.constantFrom('1', 'é', ' ', '"', ',', ';', '\t', '\n', '|'), maxLength: 6 });
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.constantFrom(',', ';', '\t', '|'),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        async (rows, delimiter, lineEnd, quoteAll) => {
          const quoted = (text: string): string =>
            quoteAll || /[",;\t\n|]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
          const text = rows.map((row) => row.map(quoted).join(delimiter) + lineEnd).join('');
          const theirs = parse(text, { delimiter, relax_column_count: true, skip_empty_lines: true }) as string[][];
          expect(await read(text, delimiter)).toEqual(theirs.map(trimmed));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('of any text are cut as csv-parse cuts them, or refused', () => {
    const text = fc.string({ unit: fc.constantFrom('1', ' ', '"', ','), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(text, (record) => {
        const cells = csvCells(record, ',');
        fc.pre(cells !== undefined && record.split('"').length % 2 === 1 && record.trim() !== '');
        const theirs = parse(record, { ltrim: true, rtrim: true }) as string[][];
        expect(trimmed(cells)).toEqual(trimmed(theirs[0]));
      }),
      { numRuns: 1_000 },
    );
  });

  test('may hold blanks around quoted cells, and none around the end', async () => {
    expect(await read('a, "b, c" ,"d ""e"""\n"two\nlines",,', ',')).toEqual([
      ['a', 'b, c', 'd "e"'],
      ['two\nlines', '', ''],
    ]);
    expect(await read('  1.5   "a b"  3\n', ' ')).toEqual([['1.5', 'a b', '3']]);
    expect(await read('5" pipe, 6" pipe\n"a"b,c\n', ',')).toEqual([undefined, undefined]);
  });
});

test.each([
  ['comma', 'x,t\n1,a;b\n3,c|d\n'],
  ['semicolon', 'x;t\n1;a,b\n3;c,d\n'],
  ['tab', 'x\tt\n1\ta b\n3\tc\n'],
  ['|', 'x|t\n1|a\n3|b\n'],
  ['blanks', 'x    t\n1    a\n 3  b\n'],
  ['none', 'x\n1\n3\n'],
  ['quotes', '"x","t"\n"1","a, ""b"""\n" 3 ","two\nlines"\n'],
  ['CRLF and a blank line', 'x,t\r\n1,a\r\n\r\n3,b'],
  ['CR', 'x,t\r1,a\r3,b\r'],
  ['a byte-order mark', '\uFEFFx,t\n1,a\n3,b\n'],
  ['blanks in the header', 't , x \na,1\nb,3\n'],
])('a file with %s is read', async (_, text) => {
  const path = write('a.csv', text);
  expect(await cellsOf(path, 'x')).toEqual([1, 3]);
});

test.each([
  ['UTF-16LE', Buffer.from('\uFEFFx\té\n1\ta\n3\tb\n', 'utf16le')],
  ['UTF-16BE', Buffer.from('\uFEFFx\té\n1\ta\n3\tb\n', 'utf16le').swap16()],
  ['gzip by its first bytes', gzipSync('x\n1\n3\n')],
  ['gzip of several members', Buffer.concat([gzipSync('x\n1'), gzipSync('\n3\n')])],
])('%s is read', async (_, bytes) => {
  expect(await cellsOf(write('b.csv', bytes), 'x')).toEqual([1, 3]);
});

test('numbers are read in any decimal spelling, and nothing else is one', async () => {
  const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number;
  const spelled: [string, number | bigint][] = [
    ['1e-5', 0.00001],
    ['+1.5', 1.5],
    ['.5', 0.5],
    ['5.', 5],
    ['1E+22', 1e22],
    ['-0', -0],
    [' 7 ', 7],
    ['007', 7],
    ['-Infinity', NEGATIVE_INFINITY],
    ['inf', POSITIVE_INFINITY],
    ['9007199254740993', 9007199254740993n],
    ['9007199254740994', 9007199254740994],
  ];
  const path = write('spelled.csv', `x\n${spelled.map(([text]) => text).join('\n')}\n`);
  expect(await cellsOf(path, 'x')).toEqual(spelled.map(([, value]) => value));
  for (const wrong of ['0x10', '1_000', '1 000', '5%', 'TRUE', '1.2.3', '--1']) {
    const { err } = await scan(good, write('wrong.csv', `x\n1\n${wrong}\n`), '--column', 'x');
    expect(err).toContain(`1 cell is no number and counts as missing: row 2 is ${JSON.stringify(wrong)}; name`);
  }
});

test('words for missing values are missing in a column of numbers, further ones by --missing', async () => {
  const words = ['?', '-', 'N/A', '#N/A', 'nan', 'NULL', 'None', 'NA', '<NA>', '""', '\\N', ' ? '];
  const path = write('gaps.csv', `x,t\n1,a\n${words.map((word) => `${word},b\n`).join('')}2,c\n`);
  expect((await cellsOf(path, 'x')).filter((cell) => !Number.isNaN(cell))).toEqual([1, 2]);
  const more = write('more.csv', 'x,y\n1,absent\n-999.0,2\n3,Gone\n');
  const { lines } = await scan(more, more, '--missing', 'absent', 'gone', '--missing=-999', '--window', '2');
  expect(lines).toMatchObject([
    { row: 3, column: 'x', d: 0, n: 2, m: 2 },
    { row: 3, column: 'y', d: 0, n: 1, m: 1 },
  ]);
});

test('without a header columns are named c1, c2, …; a header of numbers is doubted, unless it counts up', async () => {
  const data = write('data.csv', '39, State-gov, 77516\n50, ?, 83311\n');
  const { lines, err } = await scan(data, data, '--no-header', '--window', '2');
  expect(lines).toMatchObject([
    { row: 2, column: 'c1', d: 0, m: 2 },
    { row: 2, column: 'c3', d: 0, m: 2 },
  ]);
  expect(err).toBe('weir: not scanned: c2 (not numeric)\n');
  expect((await scan(data, data)).err).toMatch(/the first row holds numbers \(39\).*--no-header.*--column/);
  expect((await scan(data, data, '--column', '39')).status).toBe(0);
  const years = write('years.csv', 'country,2022,2023,2024\na,1,2,t\nb,3,4,t\n');
  expect((await scan(years, years, '--window', '2')).lines.map(({ column }) => column)).toEqual(['2022', '2023']);
});

test('columns that are not compared are named once', async () => {
  const head = 'x,word,comma,empty,twice,twice,gone\n';
  const reference = write('ref.csv', `${head}1,a,"1,5",,1,2,5\n2,b,"2,5",,1,2,5\n`);
  const current = write('cur.csv', 'x,word,comma,empty,twice\n1,a,"1,5",3,1\n2,b,"2,5",,1\n');
  const { lines, err } = await scan(reference, current, '--window', '2');
  expect(lines.map(({ column }) => column)).toEqual(['x']);
  expect(err.split('\n')).toHaveLength(2);
  expect(err).toMatch(
    /^weir: not scanned: word \(not numeric\); comma \(numbers with commas; give --decimal-comma, or write 1234\.5\); twice \(several columns of one name\); gone \(only in .*ref\.csv\); empty \(no values in .*ref\.csv\)$/m,
  );
  const hollow = write('hollow.csv', 'x\nNA\nNA\n');
  expect(await scan(good, hollow, '--column', 'x')).toMatchObject({
    status: 0,
    lines: [],
    err: `weir: not scanned: x (no values in ${hollow})\n`,
  });
});

test('a file that cannot be read right is refused, with what to do', async () => {
  const rows = Array.from({ length: 2_000 }, (_, index) => `${index},t`);
  const gzipped = gzipSync(rows.join('\n'));
  const torn = gzipped.subarray(0, gzipped.length - 20);
  const cases: [string | Uint8Array, RegExp, ...string[]][] = [
    ['x;y\n1,5;2\n', /row 1 is "1,5"; give --decimal-comma .*none of its cells is a number/, '--column', 'x'],
    ['x;y\n"1.234,5";2\n', /"1\.234,5"; give --decimal-comma/, '--column', 'x'],
    ['x,y\n1,2\n1\n', /row 2 \("1"\) has 1 cells, the header \("x,y"\) 2;.*--delimiter/],
    ['x,y\n1,2\n1,2,3\n', /row 2 \("1,2,3"\) has 3 cells/],
    ['x;y,z\n1;2,3\n', /can be read with "," or ";" between its cells; say which with --delimiter/],
    ['x,x\n1,2\n', /has 2 columns named "x"; rename them/, '--column', 'x'],
    ['t,x\n5" pipe,1\n', /is never closed/],
    ['t,x\n"5" pipe",1\n"a",2\n', /has a quote inside a cell|never closed/],
    ['x,y\n1,t\n', /has no column "z"; it has x, y$/, '--column', 'z'],
    ['\n\n', /blank lines only/],
    [torn, /cannot be read to its end: unexpected end of file; copy it again/, '--no-header'],
    [Buffer.from('größe,x\nü,1\n', 'latin1'), /is not UTF-8; convert it, as with: iconv -f ISO-8859-1 -t UTF-8/],
    [Buffer.concat([Buffer.from('x,y\n1,a\n2,'), Buffer.from([0xc3])]), /is not UTF-8; convert it/],
    [Buffer.from('x\n1\n2\n', 'utf16le'), /no text has; give CSV or NDJSON as UTF-8/],
    [gzipSync('PAR1'), /is gzipped Parquet; unpack it with gunzip/],
    [`x\n${'1'.repeat(17_000_000)}`, /line of more than 16777216 characters/],
  ];
  for (const [content, message, ...args] of cases) {
    const path = write('refused.csv', content);
    const { status, err } = await scan(path, path, ...args);
    expect({ status, lines: err.split('\n').length }).toEqual({ status: 2, lines: 1 });
    expect(err).toMatch(message);
  }
  const wide = write('wide.csv', `${Array.from({ length: 100 }, (_, at) => `c${at}`).join()}\n${'1,'.repeat(99)}1\n`);
  expect((await scan(good, wide, '--column', 'x')).err).toMatch(/no column "x"; it has c0, .*, c19 and 80 more$/);
  expect((await scan(good, '/dev/null')).err).toMatch(/pipe or device; save it as a file first/);
});
