/**
 * Writes numbered transactions over many partitions, to be killed: `node marker-writer.ts BROKERS PARTITIONS [without-writes]`. Each writes
 * its number to every partition of `outputs` and to `journal`; every fifth is aborted, and its number written again. Says each number that
 * it has committed. `without-writes` takes over without naming what it writes: what must lose records.
 */
import { createKafkaLog } from '@weir/event-log/kafkajs/log';
import type { EventLog, NewRecord, Producer } from '@weir/event-log/port';

const [brokers = '', partitions = '', mode] = process.argv.slice(2);
const journal = { topic: 'journal', partition: 0 };
const outputs = Array.from({ length: Number(partitions) }, (_, partition) => ({ topic: 'outputs', partition }));
const writes = mode === 'without-writes' ? [] : [...outputs, journal];

async function takeOver(log: EventLog): Promise<readonly [producer: Producer, last: number]> {
  const producer = await log.producer({
    fenceId: 'marker-writer',
    writes,
    onSettled: (partitions) => {
      for (const { topic, partition, outcome } of partitions)
        process.stdout.write(`settled ${topic}[${partition}] ${outcome}\n`);
    },
  });
  const nonce = `${process.pid}-${performance.now()}`;
  const barrier = await producer.begin();
  await barrier.send([{ ...journal, key: null, value: Buffer.from(nonce) }]);
  await barrier.commit();
  const reader = await log.reader();
  const stream = await reader.open(journal, 'earliest');
  let last = 0;
  for (;;) {
    for (const { value } of (await stream.next(1_000))?.records ?? []) {
      const text = String(Buffer.from(value ?? []));
      if (text === nonce) {
        await reader.close();
        return [producer, last];
      }
      if (/^\d+$/.test(text)) last = Number(text);
    }
  }
}

async function write(producer: Producer, number: number, how: 'commit' | 'abort'): Promise<void> {
  const value = Buffer.from(how === 'commit' ? String(number) : `aborted ${number}`);
  const transaction = await producer.begin();
  await transaction.send([...outputs, journal].map((place): NewRecord => ({ ...place, key: null, value })));
  await (how === 'commit' ? transaction.commit() : transaction.abort());
}

const log = createKafkaLog({ brokers: brokers.split(','), clientId: 'marker-writer' });
for (;;) {
  try {
    const [producer, last] = await takeOver(log);
    for (let number = last + 1; ; number += 1) {
      if (number % 5 === 0) await write(producer, number, 'abort');
      await write(producer, number, 'commit');
      process.stdout.write(`${number}\n`);
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  }
}
