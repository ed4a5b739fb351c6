/** The way of a user on a real Kafka with two partitions: predictions before their model, dead letters, the registration, and back again. */
import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { driftConfigOf, SETTINGS } from '@weir/drift-detector/config';
import { driftDetector } from '@weir/drift-detector/service';
import { loadServiceConfig } from '@weir/service-kit/config/common-settings';
import { loadPrincipals } from '@weir/service-kit/http/principals';
import { createLogger } from '@weir/service-kit/logger';
import { connectPorts } from '@weir/service-kit/ports';
import { topicSpecs } from '@weir/service-kit/runner';
import { startServices } from '@weir/service-kit/service';
import { findKafka, type KafkaServer } from '@weir/testkit/broker';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { dlq } from '../src/commands/dlq/dlq.ts';
import { reference } from '../src/commands/reference/reference.ts';
import { register } from '../src/commands/register/register.ts';
import { replay } from '../src/commands/replay/replay.ts';
import { runCommand } from './fixtures/run-command.ts';

const kafka = await findKafka();
const where = 'skip' in kafka ? kafka.skip : `at ${kafka.brokers.join(',')}`;
const PRODUCER = join(import.meta.dirname, '../../../examples/producers/node/producer.mjs');
/** One of each partition. */
const MODELS = ['demo', 'credit'];
const COUNT = 40;

describe.skipIf('skip' in kafka)(`a real Kafka: ${where}`, () => {
  const { brokers } = kafka as KafkaServer;
  afterAll(() => (kafka as KafkaServer).stop());

  test('what came before its registration is listed, sent again once the model is known, processed, and replayed', async () => {
    const prefix = `commands-${Date.now()}.`;
    const place = ['--kafka', brokers.join(','), '--prefix', prefix];
    const config = loadServiceConfig(SETTINGS, {
      WEIR_LOG: 'kafka',
      KAFKA_BROKERS: brokers.join(','),
      WEIR_TOPIC_PREFIX: prefix,
      WEIR_PARTITIONS: '2',
      WEIR_HTTP_PORT: '0',
    });
    const ports = await connectPorts(config, { clientId: 'commands-test', report: () => {} });
    const definition = driftDetector(driftConfigOf(config));
    let accepted = 0;
    let refused = 0;
    const services = await startServices([definition], {
      ports,
      config,
      principals: loadPrincipals(config),
      logger: createLogger('commands-test', 'silent'),
      events: {
        committed: (_, { records, rejections }) => {
          accepted += records - rejections.length;
          refused += rejections.length;
        },
      },
    });
    try {
      for (const model of MODELS)
        await promisify(execFile)(process.execPath, [
          PRODUCER,
          '--brokers',
          brokers.join(','),
          '--prefix',
          prefix,
          '--model',
          model,
          '--count',
          `${COUNT}`,
        ]);
      await vi.waitUntil(() => refused === MODELS.length * COUNT, { timeout: 60_000, interval: 100 });

      const listed = (await runCommand(dlq, 'list', ...place, '--json')).out.trimEnd().split('\n');
      const groups = listed.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
      expect(new Set(groups.map(({ model }) => model))).toEqual(new Set(MODELS));
      for (const group of groups)
        expect(group).toMatchObject({ reason: 'UNKNOWN_MODEL', count: COUNT, topic: `${prefix}predictions` });
      const shown = await runCommand(dlq, 'show', ...place, String(groups[0]?.['at']));
      expect(shown.out).toMatch(/^event {5}PredictionLogged$/m);

      for (const model of MODELS) {
        const features = 'amount:numeric,country:categorical';
        const shape = ['--model', model, '--version', '1', '--features', features, '--outputs', 'score'];
        expect(await runCommand(register, ...shape, '--url', services.url)).toMatchObject({
          status: 0,
          out: expect.stringContaining(', processed\n') as unknown,
        });
      }
      // References of columns that the model has, and one of a model that is not registered.
      const csv = join(mkdtempSync(join(tmpdir(), 'weir-commands-')), 'january.csv');
      writeFileSync(csv, `amount,country\n${'1.5,CH\n2.5,DE\n'.repeat(20)}`);
      const asked = ['--model', 'demo', '--file', csv, '--url', services.url];
      expect(await runCommand(reference, ...asked, '--column', 'amount', '--column', 'country')).toMatchObject({
        status: 0,
        err: 'weir: drift-detector: country: categorical and boolean columns are not tested\n',
      });
      expect(await runCommand(reference, ...asked.with(1, 'unknown'), '--column', 'amount')).toMatchObject({
        status: 1,
        err: expect.stringContaining('does not show it, so it was dead-lettered') as unknown,
      });
      const before = { accepted, refused };

      const sent = await runCommand(dlq, 'redrive', ...place, '--topic', `${prefix}predictions`);
      expect(sent.out).toMatch(new RegExp(`^sent ${MODELS.length * COUNT} to ${prefix}predictions\n`));
      await vi.waitUntil(() => accepted - before.accepted === MODELS.length * COUNT, {
        timeout: 60_000,
        interval: 100,
      });
      expect(refused).toBe(before.refused);
    } finally {
      await services.stop();
    }
    const again = await runCommand(replay, ...place);
    expect(again.status).toBe(0);
    expect(again.out.match(/are the same, byte for byte/g)).toHaveLength(2);
    const admin = await ports.log.admin();
    await admin.deleteTopics(
      topicSpecs(definition.processor as NonNullable<typeof definition.processor>, prefix, 2).map(({ topic }) => topic),
    );
    await admin.close();
    await ports.close();
  });
});
