import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { exactInteger } from '../src/tables/cell.ts';
import { cellsOf, folder, scan } from './fixtures/scan.ts';

const GOLDEN = join(import.meta.dirname, 'fixtures/golden');
const fixture = (name: string): string => join(GOLDEN, `${name}.parquet`);
const { meta: _, ...FILES } = JSON.parse(readFileSync(join(GOLDEN, 'parquet.json'), 'utf8')) as Record<
  string,
  Record<string, readonly (string | null)[]>
>;

const { write, remove } = folder();
afterAll(remove);

function cellIn(text: string | null): number | bigint {
  if (text === null) return Number.NaN;
  return /^-?\d+$/.test(text) ? exactInteger(BigInt(text)) : Number(text.replace('inf', 'Infinity'));
}

const columns = Object.entries(FILES).flatMap(([file, expected]) =>
  Object.entries(expected).map(([column, texts]) => ({ file, column, texts })),
);

test.each(columns)('$file, column $column holds what pyarrow wrote', async ({ file, column, texts }) => {
  expect(await cellsOf(fixture(file), column)).toEqual(texts.map(cellIn));
});

test('columns that hold no numbers are named, and refused when asked for', async () => {
  const others = fixture('others');
  const { lines, err } = await scan(others, others, '--window', '5');
  expect(lines).toMatchObject([{ row: 6, column: 'a.b', d: 0, n: 5, m: 5 }]);
  expect(err).toBe(
    `weir: not scanned: text, yes (not numeric); day (dates and times); list, a (nested); none (no values in the first rows; name it with --column); empty (no values in ${others})\n`,
  );
  for (const [column, message] of [
    ['text', /column "text" holds UTF8, not numbers; write it as numbers, or choose other columns with --column/],
    ['yes', /holds BOOLEAN, not numbers/],
    ['a', /holds nested values/],
    ['b', /has no column "b"; it has a\.b, text/],
    ['empty', /column "empty" has no values/],
  ] as const) {
    expect(await scan(others, others, '--column', column)).toMatchObject({
      status: 2,
      err: expect.stringMatching(message) as string,
    });
  }
});

test('a damaged file is refused in one line', async () => {
  const whole = readFileSync(fixture('checksums'));
  const flipped = Buffer.from(whole);
  flipped[200] = (flipped[200] as number) ^ 1;
  const sizes = Buffer.from(whole);
  sizes.fill(0xff, 6, 9);
  const cases: [Uint8Array, RegExp][] = [
    [flipped, /rows 1 to 60 cannot be read: the page at byte 4 does not match its checksum; copy or write it again/],
    [sizes, /rows 1 to 60 cannot be read/],
    [whole.subarray(0, 300), /is not a whole Parquet file/],
    [whole.subarray(0, 4), /is not a whole Parquet file/],
    [
      Buffer.concat([whole.subarray(0, 4), Buffer.from([255, 255, 255, 127]), Buffer.from('PAR1')]),
      /not a whole Parquet/,
    ],
    [Buffer.from('x\n1\n'), /is not Parquet: it does not begin with PAR1/],
  ];
  for (const [bytes, message] of cases) {
    const { status, err } = await scan(fixture('checksums'), write('bad.parquet', bytes));
    expect({ status, lines: err.split('\n').length }).toEqual({ status: 2, lines: 1 });
    expect(err).toMatch(message);
  }
});
