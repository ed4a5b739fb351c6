/**
 * An explanation sampler in a process of its own, to be killed: `node explanation-process.ts BROKERS PREFIX CHECKPOINT-FILE WHEN`. WHEN is
 * `never`, or the moment of its first explaining at which it kills itself: `before` the model is asked, when the selection is committed and
 * nothing was computed, or `after` it, when the attributions are there and the log does not have them.
 */
import { DatabaseSync } from 'node:sqlite';
import { createKafkaLog } from '@weir/event-log/kafkajs/log';
import { ModelThread } from '@weir/explanation-sampler/models/model-thread';
import { createSamplerProcessor } from '@weir/explanation-sampler/processor';
import { effectsOf } from '@weir/explanation-sampler/service';
import { createSqliteCheckpoints } from '@weir/service-kit/checkpoints/sqlite';
import { explain, RUNNER_DEFAULTS, type Runner, startRunner } from '@weir/service-kit/runner';
import { createMemoryViews } from '@weir/service-kit/views/memory';
import { onceReachable } from '@weir/service-kit/wait-for-broker';
import { endInOrder } from './end-in-order.ts';
import { CONFIG, PARTITIONS } from './explanation-scenario.ts';

const [brokers = '', prefix = '', file = '', when = 'never'] = process.argv.slice(2);
const kafka = createKafkaLog({ brokers: brokers.split(','), clientId: 'e2e', sessionTimeoutMs: 1_500 });
const models = new ModelThread({ directory: '', maxBytes: 1_000_000, urls: [] });
const mortal = {
  load: (payload: Uint8Array) => models.load(payload),
  explain: async (payload: Uint8Array): Promise<Uint8Array> => {
    if (when === 'before') process.kill(process.pid, 'SIGKILL');
    const answer = await models.explain(payload);
    if (when === 'after') process.kill(process.pid, 'SIGKILL');
    return answer;
  },
};
// As the program of the service does.
const start = (): Promise<Runner> =>
  startRunner(
    createSamplerProcessor(),
    {
      log: kafka,
      // Two members may write at once.
      checkpoints: createSqliteCheckpoints(new DatabaseSync(file, { timeout: 5_000 })),
      views: createMemoryViews(),
      outputViews: () => [],
    },
    {
      ...RUNNER_DEFAULTS,
      topicPrefix: prefix,
      config: CONFIG,
      partitions: PARTITIONS,
      // Small transactions, so that there is much to interrupt.
      batchRecords: 60,
      sliceRecords: 30,
      checkpointEveryRecords: 1_000,
      effects: effectsOf(mortal),
    },
    {
      committed: ({ records }) => process.stdout.write(`committed ${records}\n`),
      restored: () => process.stdout.write('restored\n'),
      failed: (_, error) => process.stderr.write(`${explain(error)}\n`),
    },
  );
const runner = await onceReachable(start, { timeoutMs: 60_000, report: () => {} });
endInOrder(runner, kafka);
