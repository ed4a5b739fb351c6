/**
 * Coordinators skip the marker of a partition that has no leader and complete the transaction all the same (KAFKA-20734). Here a partition
 * loses its only replica between the records and the end of their transaction; whoever takes over must end them as the transaction ended.
 */
import { findKafkaNodes } from '@weir/testkit/broker';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createKafkaLog } from '../src/kafkajs/log.ts';
import type { EventLog, NewRecord, Producer, Settled, TopicPartition } from '../src/port.ts';

type Nodes = Exclude<Awaited<ReturnType<typeof findKafkaNodes>>, { readonly skip: string }>;
type Cluster = Awaited<ReturnType<Nodes['start']>>;

const nodes = await findKafkaNodes();
const where = 'skip' in nodes ? `: ${nodes.skip}` : '';

describe.skipIf('skip' in nodes)(`markers that a coordinator skips${where}`, () => {
  let cluster: Cluster;
  let log: EventLog;
  let admin: Admin;
  let kafka: Kafka;
  /** A node that holds no coordinator of the ids used here. */
  let victim = 0;
  let round = 0;
  let id = '';
  let output: TopicPartition;
  let journal: TopicPartition;
  let settled: Settled[] = [];
  const onSettled = (partitions: readonly Settled[]): void => void settled.push(...partitions);

  beforeAll(async () => {
    cluster = await (nodes as Nodes).start({ nodes: 3, settings: { 'transaction.state.log.num.partitions': '1' } });
    kafka = new Kafka({ brokers: [...cluster.brokers], clientId: 'plain', logLevel: logLevel.NOTHING });
    admin = kafka.admin();
    await admin.connect();
    log = createKafkaLog({ brokers: cluster.brokers, clientId: 'markers' });
    // The coordinators' topic is made for the first id.
    await (await log.producer({ fenceId: 'first' })).close();
  });
  afterAll(async () => {
    await admin?.disconnect();
    await log?.close();
    await cluster?.stop();
  });

  const leaderOf = async (topic: string): Promise<number> => {
    const { topics } = await admin.fetchTopicMetadata();
    return topics.find(({ name }) => name === topic)?.partitions[0]?.leader ?? -1;
  };
  const until = async (condition: () => Promise<boolean>): Promise<void> => {
    const deadline = Date.now() + 20_000;
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error('the leaders did not change as they should');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const takeLeader = async (): Promise<void> => {
    await cluster.kill(victim);
    await until(async () => (await leaderOf(output.topic)) === -1);
  };
  const record = (place: TopicPartition, value: string): NewRecord => ({
    ...place,
    key: null,
    value: Buffer.from(value),
  });

  beforeEach(async () => {
    round += 1;
    id = `task-${round}`;
    settled = [];
    const coordinator = await leaderOf('__transaction_state');
    victim = 1 + (coordinator % 3);
    output = { topic: `output-${round}`, partition: 0 };
    journal = { topic: `journal-${round}`, partition: 0 };
    await admin.createTopics({
      waitForLeaders: false,
      topics: [
        { topic: output.topic, replicaAssignment: [{ partition: 0, replicas: [victim] }] },
        { topic: journal.topic, replicaAssignment: [{ partition: 0, replicas: [coordinator] }] },
      ],
    });
    await until(async () => (await leaderOf(output.topic)) > 0 && (await leaderOf(journal.topic)) > 0);
  });

  const values = async (place: TopicPartition): Promise<string[]> => {
    const reader = await log.reader();
    const stream = await reader.open(place, 'earliest');
    const found: string[] = [];
    for (let batch = await stream.next(2_000); batch !== undefined; batch = await stream.next(1_000))
      found.push(...batch.records.map(({ value }) => Buffer.from(value ?? []).toString()));
    await reader.close();
    return found;
  };

  /** The transaction of an owner that dies with it, ended while the output has no leader. */
  async function skip(how: 'commit' | 'abort'): Promise<void> {
    const brokers = cluster.brokers.filter((_, index) => index + 1 !== victim);
    const far = new Kafka({ brokers: [...brokers], clientId: 'owner', logLevel: logLevel.NOTHING });
    const owner = far.producer({ transactionalId: id, idempotent: true, maxInFlightRequests: 1 });
    await owner.connect();
    const transaction = await owner.transaction();
    for (const { topic } of [output, journal])
      await transaction.send({ topic, messages: [{ partition: 0, value: 'last' }] });
    await takeLeader();
    await (how === 'commit' ? transaction.commit() : transaction.abort());
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await cluster.start(victim);
    await until(async () => (await leaderOf(output.topic)) === victim);
    await owner.disconnect();
  }

  async function next(producer: Producer, how: 'commit' | 'abort'): Promise<void> {
    const transaction = await producer.begin();
    await transaction.send([record(output, 'next'), record(journal, 'next')]);
    await (how === 'commit' ? transaction.commit() : transaction.abort());
  }

  test.each([
    { how: 'commit', following: 'abort', visible: ['last'] },
    { how: 'abort', following: 'commit', visible: ['next'] },
  ] as const)('a take-over ends a skipped $how, and the transaction after it ends itself alone', async (each) => {
    await skip(each.how);
    const producer = await log.producer({ fenceId: id, writes: [output, journal], onSettled });
    expect(settled).toEqual([{ ...output, outcome: each.how }]);
    await next(producer, each.following);
    await producer.close();
    expect([await values(output), await values(journal)]).toEqual([each.visible, each.visible]);
  });

  test('a take-over that was cut short after it had fenced: the markers that were written tell', async () => {
    await skip('commit');
    const cutShort = kafka.producer({ transactionalId: id, idempotent: true, maxInFlightRequests: 1 });
    await cutShort.connect();
    await cutShort.transaction();
    await cutShort.disconnect();
    const producer = await log.producer({ fenceId: id, writes: [output, journal], onSettled });
    expect(settled).toEqual([{ ...output, outcome: 'commit' }]);
    await producer.close();
    expect([await values(output), await values(journal)]).toEqual([['last'], ['last']]);
  });

  test('without the partitions that it writes a take-over changes what readers see', async () => {
    await skip('commit');
    const producer = await log.producer({ fenceId: id, onSettled });
    expect(settled).toEqual([]);
    await next(producer, 'abort');
    await producer.close();
    expect([await values(output), await values(journal)]).toEqual([[], ['last']]);
  });

  /** Commits while the output has no leader. */
  async function skipOwn(): Promise<Producer> {
    const producer = await log.producer({ fenceId: id, writes: [output, journal], onSettled });
    const transaction = await producer.begin();
    await transaction.send([record(output, 'last'), record(journal, 'last')]);
    await takeLeader();
    await transaction.commit();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await cluster.start(victim);
    return producer;
  }

  test('an owner that lives on ends what was skipped before it begins again', async () => {
    const producer = await skipOwn();
    await next(producer, 'abort');
    await producer.close();
    expect(settled).toEqual([{ ...output, outcome: 'commit' }]);
    expect([await values(output), await values(journal)]).toEqual([['last'], ['last']]);
  });

  test('an owner that lives on ends what was skipped while it has nothing to write', async () => {
    const producer = await skipOwn();
    await expect.poll(() => values(output), { timeout: 20_000 }).toEqual(['last']);
    await producer.close();
  });

  test('an owner that was busy while a broker went away ends what was skipped before it begins again', async () => {
    const producer = await log.producer({ fenceId: id, writes: [output, journal], onSettled });
    const last = await producer.begin();
    await last.send([record(output, 'last'), record(journal, 'last')]);
    // Its marker does not get through.
    cluster.pause(victim);
    await last.commit();
    const killed = cluster.kill(victim);
    // The coordinator skips the marker, and this process has not even read that its connection was closed when it goes on.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 8_000);
    const following = next(producer, 'abort');
    await killed;
    await until(async () => (await leaderOf(output.topic)) === -1);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await cluster.start(victim);
    await following;
    await producer.close();
    expect(settled).toEqual([{ ...output, outcome: 'commit' }]);
    expect([await values(output), await values(journal)]).toEqual([['last'], ['last']]);
  });
});
