import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { cellsOf, folder, scan } from './fixtures/scan.ts';

const { write, remove } = folder();
afterAll(remove);

const good = write('good.ndjson', '{"x":1}\n{"x":2}\n');

test.each([
  ['a byte-order mark and CRLF', '\uFEFF{"x":1}\r\n\r\n{"x":3}\r\n'],
  ['NaN and Infinity as Python writes them', '{"x":1,"s":"NaN"}\n{"x":3,"y":NaN,"z":-Infinity}\n'],
  ['numbers in strings', '{"x":"1"}\n{"x":" 3.0 "}\n'],
])('%s', async (_, text) => {
  expect(await cellsOf(write('a.ndjson', text), 'x')).toEqual([1, 3]);
  expect(await cellsOf(write('no-ending', text), 'x')).toEqual([1, 3]);
  expect(await cellsOf(write('gzipped.jsonl', gzipSync(text)), 'x')).toEqual([1, 3]);
});

test('values keep their digits, and what is not there is missing', async () => {
  const rows = ['9007199254740993', '-9007199254740993', '1e300', '"18446744073709551615"', 'NaN', '-Infinity', 'null'];
  const text = `${rows.map((value) => `{"x":${value},"deep":{"x":NaN}}\n`).join('')}{"y":1}\n{"x":2.5}\n`;
  const { NaN: missing, NEGATIVE_INFINITY } = Number;
  expect(await cellsOf(write('digits.ndjson', text), 'x')).toEqual([
    9007199254740993n,
    -9007199254740993n,
    1e300,
    18446744073709551615n,
    missing,
    NEGATIVE_INFINITY,
    missing,
    missing,
    2.5,
  ]);
});

test('any key may be a column, and values of other kinds are named', async () => {
  const text = '{"__proto__":1,"toString":2,"o":{},"a":[1],"b":true,"s":"t","n":null}\n{"toString":3}\n';
  const path = write('keys.ndjson', text);
  const { lines, err } = await scan(path, path, '--window', '2');
  expect(lines).toMatchObject([
    { row: 2, column: 'toString', n: 2, m: 2 },
    { row: 2, column: '__proto__', n: 1, m: 1 },
  ]);
  expect(err).toBe(
    'weir: not scanned: o, a, b, s (not numeric); n (no values in the first rows; name it with --column)\n',
  );
});

test('a key that appears late is scanned when named, and pointed out when not', async () => {
  const row = (index: number): string => (index < 1_200 ? '{"y":1}\n' : `{"y":1,"late":${index}}\n`);
  const path = write('late.ndjson', Array.from({ length: 2_000 }, (_, index) => row(index)).join(''));
  expect(await scan(path, path, '--column', 'late', '--window', '800')).toMatchObject({
    lines: [{ row: 2_000, d: 0, n: 800, m: 800 }],
    err: '',
  });
  const unnamed = await scan(path, path);
  expect(unnamed.lines.map(({ column }) => column)).toEqual(['y', 'y']);
  expect(unnamed.err).toBe('weir: not scanned: late (not in the first rows; name it with --column)\n');
});

test('bad lines are refused, with what to do', async () => {
  const torn = gzipSync('{"x":1}\n'.repeat(50_000));
  const cases: [string | Uint8Array, RegExp, ...string[]][] = [
    ['{"x":1}\n{"x":', /line 2 is not JSON:.*give one JSON object a line/],
    ['{"x":1},\n', /line 1 is not JSON/],
    ['{\n"x": 1\n}\n', /line 1 is not JSON/],
    ['{"x":1}\n[1]\n', /line 2 is not a JSON object; give one object a line/],
    ['{"x":true}\n', /column x: 1 cell is no number.*row 1 is true; .*none of its cells is a number/, '--column', 'x'],
    [`{"x":${JSON.stringify('long '.repeat(99))}}`, /row 1 is "long.{50,60}…; name/, '--column', 'x'],
    ['{"x":1}\n', /has no column "xx"; it has x$/, '--column', 'xx'],
    ['{"x\\n":1}\n', /has no column "x"; it has "x\\n"$/, '--column', 'x'],
    ['{"x":"t"}\n', /share no column of numbers; they have x \(not numeric\)/],
    [torn.subarray(0, torn.length - 30), /cannot be read to its end: unexpected end of file/],
  ];
  for (const [content, message, ...args] of cases) {
    const { status, err } = await scan(good, write('bad.ndjson', content), ...args);
    expect({ status, lines: err.split('\n').length }).toEqual({ status: 2, lines: 1 });
    expect(err).toMatch(message);
  }
  expect((await scan(good, write('array.json', '[{"x":1}]'))).err).toMatch(/JSON array; write one JSON object a line/);
});
