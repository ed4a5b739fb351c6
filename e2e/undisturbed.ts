/** A detector on the embedded log that nothing happens to: what it gives is what every other run must give. */
import { createDriftProcessor } from '@weir/drift-detector/processor';
import type { EmbeddedLog } from '@weir/event-log/embedded/log';
import { createSqliteCheckpoints } from '@weir/service-kit/checkpoints/sqlite';
import { RUNNER_DEFAULTS, startRunner } from '@weir/service-kit/runner';
import { createMemoryViews } from '@weir/service-kit/views/memory';
import { CONFIG, PARTITIONS } from './scenario.ts';
import { until } from './stage.ts';

/** Until it has taken `records`, registrations and references among them or not. */
export async function runUndisturbed(
  embedded: EmbeddedLog,
  topicPrefix: string,
  records: number,
  timeoutMs: number,
): Promise<void> {
  let folded = 0;
  const runner = await startRunner(
    createDriftProcessor(),
    {
      log: embedded,
      checkpoints: createSqliteCheckpoints(embedded.database),
      views: createMemoryViews(),
      outputViews: () => [],
    },
    { ...RUNNER_DEFAULTS, topicPrefix, config: CONFIG, partitions: PARTITIONS },
    { committed: ({ records: more }) => void (folded += more), restored: () => {}, failed: () => {} },
  );
  await until(
    async () => folded >= records,
    timeoutMs,
    () => `${folded} folded`,
  );
  await runner.stop();
}
