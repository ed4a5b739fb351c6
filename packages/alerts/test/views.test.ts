import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from '@weir/events/codec';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AlertOutput, escalateAlert, raiseAlert, resolveAlert } from '../src/alert.ts';
import type { OpenAlert } from '../src/open-alert.ts';
import { alertViews } from '../src/views.ts';
import { cause, DETAILS, finding, LEVELS, SUBJECT } from './findings.ts';

/** The largest long that avsc writes. */
const MAX_LONG = Number.MAX_SAFE_INTEGER - 1;

type Json = Readonly<Record<string, unknown>>;
const viewsOf = ({ value, id, eventTimeMs }: AlertOutput) => alertViews(value, id, eventTimeMs);
const parsed = (json: string | null): Json => JSON.parse(json as string) as Json;

test('a raised alert stands in the history and among the open ones', () => {
  const { open, output } = raiseAlert(finding(), cause('p7', 1_700_000_000_123), LEVELS);
  const [told, opened, ...rest] = viewsOf(output);
  expect(rest).toEqual([]);
  expect(told?.key).toBe(`alert/0001700000000123/${open.id}`);
  expect(opened).toEqual({ key: `open-alert/${open.id}`, json: told?.json });
  expect(parsed(told?.json ?? null)).toMatchObject({
    state: 'raised',
    model: 'delay',
    eventTimeMs: 1_700_000_000_123,
    eventTime: '2023-11-14T22:13:20.123Z',
    sinceMs: 900,
    since: '1970-01-01T00:00:00.900Z',
    window: { size: 1_000, from: '1970-01-01T00:00:00.500Z', to: '1970-01-01T00:00:01.000Z' },
  });
});

test('an escalation stands in the history, and takes the place of the open alert', () => {
  const raised = raiseAlert(finding(), cause('p7'), LEVELS);
  const { output } = escalateAlert(raised.open, finding({ effect: 1 }), cause('p8', 2_000), LEVELS);
  const [told, opened] = viewsOf(output);
  expect(told?.key).toBe(`alert/0000000000002000/${output.id}`);
  expect(opened?.key).toBe(`open-alert/${raised.open.id}`);
  expect(parsed(opened?.json ?? null)).toMatchObject({
    id: output.id,
    escalates: raised.open.id,
    severity: 'critical',
  });
});

test('a resolved alert stands in the history, is no longer open, and has a resolution', () => {
  const { open } = raiseAlert(finding(), cause('p7'), LEVELS);
  const output = resolveAlert(open, finding(), cause('p9', 3_000), 'recovered');
  const [told, opened, resolution] = viewsOf(output);
  expect(parsed(told?.json ?? null)).toMatchObject({ state: 'resolved', raisedAt: '1970-01-01T00:00:01.000Z' });
  expect(opened).toEqual({ key: `open-alert/${open.id}`, json: null });
  expect(resolution?.key).toBe(`resolution/0000000000001000/${open.id}`);
  expect(parsed(resolution?.json ?? null)).toEqual({
    raisedId: open.id,
    raisedAtMs: 1_000,
    raisedAt: '1970-01-01T00:00:01.000Z',
    id: output.id,
    model: 'delay',
    fingerprint: open.fingerprint,
    reason: 'recovered',
    summary: finding().summary,
    eventTimeMs: 3_000,
    eventTime: '1970-01-01T00:00:03.000Z',
  });
});

test('whatever is raised, escalated and resolved, the entries of open alerts are the alerts that are open', () => {
  const rules = ['a', 'b', 'c'];
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...rules), { maxLength: 40 }),
      fc.infiniteStream(fc.boolean()),
      (run, escalates) => {
        const open = new Map<string, OpenAlert>();
        const views = new Map<string, string>();
        for (const [at, rule] of run.entries()) {
          const found = finding({ rule });
          const why = cause(`p${at}`, at);
          const before = open.get(rule);
          let output: AlertOutput;
          if (before === undefined || escalates.next().value) {
            const told =
              before === undefined ? raiseAlert(found, why, LEVELS) : escalateAlert(before, found, why, LEVELS);
            open.set(rule, told.open);
            output = told.output;
          } else {
            output = resolveAlert(before, found, why, 'recovered');
            open.delete(rule);
          }
          for (const { key, json } of viewsOf(output))
            if (json === null) views.delete(key);
            else views.set(key, json);
        }
        const shown = [...views.keys()].filter((key) => key.startsWith('open-alert/')).sort();
        expect(shown).toEqual([...open.values()].map(({ id }) => `open-alert/${id}`).sort());
        expect([...views.keys()].filter((key) => key.startsWith('alert/'))).toHaveLength(run.length);
      },
    ),
  );
});

test('JSON is strict: what is not finite is null, and a time without a date has none', () => {
  const odd = finding({
    detail: DETAILS.anomaly,
    value: Number.NaN,
    threshold: Number.NEGATIVE_INFINITY,
    onsetMs: () => MAX_LONG,
  });
  const [told] = viewsOf(raiseAlert(odd, cause('p7', -5), LEVELS).output);
  expect(told?.key).toMatch(/^alert\/0000000000000000\//);
  expect(parsed(told?.json ?? null)).toMatchObject({
    value: null,
    threshold: null,
    sinceMs: MAX_LONG,
    since: null,
    eventTimeMs: -5,
    eventTime: '1969-12-31T23:59:59.995Z',
    anomaly: {
      features: [{ expectedLow: null, expectedHigh: null }],
      episode: { onset: '1970-01-01T00:00:00.001Z', endMs: null, end: null },
    },
  });
});

test('keys sort by event time', () => {
  const times = [0, 9, 10, 999, 1_700_000_000_000, 8.64e15];
  const keys = times.map((time) => String(viewsOf(raiseAlert(finding(), cause('p', time), LEVELS).output)[0]?.key));
  expect([...keys].sort()).toEqual(keys);
});

test.each([
  [6, 'raised', 2],
  [7, 'resolved', 3],
])('an alert of version 1, id %i, is shown as one that was %s', (id, state, count) => {
  const golden = join(import.meta.dirname, `../../events/test/golden/${id}.hex`);
  const value = Buffer.from(readFileSync(golden, 'utf8').trim(), 'hex');
  const views = alertViews(value, 'a', 1_700_000_000_000);
  expect(views).toHaveLength(count);
  expect(parsed(views[0]?.json ?? null)).toMatchObject({
    state,
    kind: 'drift',
    value: 0.125,
    window: null,
    column: 'distance',
  });
});

test('another event has no entries', () => {
  const event = { model: SUBJECT.model, predictionId: 'p', eventTimeMs: 1, label: 1, reward: null, revision: 0 };
  expect(alertViews(encode('OutcomeObserved', event), 'a', 1)).toEqual([]);
});
