import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  COMMON_SETTINGS,
  type CommonConfig,
  loadServiceConfig,
  type ServiceConfig,
  type ServiceSettings,
} from '../src/config/common-settings.ts';
import { describeSettings, settingsTable } from '../src/config/help.ts';
import { loadConfig } from '../src/config/load.ts';
import { ConfigError, type ConfigOf } from '../src/config/settings.ts';
import { withoutPassword } from '../src/config/url.ts';

const OWN = {
  WEIR_TOY_WINDOWS: {
    type: 'list',
    items: { type: 'integer', minimum: 1 },
    minItems: 1,
    maxItems: 3,
    default: [1000],
    unit: 'values',
    reason: 'sizes of the windows',
  },
  WEIR_TOY_SHARE: {
    type: 'number',
    exclusiveMinimum: 0,
    maximum: 1,
    default: 0.8,
    reason: 'share of the threshold',
  },
  WEIR_TOY_MODE: { type: 'choice', choices: ['fast', 'exact'], default: 'exact', reason: 'how it counts' },
} as const;

const toy: ServiceSettings<typeof OWN> = {
  settings: OWN,
  prefixes: ['WEIR_TOY_'],
  rules: [
    ({ WEIR_TOY_WINDOWS: windows, WEIR_PARTITIONS }) =>
      windows.length > WEIR_PARTITIONS
        ? `WEIR_TOY_WINDOWS has ${windows.length} sizes; raise WEIR_PARTITIONS`
        : undefined,
  ],
  defaults: { WEIR_HTTP_PORT: 8085 },
};

function load(env: Readonly<Record<string, string>>): ServiceConfig<typeof OWN> {
  return loadServiceConfig(toy, env);
}

function faultsOf(env: Readonly<Record<string, string>>): readonly string[] {
  try {
    load(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe('values', () => {
  test('defaults work without any variable, and a service has its own port', () => {
    const config = load({});
    expect(config).toMatchObject({ WEIR_LOG: 'embedded', WEIR_HTTP_HOST: '127.0.0.1', WEIR_HTTP_PORT: 8085 });
    expect(load({ WEIR_HTTP_PORT: '9' }).WEIR_HTTP_PORT).toBe(9);
    expect(Object.isFrozen(config)).toBe(true);
  });

  test('an empty variable counts as not set', () => {
    expect(load({ WEIR_PARTITIONS: '', WEIR_TOY_MODE: '' })).toMatchObject({
      WEIR_PARTITIONS: 1,
      WEIR_TOY_MODE: 'exact',
    });
  });

  test('numbers, booleans, choices and lists are read', () => {
    const env = {
      WEIR_LOG: 'kafka',
      KAFKA_BROKERS: 'a:9092, [::1]:9093',
      WEIR_PARTITIONS: '8',
      WEIR_HTTP_ALLOW_INSECURE: 'true',
      WEIR_TOY_WINDOWS: '100, 2000',
      WEIR_TOY_SHARE: '2.5e-1',
      WEIR_ON_DATA_LOSS: 'reset',
    };
    expect(load(env)).toMatchObject({
      KAFKA_BROKERS: ['a:9092', '[::1]:9093'],
      WEIR_PARTITIONS: 8,
      WEIR_HTTP_ALLOW_INSECURE: true,
      WEIR_TOY_WINDOWS: [100, 2000],
      WEIR_TOY_SHARE: 0.25,
      WEIR_ON_DATA_LOSS: 'reset',
    });
  });

  test('the types come from the literals', () => {
    expectTypeOf<CommonConfig['WEIR_ON_DATA_LOSS']>().toEqualTypeOf<'fail' | 'reset'>();
    expectTypeOf<CommonConfig['KAFKA_BROKERS']>().toEqualTypeOf<readonly string[]>();
    expectTypeOf<ConfigOf<typeof OWN>['WEIR_TOY_WINDOWS']>().toEqualTypeOf<readonly number[]>();
    expectTypeOf<ServiceConfig<typeof OWN>['WEIR_TOY_MODE']>().toEqualTypeOf<'fast' | 'exact'>();
    expectTypeOf<CommonConfig['WEIR_HTTP_ALLOW_INSECURE']>().toEqualTypeOf<boolean>();
  });

  test.each([
    ['WEIR_PARTITIONS', ['0', '65', '1.5', '0x8', 'eight', '1e1', 'NaN', 'Infinity', '9'.repeat(17)]],
    ['WEIR_TOY_SHARE', ['0', '1.1', '-1', 'Infinity', 'NaN', '0x1', '1e', '']],
    ['WEIR_HTTP_ALLOW_INSECURE', ['yes', '1', 'TRUE']],
    ['WEIR_TOY_MODE', ['slow', 'Exact', 'fast ']],
    ['WEIR_TOY_WINDOWS', ['1,', ',1', '1,,2', '0', '1,2,3,4', '1;2']],
    ['KAFKA_BROKERS', ['nowhere', 'a:9092,b', 'a b:1', 'http://a:1']],
    ['REDIS_URL', ['localhost', 'http://localhost', 'redis://', 'redis://a b']],
    ['WEIR_TOPIC_PREFIX', ['we ir', 'x'.repeat(101)]],
  ])('%s refuses what breaks its rule', (name, texts) => {
    for (const text of texts.filter((each) => each !== '')) {
      const faults = faultsOf({ [name]: text });
      expect(faults, `${name}=${text}`).toHaveLength(1);
      expect(faults[0]).toMatch(
        new RegExp(`^${name} is ".*"; it must be .+: correct it, or leave it out for .+ \\(.+\\)$`),
      );
    }
  });
});

describe('faults', () => {
  test('all at once, each with name, value, rule and cure', () => {
    const faults = faultsOf({
      WEIR_LOG: 'rabbit',
      WEIR_PARTITIONS: '0',
      KAFKA_BROKERS: 'nowhere',
      WEIR_TOY_WINDOWS: '1,none',
      WEIR_PARTITION: '3',
    });
    expect(faults).toEqual([
      'WEIR_LOG is "rabbit"; it must be embedded or kafka: correct it, or leave it out for embedded (where events live: one SQLite file, or Apache Kafka)',
      'KAFKA_BROKERS is "nowhere"; it must be values with a comma between, each host:port: correct it, or leave it out for none (some brokers of the cluster; needed with WEIR_LOG=kafka)',
      'WEIR_PARTITIONS is "0"; it must be a whole number from 1 to 64: correct it, or leave it out for 1 (partitions of every topic; fixed once topics exist)',
      'WEIR_TOY_WINDOWS is "1,none"; it must be 1 to 3 values with a comma between, each a whole number of 1 or more: correct it, or leave it out for 1000 (sizes of the windows)',
      'WEIR_PARTITION is not a setting; did you mean WEIR_PARTITIONS?',
    ]);
  });

  test('rules over several settings run once each of them is right', () => {
    expect(faultsOf({ WEIR_TOY_WINDOWS: '1,2' })).toEqual(['WEIR_TOY_WINDOWS has 2 sizes; raise WEIR_PARTITIONS']);
    expect(faultsOf({ WEIR_TOY_WINDOWS: '1,2', WEIR_PARTITIONS: 'x' })).toHaveLength(1);
    expect(faultsOf({ WEIR_LOG: 'kafka' })).toEqual([expect.stringContaining('KAFKA_BROKERS=127.0.0.1:9092')]);
    const beyond = { WEIR_HTTP_HOST: '0.0.0.0' };
    expect(faultsOf(beyond)).toEqual([expect.stringContaining('set WEIR_PRINCIPALS_FILE or WEIR_HTTP_TOKEN')]);
    expect(faultsOf({ ...beyond, WEIR_HTTP_TOKEN: 'sixteen-characters' })).toEqual([]);
    expect(faultsOf({ ...beyond, WEIR_PRINCIPALS_FILE: 'principals.json' })).toEqual([]);
    expect(faultsOf({ WEIR_HTTP_HOST: '127.0.0.9' })).toEqual([]);
    expect(faultsOf({ WEIR_HTTP_HOST: '127.0.0.9.example.org' })).toHaveLength(1);
  });

  test('a secret is never printed, and a URL without its password', () => {
    const [token] = faultsOf({ WEIR_HTTP_TOKEN: 'too short' });
    expect(token).toMatch(/^WEIR_HTTP_TOKEN is \(secret\); it must be 16 to 1,000 characters/);
    const [redis] = faultsOf({ REDIS_URL: 'http://weir:hunter2@redis:6379/0' });
    expect(redis).toMatch(
      /^REDIS_URL is "http:\/\/weir:\*\*\*@redis:6379\/0"; it must be a URL that begins with redis:/,
    );
    for (const url of ['u:hunter2@h', 'redis://u:hunter2@h o', 'x://u:a@hunter2@h', 'http://h?password=hunter2&x=1']) {
      expect(withoutPassword(url)).not.toContain('hunter2');
      expect(faultsOf({ REDIS_URL: url }).join()).not.toContain('hunter2');
    }
    expect(withoutPassword('redis://h:6379')).toBe('redis://h:6379');
  });

  test('a variable without default that is not set', () => {
    const settings = { WEIR_NAME: { type: 'string', reason: 'names the thing' } } as const;
    expect(() => loadConfig({ settings, prefixes: [], rules: [] }, {})).toThrow(
      'WEIR_NAME is not set; it must be text (names the thing)',
    );
  });
});

describe('unknown names', () => {
  test.each([
    ['WEIR_TOY_WINDOW', /did you mean WEIR_TOY_WINDOWS\?/],
    ['WEIR_TOY_UNHEARD_OF', /remove it, --help lists them/],
    ['WEIR_HTTP_HOSTNAME', /did you mean WEIR_HTTP_HOST\?/],
    ['WEIR_LOGFILE', /did you mean WEIR_LOG_FILE\?/],
    ['WEIR_TOPIC_SUFFIX', /did you mean WEIR_TOPIC_PREFIX\?/],
    ['WEIR_PARTITION', /did you mean WEIR_PARTITIONS\?/],
    ['WEIR_HTPT_PORT', /did you mean WEIR_HTTP_PORT\?/],
    ['KAFKA_BROKER', /did you mean KAFKA_BROKERS\?/],
  ])('%s is refused', (name, said) => {
    expect(faultsOf({ [name]: '1' })).toEqual([expect.stringMatching(said)]);
  });

  test.each([
    'WEIR_OTHER_WINDOWS',
    'WEIR_TOM_MODE',
    'KAFKA_HEAP_OPTS',
    'KAFKA_HOME',
    'REDIS_HOST',
    'PATH',
    'WEIR_TEST_SERVICES',
  ])('%s is left alone', (name) => expect(faultsOf({ [name]: '1' })).toEqual([]));

  test('another program’s variable beside the known one is no slip of it', () => {
    expect(faultsOf({ KAFKA_BROKER: 'a:1', KAFKA_BROKERS: 'a:1' })).toEqual([]);
    expect(faultsOf({ REDIS_URI: 'x', REDIS_URL: 'redis://h' })).toEqual([]);
  });

  test('two services share an environment', () => {
    const other = { WEIR_COY_MODE: { type: 'choice', choices: ['a'], default: 'a', reason: 'x' } } as const;
    const env = { WEIR_COY_MODE: 'a', WEIR_TOY_MODE: 'fast' };
    expect(load(env).WEIR_TOY_MODE).toBe('fast');
    expect(loadServiceConfig({ settings: other, prefixes: ['WEIR_COY_'] }, env).WEIR_COY_MODE).toBe('a');
  });
});

describe('documentation', () => {
  test('--help and the table hold every variable with its default, rule and unit', () => {
    const settings = { ...COMMON_SETTINGS, ...OWN };
    const help = describeSettings(settings, { WEIR_HTTP_PORT: 8085 });
    const table = settingsTable(settings, { WEIR_HTTP_PORT: 8085 });
    for (const name of Object.keys(settings)) {
      expect(help).toContain(`  ${name} `);
      expect(table).toContain(`| \`${name}\` |`);
    }
    expect(help).toMatch(/WEIR_HTTP_PORT +port to listen on.*\n +default 8085; a whole number from 0 to 65535\n/);
    expect(table).toContain(
      '| `WEIR_TOY_SHARE` | default 0.8 | a number of 1 or less above 0 | share of the threshold |',
    );
  });
});
