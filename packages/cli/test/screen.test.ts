import { expect, test } from 'vitest';
import { Screen } from '../src/commands/dev/screen.ts';
import type { ShownOutput } from '../src/commands/dev/shown-output.ts';

const AT = Date.parse('2001-02-03T04:05:06Z');
const ALERT: ShownOutput = {
  eventTimeMs: AT,
  mark: 'ALERT',
  text: 'drift, warning: it moved',
  path: '/v1/alerts/a',
  counts: 'alert',
  ends: true,
};
const DECISION: ShownOutput = {
  eventTimeMs: AT,
  mark: 'DECISION',
  text: 'hold',
  path: undefined,
  counts: 'decision',
  ends: true,
};

function shown(...services: readonly string[]): string {
  let out = '';
  const screen = new Screen({ out: (text) => void (out += text), err: () => {}, interactive: false }, services);
  for (const [index, service] of services.entries()) {
    screen.output(service, index === 0 ? ALERT : DECISION, 'http://h:1');
    screen.processed(service, 3 + index);
  }
  screen.say(screen.summary());
  screen.close();
  return out;
}

test('lines of one service need no name', () => {
  expect(shown('drift-detector')).toMatch(
    /^2001-02-03T04:05 {2}ALERT {5}drift, warning: it moved\n {28}http:\/\/h:1\/v1\/alerts\/a\n3 events processed, 1 alert raised, [\d.]+ s\n$/,
  );
});

test('lines of several services begin with their names, in one column', () => {
  expect(shown('drift-detector', 'promotion')).toMatch(
    /^2001-02-03T04:05 {2}ALERT {5}drift-detector {2}drift, .*\n {44}http.*\n2001-02-03T04:05 {2}DECISION {2}promotion {7}hold\n4 events processed, 1 alert raised, 1 decision, [\d.]+ s\n$/,
  );
});

test('beyond a few alerts a day of one service the rest is counted; decisions are always shown', () => {
  const lines: string[] = [];
  const screen = new Screen({ out: (text) => void lines.push(text), err: () => {}, interactive: false }, ['a', 'b']);
  for (let index = 0; index < 10; index += 1) screen.output('a', ALERT, 'http://h:1');
  for (let index = 0; index < 10; index += 1) screen.output('b', DECISION, 'http://h:1');
  screen.output('a', { ...ALERT, eventTimeMs: AT + 86_400_000 }, 'http://h:1');
  screen.close();
  const firsts = lines.filter((line) => line.startsWith('2001'));
  expect(firsts.filter((line) => line.includes('ALERT'))).toHaveLength(7);
  expect(firsts.filter((line) => line.includes('DECISION'))).toHaveLength(10);
  expect(firsts.at(-2)).toContain('2001-02-03');
  expect(firsts.at(-2)).toContain('… and 4 more that day: http://h:1/v1/alerts');
  expect(screen.summary()).toContain('11 alerts raised');
});

test('on a terminal, text is broken between words under its column', () => {
  let out = '';
  const io = { out: (text: string) => void (out += text), err: () => {}, interactive: false, columns: 64 };
  const screen = new Screen(io, ['a']);
  screen.output('a', { ...ALERT, text: 'drift, warning: flight-delay: distance has moved up by much' }, 'http://h:1');
  screen.close();
  expect(out.split('\n')).toEqual([
    '2001-02-03T04:05  ALERT     drift, warning: flight-delay:',
    '                            distance has moved up by much',
    '                            http://h:1/v1/alerts/a',
    '',
  ]);
});
