/** Compares what a disturbed run left on Kafka with what an undisturbed one gives of the same input, both read record by record. */
import { join } from 'node:path';
import { createDriftProcessor } from '@weir/drift-detector/processor';
import { createEmbeddedLog, type EmbeddedLog } from '@weir/event-log/embedded/log';
import type { NewRecord } from '@weir/event-log/port';
import { foreignRead } from './foreign-reader.ts';
import { createTopics, shown } from './scenario.ts';
import { type Outputs, type Stage, TOPICS } from './stage.ts';
import { runUndisturbed } from './undisturbed.ts';

const INPUTS = createDriftProcessor().inputs.map(({ topic }) => topic);

export interface Judgement {
  /** Of each output topic, over its partitions. */
  readonly expected: Readonly<Record<string, number>>;
  readonly lost: number;
  /** Seen more often than expected. */
  readonly doubled: number;
  /** Not expected at all. */
  readonly strange: number;
  /** Partitions in which the records are the expected ones in another order. */
  readonly reordered: number;
  /** The first few that were lost, doubled or strange. */
  readonly samples: readonly string[];
}

/** The input that lies on Kafka is taken from there by a client that is not Weir's, as are the outputs. */
export async function judge(stage: Stage, prefix: string, timeoutMs: number): Promise<Judgement> {
  const embedded = createEmbeddedLog({ file: join(stage.folder, 'undisturbed.db') });
  try {
    const records = await copyInputs(stage, prefix, embedded);
    await runUndisturbed(embedded, prefix, records, timeoutMs);
    const expected = await stage.outputs(prefix, embedded);
    return compare(expected, await foreignOutputs(stage, prefix));
  } finally {
    await embedded.close();
  }
}

async function copyInputs(stage: Stage, prefix: string, embedded: EmbeddedLog): Promise<number> {
  await createTopics(embedded, prefix);
  const inputs: NewRecord[] = [];
  const topics = INPUTS.map((topic) => `${prefix}${topic}`);
  await foreignRead(stage.cluster.brokers, topics, ({ topic, partition, key, value, headers }) => {
    inputs.push({ topic, partition, key, value, headers });
  });
  const producer = await embedded.producer();
  for (let at = 0; at < inputs.length; at += 5_000) await producer.send(inputs.slice(at, at + 5_000));
  await producer.close();
  return inputs.length;
}

async function foreignOutputs(stage: Stage, prefix: string): Promise<Outputs> {
  const found: Record<string, string[]> = {};
  const topics = TOPICS.map((topic) => `${prefix}${topic}`);
  await foreignRead(stage.cluster.brokers, topics, (record) => {
    const place = `${record.topic.slice(prefix.length)}/${record.partition}`;
    found[place] ??= [];
    found[place].push(shown(record));
  });
  return found;
}

export function compare(expected: Outputs, found: Outputs): Judgement {
  const counts: Record<string, number> = {};
  const samples: string[] = [];
  let [lost, doubled, strange, reordered] = [0, 0, 0, 0];
  for (const place of new Set([...Object.keys(expected), ...Object.keys(found)])) {
    const [due, there] = [expected[place] ?? [], found[place] ?? []];
    const topic = place.slice(0, place.lastIndexOf('/'));
    counts[topic] = (counts[topic] ?? 0) + due.length;
    const balance = new Map<string, number>();
    for (const each of due) balance.set(each, (balance.get(each) ?? 0) + 1);
    const isDue = new Set(due);
    for (const each of there) balance.set(each, (balance.get(each) ?? 0) - 1);
    let isSame = true;
    for (const [each, left] of balance) {
      if (left === 0) continue;
      isSame = false;
      if (left > 0) lost += left;
      else if (isDue.has(each)) doubled -= left;
      else strange -= left;
      if (samples.length < 10) samples.push(`${place} ${left}: ${each.slice(0, 400)}`);
    }
    if (isSame && there.some((each, index) => each !== due[index])) reordered += 1;
  }
  return { expected: counts, lost, doubled, strange, reordered, samples };
}
