/**
 * `node e2e/skipped-markers.ts [--minutes 5] [--nodes 3] [--partitions 48] [--without-writes]`: kills the coordinator of a transaction when it
 * is told how that ends, and the process that wrote it with its next records, over and over, and says what was lost. One node has one copy
 * of everything, three have two copies of each partition. Ends with 1 when a record was lost, doubled or shown though it was aborted.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createKafkaLog } from '@weir/event-log/kafkajs/log';
import { startCluster } from '@weir/kafka/cluster';
import { startTcpProxy } from '@weir/testkit/tcp-proxy';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { seeded, sleep } from './stage.ts';

const PRODUCE = 0;
const END_TXN = 26;
/** For a committed record to be shown, ms. */
const SHOWN_MS = 30_000;
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    nodes: { type: 'string', default: '1' },
    partitions: { type: 'string', default: '48' },
    'without-writes': { type: 'boolean', default: false },
  },
});
const partitions = Number(values.partitions);
const nodes = values.nodes === '3' ? 3 : 1;
const mode = values['without-writes'] ? ['without-writes'] : [];
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** What is to be told of the next request of a kind, with the node that gets it. */
const awaited = new Map<number, (node: number) => void>();
function next(apiKey: number): Promise<number> {
  return new Promise((resolve) => awaited.set(apiKey, resolve));
}

const addresses: string[] = [];
let proxies = 0;
const cluster = await startCluster({
  nodes,
  logTransactions: true,
  advertise: async (address) => {
    proxies += 1;
    const node = proxies;
    const proxy = await startTcpProxy(address, (apiKey) => {
      const told = awaited.get(apiKey);
      awaited.delete(apiKey);
      told?.(node);
    });
    addresses.push(proxy.address);
    return proxy.address;
  },
});
const log = createKafkaLog({ brokers: cluster.brokers, clientId: 'judge', replicationFactor: nodes === 3 ? 2 : 1 });
const admin = await log.admin();
await admin.createTopics([
  { topic: 'outputs', partitions, cleanup: 'delete' },
  { topic: 'journal', partitions: 1, cleanup: 'delete' },
]);
await admin.close();

let committed = 0;
let settled = 0;
function write(): ChildProcess {
  const main = join(import.meta.dirname, 'marker-writer.ts');
  const child = spawn(process.execPath, [main, addresses.join(','), String(partitions), ...mode]);
  child.stdout.on('data', (text: Buffer) => {
    for (const line of String(text).split('\n')) {
      if (/^\d+$/.test(line)) committed = Number(line);
      if (line.startsWith('settled')) settled += 1;
    }
  });
  // What it says of lost connections is what is done to it.
  child.stderr.resume();
  return child;
}

async function committedOf(topic: string, partition: number): Promise<readonly string[]> {
  const reader = await log.reader();
  const stream = await reader.open({ topic, partition }, 'earliest');
  const found: string[] = [];
  for (let batch = await stream.next(2_000); batch !== undefined || stream.lag !== 0n; batch = await stream.next(500))
    for (const { value } of batch?.records ?? []) found.push(String(Buffer.from(value ?? [])));
  await reader.close();
  return found;
}

const rng = seeded();
const deadline = Date.now() + Number(values.minutes) * 60_000;
let writer = write();
let kills = 0;
while (Date.now() < deadline) {
  const before = committed;
  while (committed === before) await sleep(20);
  const node = await next(END_TXN);
  await sleep(uniformInt(rng, 0, 2));
  await cluster.kill(node);
  kills += 1;
  const writes = next(PRODUCE);
  await cluster.start(node);
  await Promise.race([writes, sleep(10_000)]);
  const exit = once(writer, 'exit');
  writer.kill('SIGKILL');
  await exit;
  writer = write();
}
const before = committed;
while (committed < before + 3) await sleep(20);
writer.kill('SIGKILL');
await once(writer, 'exit');
// The last transaction of the one that was killed is ended by another.
writer = write();
const last = committed;
while (committed < last + 2) await sleep(20);
const exit = once(writer, 'exit');
writer.kill('SIGKILL');
await exit;
await (await log.producer({ fenceId: 'marker-writer' })).close();

const expected = (await committedOf('journal', 0)).filter((text) => /^\d+$/.test(text));
let lost = expected.length === Number(expected.at(-1)) ? 0 : Math.abs(Number(expected.at(-1)) - expected.length);
let strange = 0;
for (let partition = 0; partition < partitions; partition += 1) {
  let found = await committedOf('outputs', partition);
  const missing = (): readonly string[] => expected.filter((each) => !found.includes(each));
  // A broker that came back a moment ago may not lead yet what it will: what is shown within the wait is not lost.
  for (const until = Date.now() + SHOWN_MS; missing().length > 0 && Date.now() < until; ) {
    say(
      `outputs[${partition}] shows ${found.length} records, without ${missing().slice(0, 5).join(', ')} …; read again`,
    );
    await sleep(2_000);
    found = await committedOf('outputs', partition);
  }
  lost += missing().length;
  strange += found.length - new Set(found.filter((each) => expected.includes(each))).size;
}
const skipped = cluster.brokers.reduce((sum, _, index) => {
  const said = readFileSync(join(cluster.folder, String(index + 1), 'broker.log'), 'utf8');
  return sum + (said.match(/Couldn't find leader endpoint/g)?.length ?? 0);
}, 0);
say(`${kills} brokers and ${kills} writers killed, ${expected.length} transactions over ${partitions} partitions`);
say(`${skipped} times a coordinator skipped markers, ${settled} partitions settled`);
say(`${lost} records lost, ${strange} doubled or aborted`);
await log.close();
await cluster.stop();
process.exit(lost + strange === 0 ? 0 : 1);
