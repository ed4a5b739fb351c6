/** `weir check` and the stream say the same of the same rows: rule, field, observed value and bound. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRules } from '@weir/anomaly/quality/lint';
import { decode } from '@weir/events/codec';
import type { PredictionLogged } from '@weir/events/generated/events';
import { parseFault } from '@weir/flights/inject';
import { MODEL, replay } from '@weir/flights/replay';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { check } from '../src/commands/check.ts';
import { rules } from '../src/commands/rules/rules.ts';
import { csvOf, linesOf, rowsOfFlights } from './fixtures/flight-rows.ts';
import { runCommand } from './fixtures/run-command.ts';
import { type Rows, streamVerdicts } from './fixtures/stream-verdicts.ts';

const PENGUINS = join(import.meta.dirname, 'fixtures/penguins-raw.csv');
let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'weir-'))));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

interface Told {
  readonly row: number;
  readonly rule: string;
  readonly field: string;
}

/** Every violation that `weir check` tells, as text. */
async function checkVerdicts(reference: string, current: string): Promise<readonly string[]> {
  const { out, err } = await runCommand(check, '--reference', reference, '--current', current, '--json', '--no-scores');
  expect(err).toBe('');
  const lines = out.trim().split('\n');
  const told = lines.map((line) => JSON.parse(line) as Told & { readonly summary?: unknown });
  return told.filter(({ summary }) => summary === undefined).map((each) => JSON.stringify(each));
}

/** The same of the stream. */
function streamed(reference: Rows, current: Rows): readonly string[] {
  return [...streamVerdicts(reference, current)].flatMap(([row, violations]) =>
    violations.map(({ rule, field, observed, bound }) => JSON.stringify({ row, rule, field, observed, bound })),
  );
}

const kindsOf = (verdicts: readonly string[]): ReadonlySet<string> =>
  new Set(verdicts.map((text) => (JSON.parse(text) as Told).rule));

/** Flights of the first of February: those before nine are the reference. */
async function flights(): Promise<{
  readonly reference: readonly PredictionLogged[];
  readonly current: readonly PredictionLogged[];
}> {
  const faults = ['unit:distance@2001-02-01T09:10Z', 'nulls:originTraffic@2001-02-01T09:20Z'].map(parseFault);
  const [untilMs, endMs] = [Date.parse('2001-02-01T09:00Z'), Date.parse('2001-02-01T10:00Z')];
  const [reference, current]: [PredictionLogged[], PredictionLogged[]] = [[], []];
  for await (const batch of replay(faults)) {
    for (const { topic, value } of batch) {
      const event = topic === 'predictions' ? (decode(value).event as PredictionLogged) : undefined;
      if (event?.model === MODEL && event.eventTimeMs < endMs)
        (event.eventTimeMs < untilMs ? reference : current).push(event);
    }
    if ((batch.at(-1)?.eventTimeMs ?? 0) >= endMs) break;
  }
  // Beside the faults of the numbers: an airport in lower case, one of four letters, one that is missing.
  const broken = current.map((each, row) => {
    const [origin, destination] = each.categorical as [string, string];
    const changed = [origin.toLowerCase(), `${origin}X`, null][row % 50];
    return changed === undefined ? each : { ...each, categorical: [changed, destination] };
  });
  return { reference, current: broken };
}

const ndjsonOf = (rows: Rows): string =>
  `${linesOf(rows, (entries) => JSON.stringify(Object.fromEntries(entries.map(([name, value]) => [name, Number.isNaN(value) ? null : value]))))}\n`;

// January trains the models of the flights.
test('flights with faults, as CSV and as NDJSON', { timeout: 60_000 }, async () => {
  const { reference, current } = await flights();
  const [before, after] = [rowsOfFlights(reference), rowsOfFlights(current)];
  expect(Math.min(before.rows, after.rows)).toBeGreaterThan(1_000);
  const expected = streamed(before, after);
  expect(expected.length).toBeGreaterThan(1_000);
  expect([...kindsOf(expected)]).toEqual(
    expect.arrayContaining(['NOT_INTEGER', 'MISSING', 'ABOVE_MAX', 'BAD_PATTERN', 'BAD_LENGTH']),
  );
  const csv = await checkVerdicts(write('reference.csv', csvOf(before)), write('current.csv', csvOf(after)));
  expect(csv).toEqual(expected);
  const ndjson = await checkVerdicts(
    write('reference.ndjson', ndjsonOf(before)),
    write('current.ndjson', ndjsonOf(after)),
  );
  expect(ndjson).toEqual(expected);
});

/**
 * Palmer Archipelago penguins as they were published (Horst, Hill & Gorman 2020, CC0; `penguins-raw.csv` of the package palmerpenguins):
 * quoted commas, names with spaces and brackets, NA, free text. The other reader is csv-parse.
 */
test('a CSV of somebody else, read by another reader', async () => {
  const [head = '', ...body] = readFileSync(PENGUINS, 'utf8').trimEnd().split(/\r?\n/);
  const reference = write('penguins.csv', [head, ...body.slice(0, 220)].join('\n'));
  const current = write('others.csv', [head, ...body.slice(220)].join('\n'));
  const inferred = parseRules((await runCommand(rules, 'infer', '--reference', reference)).out);
  const read = (path: string): Rows => {
    const cells = parse(readFileSync(path), { columns: true }) as Readonly<Record<string, string>>[];
    const column = <Value>(names: readonly { readonly name: string }[], of: (text: string | null) => Value) =>
      new Map(
        names.map(({ name }) => [name, cells.map((row) => of(row[name] === 'NA' ? null : (row[name] as string)))]),
      );
    return {
      numbers: column(inferred.numeric, (text) => (text === null ? Number.NaN : Number(text))),
      texts: column(inferred.categorical, (text) => text),
      rows: cells.length,
    };
  };
  expect(inferred.numeric.map(({ name }) => name)).toContain('Culmen Length (mm)');
  expect(inferred.categorical.map(({ name }) => name)).toContain('Stage');
  const expected = streamed(read(reference), read(current));
  // Other species in another year.
  expect([...kindsOf(expected)]).toEqual(expect.arrayContaining(['UNSEEN_CATEGORY', 'ABOVE_MAX']));
  expect(expected.length).toBeGreaterThan(50);
  expect(await checkVerdicts(reference, current)).toEqual(expected);
});
