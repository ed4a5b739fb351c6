/** A Kafka that asks for TLS and a login, as a service meets it: by its settings alone. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Cluster, startCluster } from '@weir/kafka/cluster';
import { javaVersion } from '@weir/kafka/jars';
import { type CommonConfig, loadServiceConfig } from '@weir/service-kit/config/common-settings';
import { connectPorts } from '@weir/service-kit/ports';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const USER = 'weir';
const PASSWORD = 'a password = with; "signs"';
const SCRAM_PASSWORD = 'scram-password';
const KEYSTORE_PASSWORD = 'keystore-password';
const hasJava = (await javaVersion()) !== undefined;
if (!hasJava && process.env['REQUIRE_SERVICES'] === '1')
  throw new Error('these tests need Java 17 and Maven to run a Kafka that asks for a login');

describe.skipIf(!hasJava)('a Kafka with TLS and SASL (needs Java 17 and Maven)', () => {
  let folder: string;
  let cluster: Cluster;
  let broker = '';
  let ca: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'weir-tls-'));
    const keystore = join(folder, 'broker.p12');
    ca = join(folder, 'ca.pem');
    const store = ['-keystore', keystore, '-storetype', 'PKCS12', '-storepass', KEYSTORE_PASSWORD, '-alias', 'broker'];
    const key = ['-keyalg', 'EC', '-dname', 'CN=127.0.0.1', '-ext', 'SAN=ip:127.0.0.1', '-validity', '2'];
    await run('keytool', ['-genkeypair', ...store, ...key]);
    await run('keytool', ['-exportcert', '-rfc', ...store, '-file', ca]);
    const login = 'org.apache.kafka.common.security';
    const quoted = PASSWORD.replaceAll('"', '\\"');
    const listener = {
      'ssl.keystore.type': 'PKCS12',
      'ssl.keystore.location': keystore,
      'ssl.keystore.password': KEYSTORE_PASSWORD,
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-512',
      'plain.sasl.jaas.config': `${login}.plain.PlainLoginModule required user_${USER}="${quoted}";`.replaceAll(
        '\\',
        '\\\\',
      ),
      'scram-sha-512.sasl.jaas.config': `${login}.scram.ScramLoginModule required;`,
    };
    cluster = await startCluster({
      clientProtocol: 'SASL_SSL',
      advertise: async (address) => {
        broker = address;
        return address;
      },
      scramUsers: { [USER]: SCRAM_PASSWORD },
      settings: Object.fromEntries(
        Object.entries(listener).map(([name, value]) => [`listener.name.client.${name}`, value]),
      ),
    });
  });
  afterAll(async () => {
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const options = { clientId: 't', report: () => {} };
  const configOf = (settings: Record<string, string>): CommonConfig =>
    loadServiceConfig(
      { settings: {}, prefixes: [] },
      {
        WEIR_LOG: 'kafka',
        KAFKA_BROKERS: broker,
        KAFKA_SSL: 'true',
        KAFKA_SSL_CA_FILE: ca,
        KAFKA_SASL_USERNAME: USER,
        ...settings,
      },
    );

  test.each([
    ['plain', PASSWORD],
    ['scram-sha-512', SCRAM_PASSWORD],
  ])('%s: a record goes in and out, in a transaction, and a group is joined', async (mechanism, password) => {
    const ports = await connectPorts(
      configOf({ KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_PASSWORD: password }),
      options,
    );
    const topic = `secured-${mechanism}`;
    const admin = await ports.log.admin();
    await admin.createTopics([{ topic, partitions: 1, cleanup: 'delete' }]);
    await admin.close();
    const producer = await ports.log.producer({ fenceId: topic });
    const transaction = await producer.begin();
    await transaction.send([{ topic, partition: 0, key: null, value: Buffer.from('a') }]);
    await transaction.commit();
    const reader = await ports.log.reader();
    const stream = await reader.open({ topic, partition: 0 }, 'earliest');
    const batch = await stream.next(10_000);
    expect(batch?.records.map(({ value }) => String(value))).toEqual(['a']);
    const assigned = Promise.withResolvers<readonly number[]>();
    const group = await ports.log.joinGroup({
      groupId: topic,
      topics: [topic],
      onAssignment: async ({ partitions }) => assigned.resolve(partitions),
    });
    expect(await assigned.promise).toEqual([0]);
    await group.leave();
    await ports.close();
  });

  test.each([
    ['a wrong password', { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_PASSWORD: 'wrong' }, /authenticat.*KAFKA_SASL/is],
    [
      'an unknown authority',
      { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_PASSWORD: PASSWORD, KAFKA_SSL_CA_FILE: '' },
      /self.signed certificate.*KAFKA_SSL_CA_FILE/is,
    ],
    [
      'a file that is not there',
      { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_PASSWORD: PASSWORD, KAFKA_SSL_CA_FILE: '/nowhere.pem' },
      /cannot read \/nowhere\.pem.*correct KAFKA_SSL_CA_FILE/s,
    ],
  ])('%s is an error at once, with the setting to correct and without the password', async (_, settings, said) => {
    const refused = await connectPorts(configOf(settings), options).then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    expect(refused?.message).toMatch(said);
    expect(refused?.message).not.toContain(PASSWORD);
  });
});
