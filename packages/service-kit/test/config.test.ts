import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { ConfigError, describeSettings, loadConfig, SERVICE_RULES, SERVICE_SETTINGS } from '../src/config.ts';

function faultsOf(env: Readonly<Record<string, string>>): readonly string[] {
  try {
    loadConfig(SERVICE_SETTINGS, SERVICE_RULES, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe('configuration', () => {
  test('has defaults that work without any variable', () => {
    const config = loadConfig(SERVICE_SETTINGS, SERVICE_RULES, {});
    expect(config).toMatchObject({ WEIR_LOG: 'embedded', WEIR_HTTP_HOST: '127.0.0.1', WEIR_PARTITIONS: 1 });
    expect(Object.isFrozen(config)).toBe(true);
  });

  test('reads numbers, booleans and lists', () => {
    const env = {
      WEIR_LOG: 'kafka',
      KAFKA_BROKERS: 'a:9092, b:9093',
      WEIR_PARTITIONS: '8',
      WEIR_HTTP_ALLOW_INSECURE: 'true',
    };
    expect(loadConfig(SERVICE_SETTINGS, SERVICE_RULES, env)).toMatchObject({
      KAFKA_BROKERS: ['a:9092', 'b:9093'],
      WEIR_PARTITIONS: 8,
      WEIR_HTTP_ALLOW_INSECURE: true,
    });
  });

  test('lists every fault at once, each with name, value, rule and cure', () => {
    const faults = faultsOf({
      WEIR_LOG: 'rabbit',
      WEIR_PARTITIONS: '0',
      WEIR_HTTP_PORT: 'http',
      KAFKA_BROKERS: 'nowhere',
      WEIR_HTTP_ALLOW_INSECURE: 'yes',
      WEIR_PARTITION: '3',
    });
    expect(faults).toHaveLength(6);
    expect(faults).toEqual([
      expect.stringMatching(/^WEIR_LOG is "rabbit"; it must be embedded or kafka/),
      expect.stringMatching(/^KAFKA_BROKERS is "nowhere"; .*pattern/),
      expect.stringMatching(/^WEIR_PARTITIONS is "0"; .*>= 1/),
      expect.stringMatching(/^WEIR_HTTP_PORT is "http"; .*integer/),
      expect.stringMatching(/^WEIR_HTTP_ALLOW_INSECURE is "yes"; it must be true or false/),
      expect.stringMatching(/^WEIR_PARTITION is not a setting; did you mean WEIR_PARTITIONS\?/),
    ]);
  });

  test('checks rules over several variables', () => {
    expect(faultsOf({ WEIR_LOG: 'kafka' })).toEqual([expect.stringContaining('KAFKA_BROKERS=127.0.0.1:9092')]);
    expect(faultsOf({ WEIR_HTTP_HOST: '0.0.0.0' })).toEqual([expect.stringContaining('set WEIR_HTTP_TOKEN')]);
    expect(faultsOf({ WEIR_HTTP_HOST: '0.0.0.0', WEIR_HTTP_TOKEN: 'sixteen-characters' })).toEqual([]);
    expect(faultsOf({ WEIR_HTTP_HOST: '127.0.0.9' })).toEqual([]);
    expect(faultsOf({ WEIR_HTTP_HOST: '127.0.0.9.example.org' })).toHaveLength(1);
  });

  test('never prints a secret', () => {
    const [fault] = faultsOf({ WEIR_HTTP_TOKEN: 'too short' });
    expect(fault).toMatch(/^WEIR_HTTP_TOKEN is \(secret\)/);
    expect(fault).not.toContain('too short');
  });

  test('names a variable without default that is not set', () => {
    const settings = { WEIR_NAME: { schema: Type.String(), reason: 'names the thing' } };
    expect(() => loadConfig<{ WEIR_NAME: string }>(settings, [], {})).toThrow('WEIR_NAME is not set; names the thing');
  });

  test('describes every variable for --help', () => {
    const help = describeSettings(SERVICE_SETTINGS);
    for (const name of Object.keys(SERVICE_SETTINGS)) expect(help).toContain(name);
    expect(help).toMatch(/WEIR_HTTP_PORT +port to listen on.*\n +default 8081/);
  });
});
