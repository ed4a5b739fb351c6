import { expect, test } from 'vitest';
import { profileOf } from '../../src/quality/profile.ts';
import { categoricalReferenceProfile, numericReferenceProfile } from '../../src/quality/reference-profile.ts';
import { SerialProfile } from '../../src/quality/serial-profile.ts';
import { StreamFaults } from '../../src/sequential/stream-faults.ts';
import { StateReader } from '../../src/state/state-reader.ts';
import { StateWriter } from '../../src/state/state-writer.ts';
import { drawsOf } from '../streams.ts';

function tallied<Value>(sorted: readonly Value[]): { values: Value[]; counts: number[] } {
  const values = [...new Set(sorted)];
  return { values, counts: values.map((value) => sorted.filter((each) => each === value).length) };
}

const draws = drawsOf(7);
const random = (): number => draws.uniform();
const NUMBERS = Array.from({ length: 2_000 }, () => Math.floor(60 * random() ** 2));
const TEXTS = NUMBERS.map((number) => `c${number % 7}`);

test('counted values and their order give the profile of the events themselves', () => {
  const events = NUMBERS.map((number, i) => ({
    numeric: [i % 10 === 0 ? Number.NaN : number],
    categorical: [TEXTS[i] as string],
  }));
  const whole = profileOf({ numeric: ['x'], categorical: ['c'] }, events);
  const present = events.flatMap(({ numeric: [x = 0] }) => (Number.isNaN(x) ? [] : [x])).sort((a, b) => a - b);
  const serial = new SerialProfile(whole.numeric, 1);
  for (const event of events) serial.add(event);
  const numbers = tallied(present);
  const { move, strayShare, rows, ...numeric } = numericReferenceProfile(
    'x',
    numbers.values,
    numbers.counts,
    events.length - present.length,
    serial.numeric(0),
  );
  expect(numeric).toEqual(whole.numeric[0]);
  expect([rows, strayShare]).toEqual([2_000, 0]);
  expect(move).toBeGreaterThan(0);
  const texts = tallied(TEXTS.toSorted());
  const { rows: textRows, ...text } = categoricalReferenceProfile(
    'c',
    texts.values,
    texts.counts,
    0,
    serial.categorical(0),
  );
  expect(text).toEqual(whole.categorical[0]);
  expect(textRows).toBe(2_000);
});

const DAY = 14_400;

/** A column that rises and falls over a day of 14,400 events, far from its whole law in any window, and one beside it that does not. */
function dayEvents(count: number, from = 0): { numeric: number[]; categorical: [] }[] {
  return Array.from({ length: count }, (_, i) => {
    const at = (from + i) / DAY;
    return { numeric: [10 + 9 * Math.sin(2 * Math.PI * at), 100 + 50 * random()], categorical: [] };
  });
}

function faultsOfDays(): { faults: StreamFaults; again: () => StreamFaults } {
  const events = dayEvents(2 * DAY);
  const plain = profileOf({ numeric: ['hour', 'price'], categorical: [] }, events);
  const serial = new SerialProfile(plain.numeric, 0);
  for (const event of events) serial.add(event);
  const numeric = plain.numeric.map((each, i) => ({ ...each, ...serial.numeric(i) }));
  expect(numeric.map(({ strayShare }) => (strayShare as number) > 0.5)).toEqual([true, false]);
  const again = (): StreamFaults => new StreamFaults({ ...plain, numeric });
  return { faults: again(), again };
}

test('a column that strays by itself is called nothing until it jumps by the factor of a unit', () => {
  const { faults } = faultsOfDays();
  const kinds: string[] = [];
  for (const event of dayEvents(2 * DAY))
    for (const { fault, field } of faults.add(event, 0)) kinds.push(`${fault} ${field}`);
  expect(kinds).toEqual([]);
  for (const { numeric, categorical } of dayEvents(DAY)) {
    const sent = { numeric: [(numeric[0] as number) * 60, numeric[1] as number], categorical };
    for (const { fault, field, factor } of faults.add(sent, 0)) kinds.push(`${fault} ${field} ${factor}`);
  }
  expect(kinds).toEqual(['unit-change hour 60']);
  expect(faults.isOpen('unit-change', 'hour')).toBe(true);
  for (const event of dayEvents(DAY)) faults.add(event, 0);
  expect(faults.isOpen('unit-change', 'hour')).toBe(false);
});

test('a steady column is compared with its reference, in two windows in succession', () => {
  const { faults } = faultsOfDays();
  const found: string[] = [];
  for (const [i, { numeric, categorical }] of dayEvents(2_048).entries()) {
    const sent = { numeric: [numeric[0] as number, (numeric[1] as number) * 60], categorical };
    for (const { fault, field, factor } of faults.add(sent, 0)) found.push(`${fault} ${field} ${factor} at ${i + 1}`);
  }
  expect(found).toEqual(['unit-change price 60 at 512']);
});

test('saved and restored at any cut, tests with the order of values go on as if they had never stopped', () => {
  const { faults, again } = faultsOfDays();
  let restored = again();
  let differing = 0;
  for (const [i, { numeric, categorical }] of dayEvents(3_000).entries()) {
    const factor = i > 1_500 ? 60 : 1;
    const sent = { numeric: [(numeric[0] as number) * factor, numeric[1] as number], categorical };
    expect(restored.add(sent, 0)).toEqual(faults.add(sent, 0));
    if (i % 97 === 0) {
      const state = faults.save();
      restored = again();
      restored.restore(state);
      differing += Buffer.from(restored.save()).equals(Buffer.from(state)) ? 0 : 1;
    }
  }
  expect(differing).toBe(0);
});

test('the order of values goes on from its bytes', () => {
  const profile = profileOf(
    { numeric: ['x'], categorical: ['c'] },
    NUMBERS.map((x, i) => ({ numeric: [x], categorical: [TEXTS[i] as string] })),
  );
  const kind = { id: 99, name: 'order', version: 1, oldest: 1 };
  const bytesOf = (serial: SerialProfile): Buffer => {
    const writer = new StateWriter();
    serial.write(writer);
    return Buffer.from(writer.finish(kind));
  };
  const whole = new SerialProfile(profile.numeric, 1);
  let cut = new SerialProfile(profile.numeric, 1);
  for (const [i, x] of NUMBERS.entries()) {
    const event = { numeric: [x], categorical: [TEXTS[i] as string] };
    whole.add(event);
    cut.add(event);
    if (i % 131 !== 0) continue;
    const bytes = bytesOf(cut);
    cut = new SerialProfile(profile.numeric, 1);
    cut.read(new StateReader(new Uint8Array(bytes).buffer, kind));
  }
  expect(bytesOf(cut).equals(bytesOf(whole))).toBe(true);
});
