/** What networks and brokers do to a client, on brokers that may be killed and behind a proxy: nothing is lost, doubled or left waiting. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { findKafkaNodes } from '@weir/testkit/broker';
import { startTcpProxy, type TcpProxy } from '@weir/testkit/tcp-proxy';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ClusterClient, createCluster } from '../src/kafkajs/internals.ts';
import { createKafkaLog } from '../src/kafkajs/log.ts';
import type { EventLog, Group, NewRecord, PartitionStream } from '../src/port.ts';

type Nodes = Exclude<Awaited<ReturnType<typeof findKafkaNodes>>, { readonly skip: string }>;
type Cluster = Awaited<ReturnType<Nodes['start']>>;

const SESSION_MS = 3_000;
/** A request to a connection that leads nowhere is given up after 10 s. */
const HALF_OPEN_MS = 20_000;
const nodes = await findKafkaNodes();
const where = 'skip' in nodes ? `: ${nodes.skip}` : '';

let topics = 0;
const newTopic = (): string => {
  topics += 1;
  return `faults-${topics}`;
};
const record = (topic: string, value: string, partition = 0, key: string | null = null): NewRecord => ({
  topic,
  partition,
  key: key === null ? null : Buffer.from(key),
  value: Buffer.from(value),
});
const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `v${index}`);

/** Values from `stream` until there are so many, or it falls silent. */
async function values(stream: PartitionStream, count: number, waitMs = 5_000): Promise<string[]> {
  const found: string[] = [];
  while (found.length < count) {
    const batch = await stream.next(waitMs);
    if (batch === undefined) break;
    found.push(...batch.records.map(({ value }) => Buffer.from(value ?? []).toString()));
  }
  return found;
}

async function read(log: EventLog, topic: string, count: number, partition = 0): Promise<string[]> {
  const reader = await log.reader();
  const stream = await reader.open({ topic, partition }, 'earliest');
  // One more than there should be, to see what came twice.
  const found = await values(stream, count + 1, 1_000);
  await reader.close();
  return found;
}

describe.skipIf('skip' in nodes)(`one node behind a proxy${where}`, () => {
  let cluster: Cluster;
  let proxy: TcpProxy;
  /** Past the proxy. */
  let near: EventLog;
  let far: EventLog;
  let admin: Admin;
  let raw: ClusterClient;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    cluster = await (nodes as Nodes).start({
      advertise: async (address) => {
        proxy = await startTcpProxy(address);
        return proxy.address;
      },
    });
    near = createKafkaLog({ brokers: cluster.brokers, clientId: 'near', sessionTimeoutMs: SESSION_MS });
    const plain = new Kafka({ brokers: [...cluster.brokers], clientId: 'plain', logLevel: logLevel.NOTHING });
    admin = plain.admin();
    await admin.connect();
    const { brokers } = cluster;
    raw = createCluster({ brokers, clientId: 'raw', ssl: undefined, sasl: undefined, requestTimeoutMs: 5_000 });
    await raw.connect();
    await raw.refreshMetadata();
  });
  beforeEach(() => {
    far = createKafkaLog({ brokers: [proxy.address], clientId: 'far', sessionTimeoutMs: SESSION_MS });
  });
  afterEach(async () => {
    proxy.answers = 'pass';
    proxy.accepts = true;
    await far.close();
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  afterAll(async () => {
    await admin?.disconnect();
    await raw?.disconnect();
    await near?.close();
    await proxy?.close();
    await cluster?.stop();
  });

  const create = async (partitions = 1, config: Readonly<Record<string, string>> = {}): Promise<string> => {
    const topic = newTopic();
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    await admin.createTopics({
      topics: [{ topic, numPartitions: partitions, replicationFactor: 1, configEntries }],
      waitForLeaders: true,
    });
    return topic;
  };
  const join = (log: EventLog, topic: string, told: unknown[]): Promise<Group> =>
    log.joinGroup({
      groupId: topic,
      topics: [topic],
      onAssignment: async ({ partitions }) => void told.push(partitions),
      onLost: () => void told.push('lost'),
    });
  /** Open transactions too. */
  const writtenAtAll = async (topic: string): Promise<number> => {
    const topics = [{ topic, partitions: [{ partition: 0, timestamp: -1 }] }];
    const { responses } = await (await raw.findBroker({ nodeId: 1 })).listOffsets({ isolationLevel: 0, topics });
    return Number(responses[0]?.partitions[0]?.offset);
  };
  /** `send` is done by the broker, and its answer never arrives. */
  const losingTheAnswer = async (topic: string, send: () => Promise<unknown>): Promise<void> => {
    const before = await writtenAtAll(topic);
    proxy.answers = 'drop';
    const sent = send();
    await expect.poll(() => writtenAtAll(topic), { timeout: 10_000 }).toBe(before + 1);
    proxy.answers = 'pass';
    proxy.cut();
    await sent;
  };

  test.each([null, 'k'])('#8 a send with key %s whose answer was lost is tried again and lands once', async (key) => {
    const topic = await create();
    const producer = await far.producer();
    await producer.send([record(topic, 'v0', 0, key)]);
    await losingTheAnswer(topic, () => producer.send([record(topic, 'v1', 0, key)]));
    await producer.send([record(topic, 'v2', 0, key)]);
    expect(await read(near, topic, 3)).toEqual(numbered(3));
  });

  test('#8 in a transaction it is not tried again: the transaction fails, and another owner goes on', async () => {
    const topic = await create();
    const producer = await far.producer({ fenceId: topic });
    const transaction = await producer.begin();
    await transaction.send([record(topic, 'given up')]);
    await losingTheAnswer(topic, () =>
      expect(transaction.send([record(topic, 'given up')])).rejects.toMatchObject({ code: 'RETRIABLE' }),
    );
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'RETRIABLE' });
    const owner = await far.producer({ fenceId: topic, writes: [{ topic, partition: 0 }] });
    await owner.send(numbered(3).map((value) => record(topic, value)));
    expect(await read(near, topic, 3)).toEqual(numbered(3));
    await owner.close();
  });

  test('#8 a send that was given up, written or not, hides none that follow', async () => {
    const topic = await create();
    const producer = await far.producer();
    await producer.send([record(topic, 'v0')]);
    const before = await writtenAtAll(topic);
    proxy.answers = 'drop';
    const sent = producer.send([record(topic, 'v1')]);
    await expect.poll(() => writtenAtAll(topic), { timeout: 10_000 }).toBe(before + 1);
    proxy.accepts = false;
    proxy.answers = 'pass';
    proxy.cut();
    await expect(sent).rejects.toMatchObject({ code: 'RETRIABLE' });
    proxy.accepts = true;
    await producer.send([record(topic, 'v2')]);
    await producer.send([record(topic, 'v3')]);
    expect(await read(near, topic, 4)).toEqual(numbered(4));
  });

  test('#8 a producer with a fence id that has failed in a transaction leaves the take-over to its owner', async () => {
    const topic = await create();
    const producer = await far.producer({ fenceId: topic });
    const transaction = await producer.begin();
    await transaction.send([record(topic, 'v0')]);
    proxy.accepts = false;
    proxy.cut();
    await expect(transaction.send([record(topic, 'v1')])).rejects.toMatchObject({ code: 'RETRIABLE' });
    proxy.accepts = true;
    const owner = await near.producer({ fenceId: topic });
    await expect(producer.begin()).rejects.toMatchObject({ code: 'RETRIABLE', message: /create another/ });
    await owner.send([record(topic, 'owner')]);
    expect(await read(near, topic, 1)).toEqual(['owner']);
    await owner.close();
  });

  test('#7 an unread stream is fetched ahead up to its high water, holds up no other, and goes on when it is read', async () => {
    const topic = await create(2);
    const large = Array.from({ length: 40 }, (_, index) => `v${index} ${'x'.repeat(900_000)}`);
    const producer = await near.producer();
    for (const each of large) await producer.send([record(topic, each)]);
    const reader = await far.reader();
    const before = proxy.answeredBytes;
    const unread = await reader.open({ topic, partition: 0 }, 'earliest');
    const other = await reader.open({ topic, partition: 1 }, 'earliest');
    await expect.poll(() => proxy.answeredBytes - before, { timeout: 10_000 }).toBeGreaterThan(4_000_000);
    for (const each of numbered(20)) {
      await producer.send([record(topic, each, 1)]);
      expect(await values(other, 1)).toEqual([each]);
    }
    expect(proxy.answeredBytes - before).toBeLessThan(8_000_000);
    expect(await values(unread, large.length)).toEqual(large);
    await Promise.all([reader.close(), producer.close()]);
  });

  test('#7 compressed records count as what they weigh in memory', async () => {
    const topic = await create(1, { 'compression.type': 'zstd' });
    const producer = await near.producer();
    for (let index = 0; index < 100; index += 1) await producer.send([record(topic, 'x'.repeat(900_000))]);
    await producer.close();
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const held = (): number => {
      collect();
      return process.memoryUsage().arrayBuffers / 1_000_000;
    };
    const before = held();
    const reader = await far.reader();
    const stream = await reader.open({ topic, partition: 0 }, 'earliest');
    await expect.poll(() => stream.lag, { timeout: 10_000 }).toBe(100n);
    // 90 MB wait on the broker in a single fetch of less than 1 MB.
    expect(held() - before).toBeLessThan(25);
    expect(await values(stream, 100)).toHaveLength(100);
    await reader.close();
  });

  test('a ping outlasts a broker that is away', async () => {
    proxy.accepts = false;
    proxy.cut();
    const from = performance.now();
    setTimeout(() => {
      proxy.accepts = true;
    }, 3_000);
    await far.ping(15_000);
    expect(performance.now() - from).toBeGreaterThan(2_900);
  });

  test('#11 an answer that ends in its middle is asked for again', async () => {
    const topic = await create();
    const large = Array.from({ length: 10 }, (_, index) => `v${index} ${'x'.repeat(500_000)}`);
    const producer = await near.producer();
    for (const each of large) await producer.send([record(topic, each)]);
    const reader = await far.reader();
    proxy.cutAfter(1_200_000);
    const stream = await reader.open({ topic, partition: 0 }, 'earliest');
    expect(await values(stream, large.length)).toEqual(large);
    proxy.cutAfter(3);
    await producer.send([record(topic, 'last')]);
    expect(await values(stream, 1)).toEqual(['last']);
    await Promise.all([reader.close(), producer.close()]);
  });

  test('#11 a question about topics whose answer was lost is asked again', async () => {
    const topic = await create(3);
    const admin = await far.admin();
    proxy.answers = 'drop';
    const counts = admin.partitionCounts([topic]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    proxy.answers = 'pass';
    proxy.cut();
    expect(await counts).toEqual(new Map([[topic, 3]]));
    await admin.close();
  });

  test('#11 #12 connections that lead nowhere any more: reading, writing and membership go on over others', async () => {
    const topic = await create(2);
    const reader = await far.reader();
    const stream = await reader.open({ topic, partition: 0 }, 'earliest');
    const producer = await far.producer();
    const told: unknown[] = [];
    const group = await join(far, topic, told);
    await producer.send([record(topic, 'v0')]);
    expect(await values(stream, 1)).toEqual(['v0']);
    proxy.freeze();
    const frozenAt = Date.now();
    const sent = producer.send([record(topic, 'v1')]);
    // Lost with the session, not with some longer time-out; and told once.
    await expect.poll(() => told, { timeout: SESSION_MS + 2_000 }).toContain('lost');
    await expect.poll(() => told.at(-1), { timeout: SESSION_MS + 2_000 }).toEqual([0, 1]);
    expect(told).toEqual([[0, 1], 'lost', [0, 1]]);
    await sent;
    expect(await values(stream, 1, HALF_OPEN_MS)).toEqual(['v1']);
    expect(Date.now() - frozenAt).toBeLessThan(HALF_OPEN_MS);
    await Promise.all([reader.close(), producer.close(), group.leave()]);
  });

  test('#11 #12 a broker out of reach for longer than a session: all goes on by itself when it is back', async () => {
    const topic = await create(2);
    const reader = await far.reader();
    const stream = await reader.open({ topic, partition: 0 }, 'earliest');
    const told: unknown[] = [];
    const group = await join(far, topic, told);
    proxy.accepts = false;
    proxy.cut();
    const cpu = process.cpuUsage();
    const cutAt = Date.now();
    await expect.poll(() => told, { timeout: 2 * SESSION_MS }).toContain('lost');
    const opened = reader.open({ topic, partition: 1 }, 'earliest');
    const { user, system } = process.cpuUsage(cpu);
    // Asking again and again is not free: 5 ms a second here.
    expect((user + system) / (Date.now() - cutAt)).toBeLessThan(50);
    proxy.accepts = true;
    await expect.poll(() => told.at(-1), { timeout: 10_000 }).toEqual([0, 1]);
    expect(told).toEqual([[0, 1], 'lost', [0, 1]]);
    const producer = await near.producer();
    await producer.send([record(topic, 'a'), record(topic, 'b', 1)]);
    expect(await values(stream, 1)).toEqual(['a']);
    expect(await values(await opened, 1)).toEqual(['b']);
    await Promise.all([reader.close(), producer.close(), group.leave()]);
  });

  test('#11 #12 a broker that was down for longer than a session takes its member back, not another beside it', async () => {
    const topic = await create(2);
    const told: unknown[] = [];
    const group = await join(far, topic, told);
    const memberIds = async (): Promise<string[]> => {
      const { groups } = await admin.describeGroups([topic]);
      return groups.flatMap(({ members }) => members.map(({ memberId }) => memberId));
    };
    const [memberId] = await memberIds();
    await cluster.kill(1);
    await expect.poll(() => told, { timeout: 2 * SESSION_MS }).toContain('lost');
    await cluster.start(1);
    await expect.poll(() => told, { timeout: 10_000 }).toEqual([[0, 1], 'lost', [0, 1]]);
    // A broker that counts sessions from its start would wait one for the old member before it serves a new one.
    expect(await memberIds()).toEqual([memberId]);
    await group.leave();
  });

  test('#2 #4 #6 a member that is stopped past its session is lost once, its commits are refused, and it comes back as another', async () => {
    const topic = await create(2);
    const member = new MemberProcess(cluster.brokers, topic, SESSION_MS);
    children.push(member.child);
    await expect.poll(() => member.told, { timeout: 15_000 }).toEqual([[0, 1]]);
    await expect.poll(() => member.commits.at(-1), { timeout: 5_000 }).toBe(true);
    member.child.kill('SIGSTOP');
    const told: unknown[] = [];
    const group = await join(near, topic, told);
    await expect.poll(() => told, { timeout: 3 * SESSION_MS }).toContainEqual([0, 1]);
    const before = member.commits.length;
    member.child.kill('SIGCONT');
    await expect.poll(() => member.told.length, { timeout: 10_000 }).toBe(3);
    // Sent before it knew: of a membership that is over.
    expect(member.commits.slice(before)).toContain(false);
    expect(member.told[1]).toBe('lost');
    await expect
      .poll(() => [...(told.at(-1) as []), ...(member.told[2] as [])].sort((x, y) => x - y), { timeout: 5_000 })
      .toEqual([0, 1]);
    expect(told).not.toContain('lost');
    await group.leave();
  });

  test('#13 with the settings of the port a killed member is replaced within its session, a leaver at once, a newcomer served soon', async () => {
    const topic = await create(2);
    const plainSession = createKafkaLog({ brokers: cluster.brokers, clientId: 'survivor' });
    const told: unknown[] = [];
    const group = await join(plainSession, topic, told);
    const within = async (share: readonly number[], ms: number): Promise<number> => {
      const from = Date.now();
      await expect.poll(() => told.at(-1), { timeout: ms, interval: 20 }).toEqual(share);
      return Date.now() - from;
    };
    const leaver = new MemberProcess(cluster.brokers, topic);
    children.push(leaver.child);
    await within([0], 10_000);
    await expect.poll(() => leaver.commits.length, { timeout: 5_000 }).toBeGreaterThan(0);
    leaver.child.kill('SIGTERM');
    await within([0, 1], 2_000);
    const victim = new MemberProcess(cluster.brokers, topic);
    children.push(victim.child);
    await within([0], 10_000);
    await expect.poll(() => victim.told, { timeout: 5_000 }).toEqual([[1]]);
    victim.child.kill('SIGKILL');
    expect(await within([0, 1], 8_000)).toBeGreaterThan(4_000);
    // A heartbeat every half second: that is how long a newcomer waits for the others.
    const from = Date.now();
    const newcomer = await join(near, topic, []);
    expect(Date.now() - from).toBeLessThan(1_500);
    await newcomer.leave();
    await group.leave();
    await plainSession.close();
  });
});

/** test/kafkajs-member.ts and what it has told. */
class MemberProcess {
  readonly child: ChildProcess;
  /** Partitions assigned, and 'lost'. */
  readonly told: unknown[] = [];
  readonly commits: boolean[] = [];

  constructor(brokers: readonly string[], topic: string, sessionMs?: number) {
    const script = join(import.meta.dirname, 'kafkajs-member.ts');
    this.child = spawn(process.execPath, [script, brokers.join(','), topic, String(sessionMs ?? '')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const event = JSON.parse(line) as { partitions?: number[]; isLost?: true; isTaken?: boolean };
      if (event.partitions !== undefined) this.told.push(event.partitions);
      if (event.isLost === true) this.told.push('lost');
      if (event.isTaken !== undefined) this.commits.push(event.isTaken);
    });
  }
}

describe.skipIf('skip' in nodes)(`three nodes${where}`, () => {
  let cluster: Cluster;
  let log: EventLog;
  let kafka: Kafka;
  let admin: Admin;

  beforeAll(async () => {
    cluster = await (nodes as Nodes).start({ nodes: 3 });
    log = createKafkaLog({ brokers: cluster.brokers, clientId: 'three', sessionTimeoutMs: SESSION_MS });
    kafka = new Kafka({ brokers: [...cluster.brokers], clientId: 'plain', logLevel: logLevel.NOTHING });
    admin = kafka.admin();
    await admin.connect();
  });
  afterAll(async () => {
    await admin?.disconnect();
    await log?.close();
    await cluster?.stop();
  });

  const create = async (replicas: readonly number[][]): Promise<string> => {
    const topic = newTopic();
    const replicaAssignment = replicas.map((each, partition) => ({ partition, replicas: each }));
    await admin.createTopics({ topics: [{ topic, replicaAssignment }], waitForLeaders: false });
    for (const partition of replicas.keys())
      await expect.poll(() => leaderOf(topic, partition), { timeout: 10_000 }).toBeGreaterThan(0);
    return topic;
  };
  const leaderOf = async (topic: string, partition: number): Promise<number> => {
    const { topics: found } = await admin.fetchTopicMetadata();
    return (
      found.find(({ name }) => name === topic)?.partitions.find((each) => each.partitionId === partition)?.leader ?? -1
    );
  };
  const move = async (topic: string, partition: number, node: number): Promise<void> => {
    const partitionAssignment = [{ partition, replicas: [node] }];
    await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
    await expect.poll(() => leaderOf(topic, partition), { timeout: 20_000 }).toBe(node);
  };

  test.each([undefined, 'fenced'])(
    '#8 a leader that has moved to a node that is written to as well: every record once (%s)',
    async (fenceId) => {
      const topic = await create([[1], [2]]);
      const producer = await log.producer(fenceId === undefined ? {} : { fenceId });
      const both = (value: string): NewRecord[] => [record(topic, value), record(topic, value, 1)];
      await producer.send(both('v0'));
      await move(topic, 0, 2);
      await producer.send(both('v1'));
      await move(topic, 1, 3);
      await producer.send(both('v2'));
      await producer.close();
      expect([await read(log, topic, 3), await read(log, topic, 3, 1)]).toEqual([numbered(3), numbered(3)]);
    },
  );

  test('#11 a leader that was stopped past its session, and is a follower when it goes on, is not read from', async () => {
    const topic = await create([[1, 2]]);
    const producer = await log.producer();
    await producer.send([record(topic, 'v0')]);
    const reader = await log.reader();
    const stream = await reader.open({ topic, partition: 0 }, 'earliest');
    expect(await values(stream, 1)).toEqual(numbered(1));
    cluster.pause(1);
    // The session of a broker in these clusters is 3 s.
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    cluster.resume(1);
    await expect.poll(() => leaderOf(topic, 0), { timeout: 30_000 }).toBe(2);
    await producer.send([record(topic, 'v1')]);
    await producer.close();
    expect(await values(stream, 1, 20_000)).toEqual(['v1']);
    // A follower may not have all that is committed, and would say that there is no more.
    expect(stream).toMatchObject({ leader: 2 });
    await reader.close();
  });

  test('#4 #5 #11 #12 the coordinator, a leader of some and the only holder of another partition is killed while a third member joins', async () => {
    const topic = await create([
      [1, 2, 3],
      [2, 3, 1],
      [3, 1, 2],
      [1, 3, 2],
      [2, 1, 3],
      [3, 2, 1],
    ]);
    const followed = new Followed(log, topic);
    const [a, b] = [await followed.join(), await followed.join()];
    const victim = await leaderOf('__consumer_offsets', Math.abs(javaHash(topic)) % 2);
    const lonely = await create([[victim]]);
    const reader = await log.reader();
    const alone = await reader.open({ topic: lonely, partition: 0 }, 'earliest');
    const producer = await log.producer();
    await producer.send([record(lonely, 'v0')]);
    expect(await values(alone, 1)).toEqual(['v0']);

    const acked: string[] = [];
    let isWriting = true;
    const writing = (async () => {
      for (let index = 0; isWriting; index += 1) {
        const sent = producer.send(Array.from({ length: 6 }, (_, partition) => record(topic, `${index}`, partition)));
        await sent.then(
          () => acked.push(`${index}`),
          () => {},
        );
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    await expect.poll(() => acked.length, { timeout: 10_000 }).toBeGreaterThan(20);
    const joining = followed.join();
    // Opened while a fetch is on its way that will never be answered.
    const led = await Promise.all(Array.from({ length: 6 }, (_, partition) => leaderOf(topic, partition)));
    const fresh = await reader.open({ topic, partition: led.indexOf(victim) }, 'earliest');
    await cluster.kill(victim);
    const c = await joining;
    // While one partition has no leader at all, all that live elsewhere can be written and read.
    const late = await log.producer();
    await late.send([record(topic, 'late')]);
    await late.close();
    const before = acked.length;
    await expect.poll(() => acked.length, { timeout: 20_000 }).toBeGreaterThan(before + 20);
    isWriting = false;
    await writing;
    for (let partition = 0; partition < 6; partition += 1) {
      const seen = (): readonly string[] => (followed.seen.get(partition) ?? []).filter((each) => each !== 'late');
      await expect.poll(() => seen().at(-1), { timeout: 20_000 }).toBe(acked.at(-1));
      const numbers = seen().map(Number);
      // In order, none twice; and of those acknowledged none is missing.
      expect(numbers).toEqual([...new Set(numbers)].sort((x, y) => x - y));
      expect(acked.filter((each) => !seen().includes(each))).toEqual([]);
    }
    const found = new Set<string>();
    while (!found.has(acked.at(-1) as string)) for (const each of await values(fresh, 1)) found.add(each);
    expect(acked.filter((each) => !found.has(each))).toEqual([]);
    expect(followed.faults).toEqual([]);
    await cluster.start(victim);
    await producer.send([record(lonely, 'v1')]);
    expect(await values(alone, 1, 20_000)).toEqual(['v1']);
    await Promise.all([reader.close(), producer.close(), ...[a, b, c].map((member) => member.leave())]);
  });
});

/** Members that read what they are assigned from where the last owner stopped; an owner that was replaced takes nothing more. */
class Followed {
  readonly seen = new Map<number, string[]>();
  readonly faults: unknown[] = [];
  readonly #log: EventLog;
  readonly #topic: string;
  readonly #positions = new Map<number, bigint>();
  /** As fencing would: the newest owner of each partition. */
  readonly #owners = new Map<number, symbol>();

  constructor(log: EventLog, topic: string) {
    this.#log = log;
    this.#topic = topic;
  }

  async join(): Promise<Group> {
    const reader = await this.#log.reader();
    let owned: symbol[] = [];
    const group = await this.#log.joinGroup({
      groupId: this.#topic,
      topics: [this.#topic],
      onAssignment: async ({ partitions }) => {
        owned = partitions.map((partition) => this.#own(partition));
        for (const [index, partition] of partitions.entries()) {
          const stream = await reader.open({ topic: this.#topic, partition }, this.#positions.get(partition) ?? 0n);
          void this.#follow(partition, owned[index] as symbol, stream).catch((error) => this.faults.push(error));
        }
      },
    });
    return {
      commitOffsets: (positions) => group.commitOffsets(positions),
      leave: async () => {
        for (const [partition, owner] of this.#owners) if (owned.includes(owner)) this.#own(partition);
        await group.leave();
        await reader.close();
      },
    };
  }

  #own(partition: number): symbol {
    const owner = Symbol(partition);
    this.#owners.set(partition, owner);
    return owner;
  }

  async #follow(partition: number, owner: symbol, stream: PartitionStream): Promise<void> {
    const seen = this.seen.get(partition) ?? [];
    this.seen.set(partition, seen);
    while (this.#owners.get(partition) === owner) {
      const batch = await stream.next(100);
      if (batch === undefined || this.#owners.get(partition) !== owner) continue;
      seen.push(...batch.records.map(({ value }) => Buffer.from(value ?? []).toString()));
      this.#positions.set(partition, batch.nextOffset);
    }
    stream.close();
  }
}

/** Java's String.hashCode, by which Kafka picks the partition of a group. */
function javaHash(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at += 1) hash = (31 * hash + text.charCodeAt(at)) | 0;
  return hash;
}
