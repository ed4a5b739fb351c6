/** What people tell it, and what is not watched. */

import { encode } from '@weir/events/codec';
import { predictionOf, referenceSetOf, registrationOf } from '@weir/testkit/events';
import { expect, test } from 'vitest';
import type { DriftConfig } from '../src/config.ts';
import { Folded, range } from './folded.ts';
import { commandOf } from './golden-state.ts';

const CONFIG: Partial<DriftConfig> = { countWindows: [50, 200], readingsPerFalseAlarm: 1_000 };
const even = (index: number): number => (index * 0.618_034) % 1;

function registered(change: Partial<DriftConfig> = {}): Folded {
  const folded = new Folded({ ...CONFIG, ...change });
  folded.records('models', [registrationOf(['x'], { model: 'm' })]);
  const values = range(500).map((index) => index / 500);
  folded.records('references', [referenceSetOf({ model: 'm', column: 'x', values, counts: values.map(() => 1) })]);
  return folded;
}

function feed(folded: Folded, from: number, to: number, shift: number): void {
  folded.records(
    'predictions',
    range(to - from).map((at) => {
      const index = from + at;
      return predictionOf({ model: 'm', id: `p${index}`, eventTimeMs: index, numeric: [even(index) + shift] });
    }),
  );
}

interface DriftView {
  readonly monitoring: string;
  readonly notWatched: readonly { readonly column: string; readonly reason: string }[];
  readonly mutes: readonly object[];
  readonly columns: readonly {
    readonly reference: { readonly isSelf: boolean; readonly source: string; readonly size: number };
  }[];
  readonly verdicts: readonly {
    readonly rule: string;
    readonly verdict: string;
    readonly alert: { readonly id: string; readonly acknowledged: object | null } | null;
  }[];
}

test('rebase makes the present values the reference, ends the alerts, and counts once', () => {
  const folded = registered();
  feed(folded, 0, 400, 0);
  feed(folded, 400, 800, 0.5);
  const raised = folded.said().filter(({ event }) => event.escalates === null);
  expect(raised.map(({ event }) => event.rule).sort()).toEqual(['ks-200', 'ks-50']);
  const command = commandOf('rebase', { column: 'x' }, { id: 'c1' });
  folded.records('commands', [command]);
  const ended = folded.said();
  expect(ended.map(({ name, event }) => [name, event.reason, event.evidence.eventId])).toEqual([
    ['AlertResolved', 'rebased', 'c1'],
    ['AlertResolved', 'rebased', 'c1'],
  ]);
  feed(folded, 800, 1_400, 0.5);
  folded.records('commands', [command]);
  expect(folded.said()).toEqual([]);
  expect(folded.view<DriftView>('drift/m').columns).toMatchObject([
    { reference: { source: 'weir:rebase', size: 200 } },
  ]);
  // What was the reference is drift now.
  feed(folded, 1_400, 1_700, 0);
  expect(folded.said().map(({ name }) => name)).toContain('AlertRaised');
  expect(folded.rejections).toEqual([]);
});

test('commands that cannot be carried out are refused with the cure, and those of other services are left alone', () => {
  const folded = registered();
  feed(folded, 0, 100, 0);
  folded.records('commands', [
    commandOf('rebase', { column: 'x' }),
    commandOf('rebase', { column: 'y' }),
    commandOf('rebase', { column: 'x' }, { model: 'stranger' }),
    commandOf('mute', { column: 'x', until: 'tomorrow' }),
    commandOf('freeze', {}),
    commandOf('freeze', {}, { model: 'stranger' }),
    commandOf('acknowledge', { alert: 'of another service' }),
  ]);
  expect(folded.rejections.map(({ code }) => code).sort()).toEqual([
    'BAD_COMMAND',
    'BAD_COMMAND',
    'UNKNOWN_COLUMN',
    'UNKNOWN_MODEL',
  ]);
  expect(folded.rejections.map(({ message }) => message).join('\n')).toMatch(/holds 100 of 200 values[^]*"tomorrow"/);
  // A policy on the models topic is another service's business.
  const principal = { id: 'ada', roles: [] };
  folded.records('models', [
    encode('PolicySet', { model: 'm', policy: '{}', hash: '', principal, eventTimeMs: 1, id: 'p' }),
  ]);
  expect(folded.rejections).toHaveLength(4);
});

test('an acknowledgement is shown until the alert becomes another one, a mute until its time', () => {
  const folded = registered({ countWindows: [50] });
  feed(folded, 0, 300, 0);
  feed(folded, 300, 500, 0.4);
  const [raised] = folded.said();
  const alertOf = () => folded.view<DriftView>('drift/m').verdicts.find(({ rule }) => rule === 'ks-50')?.alert;
  expect(alertOf()).toMatchObject({ id: raised?.event.id, acknowledged: null });
  folded.records('commands', [
    commandOf('acknowledge', { alert: raised?.event.id ?? '' }),
    commandOf('mute', { column: 'x', until: '1970-01-01T01:00:00Z' }),
    commandOf('mute', { until: '1970-01-02T00:00:00Z' }),
  ]);
  expect(alertOf()?.acknowledged).toEqual({ by: 'ada', reason: 'seen', atMs: 1_000 });
  expect(folded.view<DriftView>('drift/m').mutes).toMatchObject([
    { column: 'x', until: '1970-01-01T01:00:00.000Z', by: 'ada' },
    { column: null, until: '1970-01-02T00:00:00.000Z' },
  ]);
  folded.records('commands', [commandOf('mute', { until: '1970-01-03T00:00:00Z' }, { issuedMs: 4_000_000 })]);
  expect(folded.view<DriftView>('drift/m').mutes).toMatchObject([{ column: null, until: '1970-01-03T00:00:00.000Z' }]);
  feed(folded, 500, 700, 60);
  expect(folded.said()[0]?.event.escalates).toBe(raised?.event.id);
  expect(alertOf()).toMatchObject({ id: raised?.event.id, acknowledged: null });
});

function mixed(change: Partial<DriftConfig>): Folded {
  const folded = new Folded({ ...CONFIG, ...change });
  const feature = (name: string, type: 'numeric' | 'categorical') => ({ name, type, unit: null, protected: false });
  const featureSet = { id: 'fs', features: [feature('city', 'categorical'), feature('x', 'numeric')] };
  folded.records('models', [registrationOf([], { model: 'm', featureSet })]);
  return folded;
}

function feedMixed(folded: Folded, from: number, to: number, shift: number): void {
  const values = range(to - from).map((at) => {
    const index = from + at;
    const numeric = [index % 10 === 9 ? Number.NaN : even(index) + shift];
    return predictionOf({ model: 'm', id: `p${index}`, eventTimeMs: index, numeric, categorical: ['Berlin'] });
  });
  folded.records('predictions', values);
}

test('a model without a reference is unmonitored, and each column says why it is not watched', () => {
  const folded = mixed({});
  feedMixed(folded, 0, 500, 0);
  const view = folded.view<DriftView>('model/m');
  expect(view).toMatchObject({
    monitoring: 'unmonitored',
    events: 500,
    notWatched: [
      { column: 'city', reason: 'categorical and boolean columns are not tested' },
      { column: 'x', reason: expect.stringContaining('send a ReferenceSet') as unknown },
    ],
  });
  expect(folded.rejections).toEqual([]);
});

function withReference(countWindows: readonly number[], ...sizes: readonly number[]) {
  const folded = new Folded({ countWindows, readingsPerFalseAlarm: 1e6 });
  folded.records('models', [registrationOf(['x'], { model: 'm' })]);
  return sizes.map((size) => {
    const values = [...range(size)];
    const reference = { model: 'm', column: 'x', values, counts: values.map(() => 1), id: `r${size}` };
    folded.records('references', [referenceSetOf(reference)]);
    return folded.view<DriftView>('drift/m').notWatched;
  });
}

test('rules that can never raise are named, with the size of a reference that is enough', () => {
  const [tooSmall, less, least] = withReference([50, 200], 5, 8, 9);
  const reason = 'ks-50, ks-200 can never raise: its reference of 5 values is too small; send one of 9 or more';
  expect(tooSmall).toEqual([{ column: 'x', reason }]);
  expect(less).toMatchObject([{ reason: expect.stringMatching(/^ks-50 can never raise: .* of 8 values/) as unknown }]);
  expect(least).toEqual([]);
});

test('a window that no reference is large enough for is named, with the settings to change', () => {
  const [found] = withReference([6, 200], 500);
  expect(found).toEqual([
    {
      column: 'x',
      reason: expect.stringMatching(/^ks-6 can never raise: .* enlarge WEIR_DRIFT_WINDOWS or/) as unknown,
    },
  ]);
});

test('first values become the reference when that is asked for, and every alert says so', () => {
  const folded = mixed({ selfReference: 300 });
  feedMixed(folded, 0, 300, 0);
  expect(folded.view<DriftView>('drift/m')).toMatchObject({
    monitoring: 'learning',
    notWatched: [
      { column: 'city' },
      { column: 'x', reason: expect.stringContaining('270 of the 300 values') as unknown },
    ],
  });
  feedMixed(folded, 300, 1_000, 0);
  expect(folded.said()).toEqual([]);
  expect(folded.view<DriftView>('drift/m')).toMatchObject({
    monitoring: 'monitored',
    columns: [{ column: 'x', reference: { isSelf: true, size: 300, missing: 33 } }],
  });
  feedMixed(folded, 1_000, 1_500, 0.5);
  const said = folded.said();
  expect(said.length).toBeGreaterThan(0);
  for (const { event } of said) expect(event.labels).toEqual({ reference: 'self' });
});
