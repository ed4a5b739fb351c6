import { decode } from '@weir/events/codec';
import type { AlertRaised, AlertResolved } from '@weir/events/generated/events';
import { expect, test } from 'vitest';
import { escalateAlert, raiseAlert, resolveAlert } from '../src/alert.ts';
import { fingerprintOf } from '../src/identity.ts';
import { cause, DETAILS, finding, LEVELS, SUBJECT } from './findings.ts';

/** SHA-256 over JSON, computed in Python: ["fingerprint","delay","ks-1000","distance"], then with raised and p7, resolved and p9. */
const FINGERPRINT = '8c6d969cd07bcefa8566c0d59a2a64426f796812d6fbbf623ad791898079fa2a';
const RAISED = 'c2605b5e468ce2153119330d057b794645999bb9a7e65584f464ba5bdc763ce8';
const RESOLVED = 'cbb96d3eaf36288ba22cdf16cde232e21488296e6326680439a9f954d929148b';

test('fingerprints and ids are those of before alerts had a version and a segment', () => {
  const { open, output } = raiseAlert(finding(), cause('p7'), LEVELS);
  expect(open).toMatchObject({ fingerprint: FINGERPRINT, id: RAISED });
  expect(output.id).toBe(RAISED);
  expect(resolveAlert(open, finding(), cause('p9'), 'recovered').id).toBe(RESOLVED);
});

test('whatever an alert speaks of is in its fingerprint', () => {
  const subjects = [
    SUBJECT,
    { ...SUBJECT, model: 'other' },
    { ...SUBJECT, column: 'other' },
    { ...SUBJECT, column: null },
    { ...SUBJECT, column: 'null' },
    { ...SUBJECT, version: '1' },
    { ...SUBJECT, segment: '1' },
    { ...SUBJECT, version: '1', segment: '1' },
    { ...SUBJECT, version: 'null', segment: '1' },
  ];
  const prints = subjects.flatMap((subject) => [fingerprintOf(subject, 'ks-1000'), fingerprintOf(subject, 'ks-100')]);
  expect(new Set(prints).size).toBe(prints.length);
});

test('a raised alert says what its finding says', () => {
  const { open, output } = raiseAlert(finding(), cause('p7'), LEVELS);
  expect(output).toMatchObject({ topic: 'alerts', key: 'delay', eventTimeMs: 1_000 });
  const { onsetMs: _, subject, detail, effect: __, ...said } = finding();
  expect(decode(output.value)).toEqual({
    name: 'AlertRaised',
    event: {
      ...said,
      ...subject,
      drift: null,
      anomaly: null,
      quality: null,
      fairness: null,
      performance: null,
      promotion: null,
      ...detail,
      id: open.id,
      fingerprint: open.fingerprint,
      severity: 'warning',
      sinceMs: 900,
      eventTimeMs: 1_000,
      evidence: { topic: 'predictions', partition: 3, eventId: 'p7' },
      escalates: null,
    },
  });
  expect(open).toEqual({
    id: RAISED,
    fingerprint: FINGERPRINT,
    raisedAtMs: 1_000,
    sinceMs: 900,
    severity: 'warning',
    recovery: 0,
  });
});

test.each(Object.values(DETAILS))('of the details of an alert of kind $kind that one alone is set', (detail) => {
  const { event } = decode(raiseAlert(finding({ detail }), cause('p7'), LEVELS).output.value);
  const { kind, ...rest } = detail;
  expect(event).toMatchObject({ kind, ...rest });
  const details = ['drift', 'anomaly', 'quality', 'fairness', 'performance', 'promotion'] as const;
  const set = details.filter((name) => (event as AlertRaised)[name] !== null);
  expect(set).toEqual(kind === 'pipeline' ? [] : [kind]);
});

test('an escalation is told under an id of its own and resolved under that of the first alert', () => {
  const { open } = raiseAlert(finding(), cause('p7'), LEVELS);
  open.recovery = 40;
  const worse = escalateAlert(open, finding({ effect: -0.5, onsetMs: () => 1_900 }), cause('p8', 2_000), LEVELS);
  const told = decode(worse.output.value).event as AlertRaised;
  expect(told).toMatchObject({ escalates: open.id, severity: 'critical', sinceMs: 1_900, fingerprint: FINGERPRINT });
  expect(told.id).not.toBe(open.id);
  expect(worse.output.id).toBe(told.id);
  expect(worse.open).toEqual({ ...open, severity: 'critical', recovery: 0 });
  const over = resolveAlert(worse.open, finding({ effect: 0 }), cause('p9', 3_000), 'recovered');
  expect(decode(over.value)).toMatchObject({
    name: 'AlertResolved',
    event: { raisedId: open.id, raisedAtMs: 1_000, sinceMs: 900, severity: 'critical', reason: 'recovered' },
  });
});

test('an escalation is never less urgent than what it escalates', () => {
  const { open } = raiseAlert(finding({ effect: 1 }), cause('p7'), LEVELS);
  expect(escalateAlert(open, finding({ effect: 0 }), cause('p8'), LEVELS).open.severity).toBe('critical');
});

test('one event may raise, escalate and resolve: the three ids differ', () => {
  const raised = raiseAlert(finding(), cause('p7'), LEVELS);
  const escalated = escalateAlert(raised.open, finding(), cause('p7'), LEVELS);
  const resolved = resolveAlert(escalated.open, finding(), cause('p7'), 'recovered');
  expect(new Set([raised.output.id, escalated.output.id, resolved.id]).size).toBe(3);
});

test('the onset is asked for when an alert is told, and not when it is resolved', () => {
  let asked = 0;
  const counted = finding({ onsetMs: () => ++asked });
  const { open } = raiseAlert(counted, cause('p7'), LEVELS);
  expect(asked).toBe(1);
  const event = decode(resolveAlert(open, counted, cause('p8'), 'recovered').value).event as AlertResolved;
  expect([asked, event.sinceMs]).toEqual([1, 1]);
});

test('a time that is no whole number is refused by name', () => {
  expect(() => raiseAlert(finding({ onsetMs: () => Number.NaN }), cause('p7'), LEVELS)).toThrow(/field sinceMs is/);
});
