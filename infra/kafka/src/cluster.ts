/** One or three Kafka nodes in KRaft mode on loopback, for tests and trying out: they can be killed and started again. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaJars } from './jars.ts';
import { askMetadata } from './metadata.ts';

const READY_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 15_000;

export interface Cluster {
  /** Bootstrap addresses, `127.0.0.1:PORT`; a node keeps its port over kills and starts. */
  readonly brokers: readonly string[];
  /** Holds the data of every node; gone with `stop`. */
  readonly folder: string;
  /** SIGKILL: nothing is flushed, no client is told. */
  kill(node: number): Promise<void>;
  /** SIGSTOP: its connections stay open and answer nothing. */
  pause(node: number): void;
  /** SIGCONT. */
  resume(node: number): void;
  /** Start a killed node again and wait until it serves. */
  start(node: number): Promise<void>;
  /** End every node and remove its data. */
  stop(): Promise<void>;
}

export interface ClusterOptions {
  readonly nodes?: 1 | 3;
  /** Of the first node, on 127.0.0.1; the others take those that follow. Absent: whatever is free. */
  readonly port?: number;
  /** Largest record that topics take unless they say otherwise, bytes. */
  readonly maxRecordBytes?: number;
  /** Given a second address of each node, what clients that come there are told instead: a proxy's before it. `brokers` stay direct. */
  readonly advertise?: (address: string) => Promise<string>;
  /** What is spoken at that second address, the listener CLIENT. */
  readonly clientProtocol?: 'PLAINTEXT' | 'SASL_SSL';
  /** More broker settings, like those of the listener: `listener.name.client.…`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Brokers log at INFO what their coordinators do with transactions, such as skipping a marker. */
  readonly logTransactions?: boolean;
  /** Who may log in by SCRAM-SHA-512, with their passwords: written when the storage is formatted, which then takes another JVM's start. */
  readonly scramUsers?: Readonly<Record<string, string>>;
}

/** Beside the direct one, since a node tells clients the address of the listener that they came to. */
interface ClientListener {
  readonly address: string;
  readonly advertised: string;
}

/** Of a node in its cluster. */
interface Place {
  readonly clusterId: string;
  readonly count: number;
  readonly voters: string;
  readonly controllerPort: number;
  readonly clients: ClientListener | undefined;
}

interface Node {
  readonly id: number;
  readonly port: number;
  readonly folder: string;
  process: ChildProcess | undefined;
}

export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const count = options.nodes ?? 1;
  const jars = await kafkaJars();
  const folder = mkdtempSync(join(tmpdir(), 'weir-kafka-'));
  const ports = await freePorts(3 * count, options.port, count);
  const clusterId = randomBytes(16).toString('base64url');
  const voters = Array.from({ length: count }, (_, index) => `${index + 1}@127.0.0.1:${ports[count + index]}`).join(
    ',',
  );
  const { advertise } = options;
  const clients =
    advertise === undefined
      ? undefined
      : await Promise.all(
          ports.slice(2 * count).map(async (port): Promise<ClientListener> => {
            const address = `127.0.0.1:${port}`;
            return { address, advertised: await advertise(address) };
          }),
        );
  const nodes = Array.from({ length: count }, (_, index): Node => {
    const controllerPort = ports[count + index] as number;
    const node = {
      id: index + 1,
      port: ports[index] as number,
      folder: join(folder, String(index + 1)),
      process: undefined,
    };
    format(node, jars, options, { clusterId, count, voters, controllerPort, clients: clients?.[index] });
    return node;
  });
  const brokers = nodes.map(({ port }) => `127.0.0.1:${port}`);
  const nodeOf = (id: number): Node => {
    const node = nodes[id - 1];
    if (node === undefined) throw new RangeError(`node is ${id}; this cluster has nodes 1 to ${count}`);
    return node;
  };
  const cluster: Cluster = {
    brokers,
    folder,
    kill: (id) => end(nodeOf(id), 'SIGKILL'),
    pause: (id) => void nodeOf(id).process?.kill('SIGSTOP'),
    resume: (id) => void nodeOf(id).process?.kill('SIGCONT'),
    start: async (id) => {
      launch(nodeOf(id), jars, options);
      await serving(nodes, nodeOf(id));
    },
    stop: async () => {
      await Promise.all(nodes.map((node) => end(node, 'SIGKILL')));
      process.off('exit', killAll);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  // Brokers must not outlive the program that asked for them.
  const killAll = (): void => {
    for (const node of nodes) node.process?.kill('SIGKILL');
  };
  process.once('exit', killAll);
  try {
    for (const node of nodes) launch(node, jars, options);
    await Promise.all(nodes.map((node) => serving(nodes, node)));
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

/** Settings, and what `kafka-storage format` would write, without the start of another JVM unless there are users. */
function format(
  node: Node,
  jars: string,
  { maxRecordBytes = 8_388_608, clientProtocol = 'PLAINTEXT', settings: more = {}, scramUsers = {} }: ClusterOptions,
  { clusterId, count, voters, controllerPort, clients }: Place,
): void {
  const data = join(node.folder, 'data');
  mkdirSync(data, { recursive: true });
  const replicas = Math.min(count, 3);
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'controller.quorum.voters': voters,
    listeners: `PLAINTEXT://127.0.0.1:${node.port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': data,
    'auto.create.topics.enable': false,
    'num.partitions': 1,
    'message.max.bytes': maxRecordBytes,
    'replica.fetch.max.bytes': maxRecordBytes,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 2,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': Math.min(replicas, 2),
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
    // A dead broker is noticed and replaced as leader in seconds, so that tests of failure are short.
    'broker.session.timeout.ms': 3000,
    'broker.heartbeat.interval.ms': 500,
    'log.retention.check.interval.ms': 5000,
  };
  if (clients !== undefined) {
    Object.assign(settings, {
      listeners: `${settings.listeners},CLIENT://${clients.address}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${node.port},CLIENT://${clients.advertised}`,
      'listener.security.protocol.map': `${settings['listener.security.protocol.map']},CLIENT:${clientProtocol}`,
    });
  }
  const properties = join(node.folder, 'server.properties');
  writeFileSync(
    properties,
    Object.entries({ ...settings, ...more })
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  const users = Object.entries(scramUsers).flatMap(([name, password]) => [
    '--add-scram',
    `SCRAM-SHA-512=[name=${name},password=${password}]`,
  ]);
  if (users.length > 0) {
    const tool = ['-cp', join(jars, '*'), 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties];
    execFileSync('java', [...tool, ...users], { stdio: 'pipe' });
    return;
  }
  const directoryId = randomBytes(16).toString('base64url');
  writeFileSync(
    join(data, 'meta.properties'),
    `version=1\ncluster.id=${clusterId}\nnode.id=${node.id}\ndirectory.id=${directoryId}\n`,
  );
}

function launch(node: Node, jars: string, { logTransactions = false }: ClusterOptions): void {
  const output = openSync(join(node.folder, 'broker.log'), 'a');
  const java = ['-Xms256m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=4'];
  if (logTransactions) java.push('-Dweir.log.transactions=info');
  const classPath = `${join(jars, '*')}:${join(import.meta.dirname, '..')}`;
  node.process = spawn('java', [...java, '-cp', classPath, 'kafka.Kafka', join(node.folder, 'server.properties')], {
    stdio: ['ignore', output, output],
  });
}

async function end(node: Node, signal: NodeJS.Signals): Promise<void> {
  const { process: child } = node;
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
  node.process = undefined;
}

/** Ready is an answer, not a line in a log: metadata that names a controller and, from the node asked, all living nodes. */
async function serving(nodes: readonly Node[], node: Node): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  const alive = nodes.filter(({ process: child }) => child !== undefined).length;
  for (;;) {
    if (node.process?.exitCode !== null && node.process?.exitCode !== undefined) {
      const said = readFileSync(join(node.folder, 'broker.log'), 'utf8').slice(-2_000);
      throw new Error(`Kafka node ${node.id} ended with code ${node.process.exitCode}: ${said}`);
    }
    // Refused, or not yet answered: asked again.
    const found = await askMetadata(node.port).catch(() => undefined);
    if (
      found !== undefined &&
      found.controllerId >= 0 &&
      found.ports.includes(node.port) &&
      found.ports.length >= alive
    )
      return;
    if (Date.now() > deadline) throw new Error(`Kafka node ${node.id} did not serve within ${READY_TIMEOUT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Ports that are free, all held at once so that they differ: the first `fixed` from `first` on, the others as the system gives them. */
async function freePorts(count: number, first: number | undefined, fixed: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const port = first !== undefined && index < fixed ? first + index : 0;
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        const cure = 'stop what listens there, or choose another port';
        server.once('error', (cause) => reject(new Error(`127.0.0.1:${port} is not free; ${cure}`, { cause })));
        server.listen(port, '127.0.0.1', resolve);
      });
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
