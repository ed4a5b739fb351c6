/**
 * A drift detector in a process of its own, to be killed: `node detector.ts BROKERS PREFIX SNAPSHOT-FILE [broken]`. Says `ready` and, after
 * each commit, how many records it has committed. `broken` writes the journal entry after the transaction instead of in it: what must not be.
 */
import { DatabaseSync } from 'node:sqlite';
import { createDriftProcessor } from '@weir/drift-detector/processor';
import { createKafkaLog } from '@weir/event-log/kafkajs/log';
import type { EventLog, NewRecord, Producer, Transaction } from '@weir/event-log/port';
import { createSqliteCheckpoints } from '@weir/service-kit/checkpoints/sqlite';
import { explain, RUNNER_DEFAULTS, type Runner, startRunner } from '@weir/service-kit/runner';
import { createMemoryViews } from '@weir/service-kit/views/memory';
import { onceReachable } from '@weir/service-kit/wait-for-broker';
import { endInOrder } from './end-in-order.ts';
import { CONFIG, PARTITIONS } from './scenario.ts';

const [brokers = '', prefix = '', file = '', mode] = process.argv.slice(2);
const kafka = createKafkaLog({
  brokers: brokers.split(','),
  clientId: 'e2e',
  sessionTimeoutMs: 1_500,
  replicationFactor: brokers.split(',').length,
});
let committed = 0;
// As the program of the service does.
const start = (): Promise<Runner> =>
  startRunner(
    createDriftProcessor(),
    {
      log: mode === 'broken' ? withJournalOutside(kafka) : kafka,
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
      batchRecords: 400,
      sliceRecords: 200,
      checkpointEveryRecords: 5_000,
    },
    {
      committed: ({ records }) => {
        committed += records;
        process.stdout.write(`${committed}\n`);
      },
      restored: () => process.stdout.write('restored\n'),
      failed: (partition, error) => process.stderr.write(`partition ${partition}: ${explain(error)}\n`),
    },
  );
const runner = await onceReachable(start, { timeoutMs: 60_000, report: () => {} });
process.stdout.write('ready\n');
endInOrder(runner, kafka);

function withJournalOutside(log: EventLog): EventLog {
  return {
    features: log.features,
    reader: () => log.reader(),
    joinGroup: (options) => log.joinGroup(options),
    admin: () => log.admin(),
    ping: (timeoutMs) => log.ping(timeoutMs),
    close: () => log.close(),
    producer: async (options): Promise<Producer> => {
      const inside = await log.producer(options);
      const outside = await log.producer();
      return {
        send: (records) => inside.send(records),
        begin: async (): Promise<Transaction> => {
          const transaction = await inside.begin();
          const journal: NewRecord[] = [];
          return {
            send: async (records) => {
              const isJournal = ({ topic }: NewRecord): boolean => topic.endsWith('.journal');
              journal.push(...records.filter(isJournal));
              await transaction.send(records.filter((record) => !isJournal(record)));
            },
            commit: async () => {
              const acks = await transaction.commit();
              // Long enough that a kill is sure to fall between the two once in a storm.
              await new Promise((resolve) => setTimeout(resolve, 20));
              return [...acks, ...(await outside.send(journal))];
            },
            abort: () => transaction.abort(),
          };
        },
        close: async () => {
          await inside.close();
          await outside.close();
        },
      };
    },
  };
}
