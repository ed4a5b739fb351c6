/** `weir dev` in this process: what it refuses, and a first alert. */
import { expect, test } from 'vitest';
import { dev } from '../src/commands/dev/dev.ts';
import { runCommand } from './fixtures/run-command.ts';

test('the first alert of the flights, and that the run has ended', async () => {
  const { status, out } = await runCommand(
    dev,
    '--services',
    'drift-detector',
    '--until',
    'first-alert',
    '--port',
    '0',
  );
  expect(status).toBe(0);
  expect(out).toMatch(/^2001-\S+ {2}ALERT {5}drift, \w+: flight-delay: .*\n +http:\S+\/v1\/alerts\/[0-9a-f]{12}$/m);
  expect(out).toMatch(/\nthe run has ended, and the links above with it; .*\n$/);
}, 60_000);

test.each([
  [['--until', 'tomorrow'], /--until is "tomorrow"; it can be first-alert, decision, end/],
  [['--services', 'drift-detector,nothing'], /--services has "nothing"; it can be drift-detector/],
  [['--prefix', 'x.'], /--prefix goes with --kafka/],
  [['--seed', 'x'], /--seed/],
  [['--for', 'soon'], /--for is "soon"; it must be a time in seconds/],
  [['--inject', 'unit:price@2001-03-01'], /COLUMN is one of distance, departureHour/],
  [['--inject', 'unit:distance@2002-03-01'], /TIME lies from 2001-02-01 to 2001-07-01/],
  [['--file', 'x', '--kafka', 'y:1'], /exclude each other/],
  [['--kafka', 'nowhere'], /KAFKA_BROKERS is "nowhere"/],
  [['--nonsense'], /--nonsense/],
])('%j is refused with the rule', async (args, rule) => {
  const { status, err } = await runCommand(dev, ...args, '--port', '0');
  expect(status).toBe(2);
  expect(err).toMatch(rule);
});

test('a broker that is not there: why, for how long it was tried, and what to do', async () => {
  process.env['WEIR_STARTUP_TIMEOUT_MS'] = '600';
  try {
    const { status, err } = await runCommand(dev, '--kafka', '127.0.0.1:1', '--no-flights', '--port', '0');
    expect(status).toBe(2);
    expect(err).toMatch(/waiting for the broker: .*127\.0\.0\.1:1/);
    expect(err).toMatch(
      /\(tried for 0\.6 s, as WEIR_STARTUP_TIMEOUT_MS says\); start again once the broker answers\n$/,
    );
  } finally {
    delete process.env['WEIR_STARTUP_TIMEOUT_MS'];
  }
});
