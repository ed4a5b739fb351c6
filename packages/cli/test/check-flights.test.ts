/** `weir check` on flights of 2001: rows, scores and reasons are those of the service on the same rows, one after the other. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ANOMALY_DEFAULTS } from '@weir/anomaly-detector/config';
import { Outliers } from '@weir/anomaly-detector/outliers';
import { decode } from '@weir/events/codec';
import type { PredictionLogged } from '@weir/events/generated/events';
import { MODEL, replay } from '@weir/flights/replay';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { check } from '../src/commands/check.ts';
import { csvOf, rowsOfFlights } from './fixtures/flight-rows.ts';
import { runCommand } from './fixtures/run-command.ts';
import { type Rows, streamOddRows, streamVerdicts } from './fixtures/stream-verdicts.ts';

const ALPHA = 0.01;
/** Of each kind; one row in so many is broken. */
const ROWS = 2_400;
const BROKEN_EVERY = 60;

interface Line {
  readonly row: number;
  readonly rule?: string;
  readonly field?: string;
  readonly observed?: string;
  readonly bound?: string;
  readonly score?: number;
  readonly pValue?: number;
  readonly isOdd?: boolean;
  readonly features?: readonly { readonly feature: string }[];
  readonly summary?: unknown;
  readonly scores?: { readonly split: { readonly learn: number; readonly heldOut: number } };
}

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'weir-'))));
afterAll(() => rmSync(folder, { recursive: true }));

/** Every second flight is of the reference, so that the others are exchangeable with it. */
async function flights(): Promise<{ readonly reference: Rows; readonly current: Rows }> {
  const [reference, current]: [PredictionLogged[], PredictionLogged[]] = [[], []];
  for await (const batch of replay([])) {
    for (const { topic, value } of batch) {
      const event = topic === 'predictions' ? (decode(value).event as PredictionLogged) : undefined;
      if (event?.model === MODEL) (reference.length > current.length ? current : reference).push(event);
    }
    if (current.length >= ROWS) break;
  }
  const before = rowsOfFlights(reference.slice(0, ROWS));
  return { reference: before, current: withFaults(rowsOfFlights(current.slice(0, ROWS))) };
}

/** A distance in another unit, and one that is usual by itself but not of that flight. */
function withFaults(rows: Rows): Rows {
  const distances = rows.numbers.get('distance') ?? [];
  const broken = distances.map((value, row) => {
    if (row % BROKEN_EVERY === 1) return 1.609 * value;
    return row % BROKEN_EVERY === 31 ? (distances[(row + 777) % rows.rows] as number) : value;
  });
  return { ...rows, numbers: new Map([...rows.numbers, ['distance', broken]]) };
}

async function linesOfCheck(reference: Rows, current: Rows): Promise<readonly Line[]> {
  const [before, after] = [join(folder, 'before.csv'), join(folder, 'after.csv')];
  writeFileSync(before, csvOf(reference));
  writeFileSync(after, csvOf(current));
  const files = ['--reference', before, '--current', after];
  const { out } = await runCommand(check, ...files, '--alpha', String(ALPHA), '--model', 'm', '--json');
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

/** What the forest of the service says of each row, rows that break a rule left out of its warm-up. */
function decided(reference: Rows, current: Rows, settings: { learnEvents: number; heldOutEvents: number }) {
  const names = { numbers: [...current.numbers.keys()], outputs: 0, texts: [...current.texts.keys()] };
  const outliers = new Outliers('m', names, { ...ANOMALY_DEFAULTS, ...settings, eventsPerAlarm: 1 / ALPHA });
  const cells = (rows: Rows, row: number) =>
    [
      Float64Array.from(names.numbers, (name) => rows.numbers.get(name)?.[row] as number),
      0,
      [...rows.texts.values()].map((column) => column[row] as string | null),
      0,
    ] as const;
  const unclean = streamVerdicts(reference, reference);
  for (let row = 0; outliers.phase !== 'ready'; row += 1)
    if (!unclean.has(row + 1)) outliers.warm(...cells(reference, row));
  return Array.from({ length: current.rows }, (_, row) => {
    const { score, pValue, isAlarm, guarantee } = outliers.decide(...cells(current, row));
    expect(guarantee).toBe('reference');
    return { row: row + 1, score, pValue, isOdd: isAlarm };
  });
}

test('flights: verdicts, scores, p-values and columns of every row are those of the service', {
  timeout: 120_000,
}, async () => {
  const { reference, current } = await flights();
  const lines = await linesOfCheck(reference, current);
  const { learn: learnEvents = 0, heldOut: heldOutEvents = 0 } = lines.at(-1)?.scores?.split ?? {};
  const settings = { learnEvents, heldOutEvents };

  const scored = lines.filter(({ score }) => score !== undefined);
  const shown = scored.map(({ row, score, pValue, isOdd }) => ({ row, score, pValue, isOdd }));
  expect(shown).toEqual(decided(reference, current, settings));
  expect(new Set(shown.map(({ score }) => score)).size).toBeGreaterThan(ROWS / 2);

  // The service itself, its bytes in and its bytes out.
  const streamed = streamOddRows(reference, current, { ...settings, eventsPerAlarm: 1 / ALPHA });
  const odd = scored.filter(({ isOdd }) => isOdd);
  expect(odd.length).toBeGreaterThan(10);
  expect(odd.map(({ row }) => row)).toEqual([...streamed.keys()]);
  for (const { row, score, pValue, features = [] } of odd) {
    const event = streamed.get(row);
    expect([score, pValue]).toEqual([event?.score, event?.pValue]);
    expect(features.map(({ feature }) => feature)).toEqual(event?.features.map(({ feature }) => feature));
  }

  const violations = [...streamVerdicts(reference, current)].flatMap(([row, all]) =>
    all.map(({ rule, field, observed, bound }) => ({ row, rule, field, observed, bound })),
  );
  expect(violations.length).toBeGreaterThan(20);
  const told = lines.filter(({ rule, summary }) => rule !== undefined && summary === undefined);
  expect(told).toEqual(violations);
});
