/** A Kafka for trying and for tests, without Docker: `npm run node -- infra/kafka/src/main.ts --help`. */
import { parseArgs } from 'node:util';
import { startCluster } from './cluster.ts';
import { KAFKA_VERSION, kafkaJars } from './jars.ts';

const HELP = `A Kafka on 127.0.0.1 until Ctrl-C; its addresses go to stdout. Needs Java 17 or later, and Maven for the first start.

  --nodes 1|3    one node, or three on three ports in a row (1)
  --port PORT    of the first node (9092)
  --jars         print the folder of Kafka's jars, and end
  --help         this text
`;

const values = readOptions();
if (values.help === true) {
  process.stdout.write(HELP);
  process.exit(0);
}
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

function readOptions(): {
  readonly nodes: string;
  readonly port: string;
  readonly jars?: boolean;
  readonly help?: boolean;
} {
  try {
    const options = {
      nodes: { type: 'string', default: '1' },
      port: { type: 'string', default: '9092' },
      jars: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    } as const;
    return parseArgs({ options }).values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${HELP}`);
    process.exit(2);
  }
}
