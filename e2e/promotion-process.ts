/**
 * A promotion service in a process of its own, to be killed: `node promotion-process.ts BROKERS PREFIX CHECKPOINT-FILE WEBHOOK WHEN`. WHEN is
 * `never`, or the moment of its first effect at which it kills itself: `before` the call, when the decision is committed and the world does not
 * know of it, or `after` it, when the world knows and the log does not know that.
 */
import { DatabaseSync } from 'node:sqlite';
import { createKafkaLog } from '@weir/event-log/kafkajs/log';
import { actuatorHandler } from '@weir/promotion/actuators/actuator';
import { webhookActuator } from '@weir/promotion/actuators/webhook';
import { createPromotionProcessor } from '@weir/promotion/processor';
import { UNSIGNED } from '@weir/promotion/signer';
import { createSqliteCheckpoints } from '@weir/service-kit/checkpoints/sqlite';
import type { EffectHandler } from '@weir/service-kit/effects/effect';
import { explain, RUNNER_DEFAULTS, type Runner, startRunner } from '@weir/service-kit/runner';
import { createMemoryViews } from '@weir/service-kit/views/memory';
import { onceReachable } from '@weir/service-kit/wait-for-broker';
import { CONFIG } from '../services/promotion/test/scene.ts';
import { endInOrder } from './end-in-order.ts';

const [brokers = '', prefix = '', file = '', webhook = '', when = 'never'] = process.argv.slice(2);
const kafka = createKafkaLog({ brokers: brokers.split(','), clientId: 'e2e', sessionTimeoutMs: 1_500 });
const destinations = [webhook];
const actuator = webhookActuator({ secret: 'a-secret-of-sixteen-bytes', destinations, now: Date.now });
const handler = actuatorHandler(actuator, destinations);
const mortal: EffectHandler = {
  ...handler,
  run: async (effect, context) => {
    if (when === 'before') process.kill(process.pid, 'SIGKILL');
    const answer = await handler.run(effect, context);
    if (when === 'after') process.kill(process.pid, 'SIGKILL');
    return answer;
  },
};
// As the program of the service does.
const start = (): Promise<Runner> =>
  startRunner(
    createPromotionProcessor([UNSIGNED]),
    {
      log: kafka,
      checkpoints: createSqliteCheckpoints(new DatabaseSync(file, { timeout: 5_000 })),
      views: createMemoryViews(),
      outputViews: () => [],
    },
    {
      ...RUNNER_DEFAULTS,
      topicPrefix: prefix,
      config: CONFIG,
      partitions: 1,
      batchRecords: 60,
      sliceRecords: 30,
      checkpointEveryRecords: 1_000,
      effects: { webhook: mortal },
    },
    {
      committed: ({ records }) => process.stdout.write(`committed ${records}\n`),
      restored: () => process.stdout.write('restored\n'),
      failed: (_, error) => process.stderr.write(`${explain(error)}\n`),
    },
  );
const runner = await onceReachable(start, { timeoutMs: 60_000, report: () => {} });
endInOrder(runner, kafka);
