/**
 * `node infra/kafka/src/main.ts [--nodes 3] [--port 9092]`: a Kafka on 127.0.0.1 until Ctrl-C, its addresses on stdout; three nodes take three
 * ports in a row. `--jars` prints the jars' folder and ends.
 */
import { parseArgs } from 'node:util';
import { startCluster } from './cluster.ts';
import { KAFKA_VERSION, kafkaJars } from './jars.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '1' },
    port: { type: 'string', default: '9092' },
    jars: { type: 'boolean' },
  },
});
if (values.jars === true) {
  process.stdout.write(`${await kafkaJars()}\n`);
  process.exit(0);
}
if (values.nodes !== '1' && values.nodes !== '3') {
  process.stderr.write(`--nodes is ${values.nodes}; it can be 1 or 3\n`);
  process.exit(2);
}
const port = Number(values.port);
if (!Number.isInteger(port) || port < 1 || port > 65_533) {
  process.stderr.write(`--port is ${values.port}; it can be 1 to 65533\n`);
  process.exit(2);
}
process.stderr.write(`starting Apache Kafka ${KAFKA_VERSION} …\n`);
const cluster = await startCluster({ nodes: values.nodes === '3' ? 3 : 1, port }).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
process.stdout.write(`${cluster.brokers.join(',')}\n`);
const stop = (): void => void cluster.stop().then(() => process.exit(0));
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
