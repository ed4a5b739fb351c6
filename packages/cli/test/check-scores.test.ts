/** Scores of `weir check` are those of the anomaly detector when the reference's rows have gone before. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ANOMALY_DEFAULTS } from '@weir/anomaly-detector/config';
import { Outliers } from '@weir/anomaly-detector/outliers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { finestLevel, leastRows, splitOf } from '../src/commands/check/score-split.ts';
import { check } from '../src/commands/check.ts';
import { runCommand } from './fixtures/run-command.ts';
import { type Rows, streamOddRows } from './fixtures/stream-verdicts.ts';
import { uniforms } from './fixtures/uniform.ts';

const CITIES = ['Aachen', 'Bonn', 'Celle', 'Düren'];
const ALPHA = 0.01;
const [BEFORE, AFTER] = [2_300, 600];

/** Distance and duration go together; one cell in fifty is missing. */
function rowsOf(seed: number, rows: number): Rows {
  const uniform = uniforms(seed);
  const below = (count: number): number => Math.floor(count * uniform());
  const [distance, duration, city]: [number[], number[], (string | null)[]] = [[], [], []];
  for (let row = 0; row < rows; row += 1) {
    const far = 100 * uniform();
    distance.push(Math.round(far));
    duration.push(below(50) === 0 ? Number.NaN : 0.75 * far + 5 * uniform());
    city.push(below(50) === 0 ? null : (CITIES[Math.min(below(4), below(4))] as string));
  }
  return {
    numbers: new Map([
      ['distance', distance],
      ['duration', duration],
    ]),
    texts: new Map([['city', city]]),
    rows,
  };
}

const reference = rowsOf(1, BEFORE);
const usual = rowsOf(2, AFTER);
/** The same with two rows that are usual in each column and odd as a whole. */
const current = withOddRows(usual);

function withOddRows(rows: Rows): Rows {
  const [distance = [], duration = []] = [...rows.numbers.values()];
  return {
    ...rows,
    numbers: new Map([
      ['distance', distance.with(100, 95).with(200, 3)],
      ['duration', duration.with(100, 4).with(200, 74)],
    ]),
  };
}

function csvOf({ numbers, texts, rows }: Rows): string {
  const columns = [...numbers.values(), ...texts.values()];
  const lines = Array.from({ length: rows }, (_, row) =>
    columns.map((column) => (column[row] === null || Number.isNaN(column[row]) ? '' : column[row])).join(','),
  );
  return `${[[...numbers.keys(), ...texts.keys()].join(','), ...lines].join('\n')}\n`;
}

interface Line {
  readonly row: number;
  readonly score?: number;
  readonly pValue: number;
  readonly isOdd: boolean;
  readonly features?: readonly { readonly feature: string; readonly observed: unknown; readonly expected: unknown }[];
  readonly scores?: { readonly odd: number; readonly split: { readonly learn: number; readonly heldOut: number } };
}

let folder: string;
let files: readonly string[];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-'));
  files = ['--reference', write('reference.csv', csvOf(reference)), '--current', write('current.csv', csvOf(current))];
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function linesOf(...args: readonly string[]): Promise<readonly Line[]> {
  const { out } = await runCommand(check, ...files, '--alpha', String(ALPHA), '--json', ...args);
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

const settingsOf = ({ scores }: Line) => ({
  learnEvents: scores?.split.learn as number,
  heldOutEvents: scores?.split.heldOut as number,
  eventsPerAlarm: 1 / ALPHA,
});

test.each([
  { args: [], numbers: ['distance', 'duration'], outputs: 0 },
  { args: ['--output', 'distance'], numbers: ['duration', 'distance'], outputs: 1 },
])('every row has the score and the p-value that the detector gives it, bit for bit %j', async (layout) => {
  const { numbers, outputs } = layout;
  const lines = await linesOf('--model', 'm', ...layout.args);
  const settings = settingsOf(lines.at(-1) as Line);
  const names = { numbers, outputs, texts: ['city'] };
  const outliers = new Outliers('m', names, { ...ANOMALY_DEFAULTS, ...settings });
  const cells = (rows: Rows, row: number) =>
    [
      Float64Array.from(numbers, (name) => rows.numbers.get(name)?.[row] as number),
      0,
      [...rows.texts.values()].map((column) => column[row] as string | null),
      0,
    ] as const;
  for (let row = 0; outliers.phase !== 'ready'; row += 1) outliers.warm(...cells(reference, row));
  const expected = Array.from({ length: AFTER }, (_, row) => {
    const { score, pValue, guarantee, isAlarm } = outliers.decide(...cells(current, row));
    expect(guarantee).toBe('reference');
    return { row: row + 1, score, pValue, isOdd: isAlarm };
  });
  const told = lines.filter(({ score }) => score !== undefined);
  expect(told.map(({ row, score, pValue, isOdd }) => ({ row, score, pValue, isOdd }))).toEqual(expected);
  expect(new Set(expected.map(({ score }) => score)).size).toBeGreaterThan(AFTER / 2);
});

test('odd rows and what makes them odd are those of the stream', async () => {
  const lines = await linesOf('--model', 'm');
  const streamed = streamOddRows(reference, current, settingsOf(lines.at(-1) as Line));
  const odd = lines.filter(({ isOdd }) => isOdd === true);
  expect(odd.map(({ row }) => row)).toEqual([...streamed.keys()]);
  expect(odd.map(({ row }) => row)).toEqual(expect.arrayContaining([101, 201]));
  for (const { row, score, pValue, features = [] } of odd) {
    const event = streamed.get(row);
    expect([score, pValue]).toEqual([event?.score, event?.pValue]);
    expect(features.map(({ feature }) => feature)).toEqual(event?.features.map(({ feature }) => feature));
    for (const [at, { feature, observed, expected }] of features.entries()) {
      if (feature === 'pairs of categories') continue;
      const column = current.numbers.get(feature) ?? current.texts.get(feature);
      expect(observed).toBe(Number.isNaN(column?.[row - 1]) ? null : column?.[row - 1]);
      const { expectedLow, expectedHigh } = event?.features[at] ?? {};
      expect(expected).toEqual(feature === 'city' ? null : [expectedLow, expectedHigh]);
    }
  }
  const others = await linesOf('--model', 'other');
  expect(others[0]?.score).not.toBe(lines[0]?.score);
});

test('people see the oddest rows, most odd first, and how many are expected', async () => {
  const args = [...files, '--alpha', String(ALPHA)];
  const { status, out, err } = await runCommand(check, ...args, '--limit', '2');
  expect({ status, err }).toEqual({ status: 0, err: '' });
  const odd = (await linesOf()).filter(({ isOdd }) => isOdd === true);
  const oddest = odd.toSorted((a, b) => (b.score as number) - (a.score as number)).slice(0, 2);
  const shown = out.split('\n').slice(0, 2);
  expect(shown.map((line) => Number(/^row (\d+): odd/.exec(line)?.[1]))).toEqual(oddest.map(({ row }) => row));
  expect(shown[0]).toMatch(/score 0\.\d{3}, p = 0\.\d+: .*(distance|duration) \S+ \(expected \S+ to \S+\)/);
  expect(out).toMatch(/\nand \d+ more odd rows; --json shows all\n0 of 600 rows break a rule\n/);
  expect(out).toMatch(
    /\n\d+ of 600 rows are odd at p ≤ 0\.01; expected 6 at most under no change, as many or more with probability [\d.e-]+ \(1164 rows of the reference learnt, 1136 compared with\)\n$/,
  );
});

test('odd rows fail where they are to fail, and JUnit has them as a case', async () => {
  const junit = join(folder, 'scores.xml');
  const status = async (...args: readonly string[]) =>
    (await runCommand(check, ...files, '--alpha', String(ALPHA), '--junit', junit, ...args)).status;
  expect(await status()).toBe(0);
  expect(readFileSync(junit, 'utf8')).toMatch(
    /tests="4" failures="0">[^]*<testcase classname="weir\.check\.scores" name="odd rows">\n {4}<system-out>\d+ of 600 rows are odd/,
  );
  expect(await status('--fail-on', 'excess')).toBe(0);
  expect(await status('--fail-on', 'odd')).toBe(1);
  expect(readFileSync(junit, 'utf8')).toMatch(
    /failures="1">[^]*<failure type="ODD_ROWS" message="\d+ of 600 rows are odd/,
  );
  const duration = usual.numbers.get('duration')?.map((value, row) => (row % 10 === 0 ? 74.9 - value : value));
  const broken = write(
    'broken.csv',
    csvOf({ ...usual, numbers: new Map([...usual.numbers, ['duration', duration ?? []]]) }),
  );
  expect(await status('--current', broken, '--allow', '1', '--fail-on', 'excess')).toBe(1);
});

test('a reference with too few rows for the level has no scores, and says so', async () => {
  const junit = join(folder, 'few.xml');
  const { status, out, err } = await runCommand(check, ...files, '--junit', junit);
  expect({ status, out }).toEqual({ status: 0, out: '0 of 600 rows break a rule\n' });
  expect(err).toMatch(
    /no scores: .*reference\.csv has 2300 rows that break no rule; p ≤ 0\.0001 needs 4256: give more rows, or --alpha 0\.0002\n$/,
  );
  expect(readFileSync(junit, 'utf8')).toMatch(/skipped="1">[^]*<skipped message="[^"]*needs 4256/);
  const asked = await runCommand(check, ...files, '--fail-on', 'odd');
  expect(asked).toMatchObject({ status: 2, err: expect.stringMatching(/--fail-on odd needs scores: /) as unknown });
  expect((await runCommand(check, ...files, '--alpha', '0.0002')).err).toBe('');
});

test('what no JSON number is: missing is null, infinite is text', async () => {
  const odd = write('infinite.csv', 'distance,duration,city\n90,-inf,Bonn\n,400,\n');
  const lines = await linesOf('--current', odd);
  const featuresOf = (row: number) => lines.find((line) => line.row === row && line.isOdd)?.features ?? [];
  expect(featuresOf(1)).toContainEqual(expect.objectContaining({ feature: 'duration', observed: '-Infinity' }));
  expect(featuresOf(2)).toContainEqual(expect.objectContaining({ feature: 'distance', observed: null }));
});

test('an output must be a column of numbers', async () => {
  const { status, err } = await runCommand(check, ...files, '--output', 'city');
  expect(status).toBe(2);
  expect(err).toMatch(/--output is "city"; .*reference\.csv has the columns of numbers distance, duration\n/);
});

test('rules alone where scores are not asked for', async () => {
  expect(await runCommand(check, ...files, '--no-scores')).toEqual({
    status: 0,
    out: '0 of 600 rows break a rule\n',
    err: '',
  });
});

test('rows that depend on those before them void the promise, and that is said', async () => {
  const { numbers, texts, rows } = reference;
  const order = Array.from((numbers.get('distance') ?? []).keys()).sort(
    (a, b) => (numbers.get('distance')?.[a] ?? 0) - (numbers.get('distance')?.[b] ?? 0),
  );
  const inOrder = <Value>(column: readonly Value[]) => order.map((row) => column[row] as Value);
  const sorted = write(
    'sorted.csv',
    csvOf({
      numbers: new Map([...numbers].map(([name, column]) => [name, inOrder(column)])),
      texts: new Map([...texts].map(([name, column]) => [name, inOrder(column)])),
      rows,
    }),
  );
  const { err } = await runCommand(check, '--reference', sorted, '--current', sorted, '--alpha', '0.01');
  expect(err).toMatch(/sorted\.csv: scores depend on those of the rows before \(lag-1 rank autocorrelation 0\.\d\d\)/);
});

describe('split', () => {
  test("the detector's own where there are rows enough, spread over a longer file", () => {
    const { learnEvents: learn, heldOutEvents: heldOut } = ANOMALY_DEFAULTS;
    expect(splitOf(learn + heldOut, 1e-4)).toEqual({ learn, heldOut, stride: 1 });
    expect(splitOf(3 * (learn + heldOut) + 5, 1e-4)).toEqual({ learn, heldOut, stride: 3 });
    expect(splitOf(learn + 40_000, 1e-5)).toEqual({ learn, heldOut: 40_000, stride: 1 });
  });

  test.each([0.1, 0.01, 1e-3, 3e-4, 1e-4, 1e-5])('at level %f no row is missing or taken twice', (alpha) => {
    const least = leastRows(alpha);
    expect(splitOf(least - 1, alpha)).toBeUndefined();
    for (let rows = least; rows < 100_000; rows += 997) {
      const { learn = 0, heldOut = 0, stride = 0 } = splitOf(rows, alpha) ?? {};
      expect(learn).toBeGreaterThanOrEqual(256);
      expect(heldOut * alpha).toBeGreaterThanOrEqual(0.4 - 1e-9);
      expect((learn + heldOut - 1) * stride + 1).toBeLessThanOrEqual(rows);
    }
  });

  test('the level that is advised is allowed', () => {
    for (let rows = 1_256; rows < 60_000; rows += 331)
      expect(leastRows(finestLevel(rows) as number)).toBeLessThanOrEqual(rows);
    expect(finestLevel(1_255)).toBeUndefined();
  });
});
