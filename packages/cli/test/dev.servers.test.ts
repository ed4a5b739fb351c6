/** `weir dev --kafka`: the same alerts as on the embedded log, and a cluster left as it was found; `weir replay --kafka`. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findKafka, type KafkaServer } from '@weir/testkit/broker';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, describe, expect, test } from 'vitest';

const kafka = await findKafka();
const where = 'skip' in kafka ? kafka.skip : `at ${kafka.brokers.join(',')}`;
const MAIN = join(import.meta.dirname, '../src/main.ts');

describe.skipIf('skip' in kafka)(`a real Kafka: ${where}`, () => {
  const { brokers } = kafka as KafkaServer;
  afterAll(() => (kafka as KafkaServer).stop());

  const firstAlert = async (...args: readonly string[]): Promise<string> => {
    const flags = ['dev', '--services', 'drift-detector', '--until', 'first-alert', '--port', '0', ...args];
    const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...flags], {
      env: { ...process.env, CI: '1' },
    });
    return /^.*ALERT.*$/m.exec(stdout)?.[0] ?? stdout;
  };
  const topics = async (): Promise<readonly string[]> => {
    const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const names = await admin.listTopics();
    await admin.disconnect();
    return names.filter((name) => name.startsWith('weir-dev-'));
  };

  test('what was recorded on Kafka is replayed byte for byte, and another prefix is told of', async () => {
    const prefix = `replay-${Date.now()}.`;
    const where = ['--kafka', brokers.join(','), '--prefix', prefix] as const;
    await firstAlert(...where);
    const replay = (...args: readonly string[]) => promisify(execFile)(process.execPath, [MAIN, 'replay', ...args]);
    expect((await replay(...where)).stdout).toMatch(
      /^drift-detector\[0\]: [1-9]\d* outputs of \d+ entries from \d+ records are the same, byte for byte/,
    );
    await expect(
      replay('--kafka', brokers.join(','), '--service', 'drift-detector', '--prefix', 'nobody.'),
    ).rejects.toMatchObject({
      code: 2,
      stderr:
        'weir: the log has no topic nobody.drift-detector.journal: nothing was recorded in it; --prefix names another\n',
    });
  });

  test('the first alert is that of the embedded log, and the topics are gone afterwards', async () => {
    const onKafka = await firstAlert('--kafka', brokers.join(','));
    expect(onKafka).toContain('ALERT');
    expect(onKafka).toBe(await firstAlert());
    expect(await topics()).toEqual([]);
  });
});
