/**
 * A plain kafkajs consumer in a process of its own, as its documentation shows it: what a benchmark calls raw. It imports kafkajs and nothing
 * of Weir, which changes kafkajs where it runs.
 *   node kafkajs-consumer.mjs BROKERS TOPIC count EVENTS     reads so many from the beginning; prints {"cpuSeconds"}
 *   node kafkajs-consumer.mjs BROKERS TOPIC idle SECONDS     waits on a quiet topic; prints {"cpuSeconds"} of that time
 *   node kafkajs-consumer.mjs BROKERS TOPIC times SECONDS N  every Nth record as it comes; prints {"atMs", "value"} a line, in base64
 */
import { Kafka, logLevel } from 'kafkajs';

const [brokers = '', topic = '', mode = '', amount = '0', every = '1'] = process.argv.slice(2);
const kafka = new Kafka({ brokers: brokers.split(','), clientId: 'raw', logLevel: logLevel.NOTHING });
const groupId = `raw-${mode}-${process.pid}`;
const consumer = kafka.consumer(mode === 'count' ? { groupId } : { groupId, maxWaitTimeInMs: 100 });
const cpuSeconds = (since) => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
};
const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));

const started = process.cpuUsage();
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: mode === 'count' });
let seen = 0;
const { promise: finished, resolve } = Promise.withResolvers();
await consumer.run({
  eachBatch: async ({ batch }) => {
    if (mode !== 'times') {
      seen += batch.messages.length;
      if (mode === 'count' && seen >= Number(amount)) resolve();
      return;
    }
    const atMs = Date.now();
    for (const { value } of batch.messages) {
      seen += 1;
      if (seen % Number(every) === 0) console.log(JSON.stringify({ atMs, value: value?.toString('base64') ?? '' }));
    }
  },
});
if (mode === 'count') {
  await finished;
  console.log(JSON.stringify({ cpuSeconds: cpuSeconds(started) }));
} else {
  // Joining the group is not idleness.
  if (mode === 'idle') await sleep(5);
  const before = process.cpuUsage();
  await sleep(Number(amount));
  if (mode === 'idle') console.log(JSON.stringify({ cpuSeconds: cpuSeconds(before) }));
}
await consumer.disconnect();
