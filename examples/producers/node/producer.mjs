/**
 * Sends predictions to Weir from Node, as an inference service would.
 *
 *   npm install kafkajs avsc
 *   node producer.mjs --brokers 127.0.0.1:9092 --model demo --count 1000
 *
 * Three things make a record one that Weir reads:
 *
 * 1. Its value is Avro behind Confluent's framing: byte 0, the schema id as 4 bytes big-endian, the body. Schemas and ids are files of
 *    packages/events/schemas; where a schema registry is in use, its serialiser does the same with the registry's ids.
 * 2. Its key is the model id, so that the predictions of a model keep their order.
 * 3. Its partition is the one that Kafka's Java client would choose for that key: kafkajs' default since version 2. Weir's services set
 *    aside records that lie in a partition where their key does not belong.
 *
 * Register the model first (weir register), or its predictions are dead-lettered with UNKNOWN_MODEL:
 *
 *   npm run --silent weir -- register --model demo --version 1 --feature-set demo/1 \
 *       --features amount:numeric,country:categorical --outputs score
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import avsc from 'avsc';
import { Kafka, logLevel, Partitioners } from 'kafkajs';

const SCHEMAS = new URL('../../../packages/events/schemas/', import.meta.url);
const NAME = 'PredictionLogged';
const BATCH = 500;

/** @param {string} file */
const schemaFile = (file) => JSON.parse(readFileSync(new URL(file, SCHEMAS), 'utf8'));
const type = avsc.Type.forSchema(schemaFile(`${NAME}.avsc`));
const header = Buffer.alloc(5);
header.writeUInt32BE(schemaFile('ids.lock.json')[NAME], 1);

/** @param {{ model: string, amount: number, country: string | null, score: number }} prediction */
function encoded({ model, amount, country, score }) {
  const body = type.toBuffer({
    model,
    version: '1',
    featureSet: `${model}/1`,
    eventTimeMs: Date.now(),
    // In the order of the registered features of each type; a missing number is NaN, a missing category null.
    numeric: [amount],
    categorical: [country],
    outputs: [score],
    id: randomUUID(),
    unit: null,
    segment: {},
    routing: null,
    latencyMs: null,
  });
  return Buffer.concat([header, body]);
}

const { values: options } = parseArgs({
  options: {
    brokers: { type: 'string', default: '127.0.0.1:9092' },
    prefix: { type: 'string', default: 'weir.' },
    model: { type: 'string', default: 'demo' },
    count: { type: 'string', default: '1000' },
  },
});
const { brokers, prefix, model } = options;
const count = Number(options.count);
const producer = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.ERROR }).producer({
  createPartitioner: Partitioners.DefaultPartitioner,
  // Each record once and in order, whatever is sent again after an error.
  idempotent: true,
  maxInFlightRequests: 1,
});
await producer.connect();
try {
  for (let sent = 0; sent < count; sent += BATCH) {
    const messages = Array.from({ length: Math.min(BATCH, count - sent) }, () => {
      const amount = Math.exp(3 + Math.random());
      const country = ['CH', 'DE', null][Math.floor(Math.random() * 3)] ?? null;
      return { key: model, value: encoded({ model, amount, country, score: 1 / (1 + amount) }) };
    });
    await producer.send({ topic: `${prefix}predictions`, messages });
  }
} finally {
  await producer.disconnect();
}
process.stdout.write(`${count} predictions of ${model} sent to ${prefix}predictions\n`);
