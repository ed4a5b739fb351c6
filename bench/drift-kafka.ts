/**
 * The drift detector on a real Kafka beside raw kafkajs, which reads the same topic in the same run, in a
 * process of its own in which nothing of it is changed, and only counts: events per
 * CPU-second of each. The service decodes, tests every value of six columns, and commits its journal transactionally besides.
 *   npm run bench -- drift-kafka [EVENTS]
 */
import { createKafkaLog } from '@weir/event-log/kafkajs/log';
import { topicName } from '@weir/events/topics';
import { startCluster } from '@weir/kafka/cluster';
import { cpuToCount } from './peers/raw-consumer.ts';
import { detect, median, PREFIX, record } from './recorded/drift.ts';

const ROUNDS = 5;
const MODELS = 2;
const events = Number(process.argv[3] ?? 500_000);

const cluster = await startCluster();
const log = createKafkaLog({ brokers: cluster.brokers, clientId: 'bench', replicationFactor: 1 });
try {
  await record(log, MODELS, events);
  const raw: number[] = [];
  const service: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    raw.push(events / (await cpuToCount(cluster.brokers, topicName(PREFIX, 'predictions'), events)));
    service.push(await detect(log, `bench-${round}.`, events));
  }
  const ratios = service.map((rate, round) => rate / (raw[round] as number));
  const shown = (rate: number): string => Math.round(rate).toLocaleString('en');
  console.log(
    `${MODELS} models on Kafka: ${shown(median(service))} events per CPU-second, raw kafkajs ${shown(median(raw))}: ratio ` +
      `${median(ratios).toFixed(2)} (median of ${ROUNDS}, ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}; ${events.toLocaleString('en')} events)`,
  );
} finally {
  await log.close();
  await cluster.stop();
}
