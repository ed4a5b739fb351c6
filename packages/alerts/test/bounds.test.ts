/** Whatever a finding holds, its alert stays below the bound of the alerts topic. */
import { decode } from '@weir/events/codec';
import type { AlertRaised } from '@weir/events/generated/events';
import { TOPICS } from '@weir/events/topics';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escalateAlert, raiseAlert, resolveAlert } from '../src/alert.ts';
import { CUT_LABEL, MAX_LIST } from '../src/bounded.ts';
import { cutName, cutText, MARK, MAX_NAME, MAX_TEXT } from '../src/cut.ts';
import type { Detail, Finding } from '../src/finding.ts';
import { cause, DETAILS, finding, LEVELS } from './findings.ts';

const BOUND = TOPICS.find(({ name }) => name === 'alerts')?.maxRecordBytes as number;

/** Every string replaced by a long one, every list and map by a long one. */
function swollen<Value>(value: Value, text: string, count: number): Value {
  if (typeof value === 'string') return text as Value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return Array.from({ length: count }, () => swollen(items[0], text.slice(0, 20_000), count)) as Value;
  }
  const entries = Object.entries(value).map(([name, field]) => [
    name,
    name === 'kind' ? field : swollen(field as unknown, text, count),
  ]);
  return Object.fromEntries(entries) as Value;
}

test.each(Object.values(DETAILS))('an alert of kind $kind from a finding of megabytes is below 1 MiB', (detail) => {
  // Three bytes of UTF-8 a character: a single string that is not cut exceeds the bound by itself.
  const text = '語'.repeat(400_000);
  const labels = Object.fromEntries(
    Array.from({ length: 3_000 }, (_, index) => [`${index}${text.slice(0, 900)}`, text.slice(0, 20_000)]),
  );
  const huge: Finding = {
    ...finding(),
    subject: { model: text, version: text, column: text, segment: text },
    rule: text,
    detail: swollen<Detail>(detail, text, 2_000),
    unit: text,
    summary: text,
    advice: text,
    rate: { guarantee: text, expectedEventsBetweenFalseAlarms: 1 },
    labels,
  };
  const why = { ...cause(text), topic: text };
  const raised = raiseAlert(huge, why, LEVELS);
  const outputs = [
    raised.output,
    escalateAlert(raised.open, huge, why, LEVELS).output,
    resolveAlert(raised.open, huge, why, text),
  ];
  for (const { key, value } of outputs) {
    expect(value.length + Buffer.byteLength(key)).toBeLessThan(BOUND);
    expect((decode(value).event as AlertRaised).labels[CUT_LABEL]).toContain(`labels: ${MAX_LIST} of 3000`);
  }
});

test('a list that was cut says so in a label, and a list that fits stays', () => {
  const reasons = Array.from({ length: MAX_LIST + 1 }, (_, index) => `reason ${index}`);
  const toldOf = (count: number): AlertRaised => {
    const promotion = { ...DETAILS.promotion.promotion, reasons: reasons.slice(0, count) };
    const { output } = raiseAlert(finding({ detail: { kind: 'promotion', promotion } }), cause('p'), LEVELS);
    return decode(output.value).event as AlertRaised;
  };
  expect(toldOf(MAX_LIST).labels).toEqual({ team: 'ops' });
  expect(toldOf(MAX_LIST).promotion?.reasons).toHaveLength(MAX_LIST);
  expect(toldOf(MAX_LIST + 1).labels).toEqual({ team: 'ops', [CUT_LABEL]: 'promotion.reasons: 100 of 101' });
  expect(toldOf(MAX_LIST + 1).promotion?.reasons).toEqual(reasons.slice(0, MAX_LIST));
});

const text = fc.string({ unit: 'grapheme', maxLength: 60 });

test('cut text is the beginning of the text and a mark, as long as the bound allows', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 8, max: 100 }), (whole, bound) => {
      fc.pre(Buffer.byteLength(whole) > bound);
      const cut = cutText(whole, bound);
      const bytes = Buffer.byteLength(cut);
      expect(bytes).toBeLessThanOrEqual(bound);
      expect(cut.endsWith(MARK)).toBe(true);
      expect(whole.startsWith(cut.slice(0, -MARK.length))).toBe(true);
      // A character of UTF-8 has at most four bytes.
      expect(bytes).toBeGreaterThan(bound - 4);
    }),
  );
});

test('text that fits its bound is untouched', () => {
  fc.assert(
    fc.property(text, (whole) => {
      expect(cutText(whole, Buffer.byteLength(whole))).toBe(whole);
    }),
  );
});

test('names that differ behind the cut stay different, and a cut name has its bound', () => {
  const start = 'ü'.repeat(MAX_NAME);
  const names = [`${start}1`, `${start}2`].map((name) => cutName(name));
  expect(new Set(names).size).toBe(2);
  for (const name of names) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(MAX_NAME);
  expect(cutName('x'.repeat(MAX_NAME))).toBe('x'.repeat(MAX_NAME));
  for (const letter of ['語', '\ud800'])
    expect(Buffer.byteLength(cutText(letter.repeat(MAX_TEXT)))).toBeLessThanOrEqual(MAX_TEXT);
});
