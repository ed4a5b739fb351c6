/** What `weir dev` reads from flags and environment, and that its help says the same. */

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GovernanceConfig } from '@weir/governance-log/config';
import { COMMON_SETTINGS } from '@weir/service-kit/config/common-settings';
import { afterAll, expect, test } from 'vitest';
import { authorLines } from '../src/commands/dev/governance.ts';
import { HELP } from '../src/commands/dev/help.ts';
import { DEFAULT_PORT, FLAGS, parseOptions, UNTIL } from '../src/commands/dev/options.ts';
import { SERVICES } from '../src/commands/dev/services.ts';
import { UsageError } from '../src/output.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-dev-options-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('--help has every flag with its default, and what the code takes without it', () => {
  const paragraphs = HELP.split(/\n(?= {2}--)/).map((each) => each.split('\n\n')[0] ?? '');
  for (const flag of Object.keys(FLAGS)) {
    const about = paragraphs.filter((each) => each.startsWith(`  --${flag} `)).join(' ');
    expect(about, `--${flag}`).toMatch(/\(default: /);
  }
  for (const until of UNTIL) expect(HELP).toContain(`--until ${until}`);
  const { config, services, until, forSeconds, speed, inject, keep } = parseOptions([], {}, '/tmp/log.db');
  expect(HELP).toContain(`WEIR_HTTP_PORT, else ${config.WEIR_HTTP_PORT})`);
  expect(HELP).toContain(`all of them: ${services.map(({ name }) => name).join(', ')})`);
  expect({ until, forSeconds, speed, inject, keep }).toEqual({
    until: undefined,
    forSeconds: undefined,
    speed: undefined,
    inject: [],
    keep: undefined,
  });
  expect(config).toMatchObject({ WEIR_LOG: 'embedded', WEIR_LOG_FILE: '/tmp/log.db', WEIR_HTTP_PORT: DEFAULT_PORT });
  const temporary = parseOptions(['--kafka', 'k:1'], {}, '').config.WEIR_TOPIC_PREFIX;
  expect(HELP).toContain(`${temporary.slice(0, temporary.indexOf('-', 5) + 1)}…, deleted at the end`);
});

test('demonstration settings are stated in the help, hold, and give way to the environment', () => {
  for (const { demonstration, flights } of SERVICES)
    for (const [name, value] of Object.entries({ ...demonstration, ...flights }))
      expect(HELP).toContain(`${name}=${value}`);
  const drift = ['--services', 'drift-detector'];
  const shown = parseOptions(drift, {}, 'x').demonstration;
  const ofOutcomes = {
    WEIR_DRIFT_OUTCOME_WINDOWS: '16000',
    WEIR_DRIFT_OUTCOME_REFERENCE: '116000',
    WEIR_DRIFT_OUTCOME_MIN_EFFECT: '0.05',
  };
  expect(shown).toEqual({ WEIR_DRIFT_WINDOWS: '116000', WEIR_DRIFT_MIN_EFFECT: '0.1', ...ofOutcomes });
  const own = parseOptions(drift, { WEIR_DRIFT_WINDOWS: '500', WEIR_DRIFT_MIN_EFFECT: '' }, 'x');
  expect(own.demonstration).toEqual({ WEIR_DRIFT_MIN_EFFECT: '0.1', ...ofOutcomes });
  expect(own.config).toMatchObject({ WEIR_DRIFT_WINDOWS: [500], WEIR_DRIFT_MIN_EFFECT: 0.1 });
});

test('without flights the services have their own defaults, and make their keys all the same', () => {
  const { demonstration, speed, config } = parseOptions(['--no-flights'], {}, 'x');
  expect(demonstration).toEqual({ WEIR_PROMOTION_MAKE_KEY: 'true', WEIR_GOVERNANCE_MAKE_KEY: 'true' });
  expect(speed).toBe(0);
  expect(config).toMatchObject({ WEIR_DRIFT_WINDOWS: [100, 1_000] });
  for (const about of [
    ['--speed', '2'],
    ['--inject', 'unit:distance@2001-03-01'],
  ])
    expect(() => parseOptions(['--no-flights', ...about], {}, 'x')).toThrow(/which --no-flights leaves out/);
});

test('flags stand over the environment', () => {
  const env = { WEIR_HTTP_PORT: '1', WEIR_LOG: 'kafka', KAFKA_BROKERS: 'k:1' };
  const { config } = parseOptions(['--port', '2', '--file', 'x'], env, 'y');
  expect(config).toMatchObject({ WEIR_HTTP_PORT: 2, WEIR_LOG: 'embedded', WEIR_LOG_FILE: 'x' });
});

test('every entry reads its settings from an environment that holds those of all, and has its own name', () => {
  const env = Object.assign(
    {},
    ...SERVICES.map(({ demonstration, flights }) => ({ ...demonstration, ...flights })),
  ) as Record<string, string>;
  for (const entry of SERVICES) {
    // Some make their keys beside the log.
    const { config, services } = parseOptions(['--services', entry.name], env, join(folder, 'log.db'));
    expect(services).toEqual([entry]);
    const definition = entry.define(config);
    expect(definition.name).toBe(entry.name);
    expect(definition.processor?.service ?? entry.name).toBe(entry.name);
    for (const name of Object.keys({ ...entry.demonstration, ...entry.flights })) {
      expect(Object.keys(entry.settings.settings)).toContain(name);
      expect(Object.keys(COMMON_SETTINGS)).not.toContain(name);
    }
  }
  expect(new Set(SERVICES.map(({ name }) => name)).size).toBe(SERVICES.length);
});

test('all faults of the environment at once', () => {
  const env = { WEIR_DRIFT_WINDOWS: 'many', WEIR_PARTITIONS: '0', WEIR_DRIFT_NOTHING: '1' };
  expect(() => parseOptions([], env, 'x')).toThrow(UsageError);
  expect(() => parseOptions([], env, 'x')).toThrow(
    /3 faults[^]*WEIR_PARTITIONS is "0"[^]*WEIR_DRIFT_WINDOWS is "many"[^]*WEIR_DRIFT_NOTHING/,
  );
});

test('--speed 0 sends no flights; anything else is a factor', () => {
  expect(parseOptions(['--speed', '0'], {}, '').speed).toBe(0);
  expect(parseOptions(['--speed', '0.5'], {}, '').speed).toBe(0.5);
  expect(() => parseOptions(['--speed=-1'], {}, '')).toThrow(/--speed is "-1".*or 0 for no flights/);
});

test('on Kafka too the entries of a demonstration are signed by a key that its governance log knows', () => {
  const prefix = `weir-options-${process.pid}.`;
  const { config } = parseOptions(['--kafka', 'k:1', '--prefix', prefix, '--no-flights'], {}, 'x');
  const file = join(tmpdir(), `${prefix}kafka.promotion.pem`);
  try {
    expect(authorLines(config as unknown as GovernanceConfig)).toEqual([
      expect.stringMatching(/^entry-key weir\/promotion\+/) as unknown,
    ]);
    expect(existsSync(file)).toBe(true);
  } finally {
    rmSync(file, { force: true });
  }
});
