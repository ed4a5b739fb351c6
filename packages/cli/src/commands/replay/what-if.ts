/** Recorded inputs processed twice, under the recorded settings and under others: every output that the change adds or takes away. */
import { type Decoded, decode } from '@weir/events/codec';
import { EventError } from '@weir/events/errors';
import { journalTopic, topicName } from '@weir/events/topics';
import type { CheckpointHead } from '@weir/service-kit/checkpoints/store';
import { readJournalRecord, taskName } from '@weir/service-kit/journal/entries';
import type { ReplayOptions } from '@weir/service-kit/journal/replay';
import { JournalReplayer } from '@weir/service-kit/journal/replayer';
import { ownerOf } from '@weir/service-kit/journal/restore';
import type { Output } from '@weir/service-kit/processor';

/** Outputs of one event, model, column and rule. */
export interface OutputGroup {
  readonly event: string;
  readonly model: string;
  readonly column: string;
  readonly rule: string;
  /** Of those under the recorded settings, how many come the same way (by topic and id), and how many no more. */
  same: number;
  gone: number;
  /** Outputs that only the other settings give. */
  added: number;
}

interface Named {
  readonly event: string;
  readonly model: string;
  readonly column: string;
  readonly rule: string;
}

export interface WhatIf {
  readonly groups: readonly OutputGroup[];
  readonly records: number;
}

/**
 * Both runs are today's build, so that a changed kernel does not look like a changed setting; whether today's build reproduces what was
 * committed is what a replay without other settings tells. Cost: two replays, and the ids of all outputs in memory.
 * @throws {LogError} when inputs are gone
 */
export async function whatIf(
  options: ReplayOptions,
  override: (recorded: unknown) => unknown,
  anchor: CheckpointHead | undefined,
): Promise<WhatIf> {
  const recorded = await outputsOf(options, anchor, undefined);
  const other = await outputsOf(options, anchor, override);
  const groups = new Map<string, OutputGroup>();
  const groupOf = (named: Named): OutputGroup => {
    const place = JSON.stringify(named);
    let group = groups.get(place);
    if (group === undefined) groups.set(place, (group = { ...named, same: 0, gone: 0, added: 0 }));
    return group;
  };
  for (const [id, named] of recorded.outputs) {
    if (other.outputs.has(id)) groupOf(named).same += 1;
    else groupOf(named).gone += 1;
  }
  for (const [id, named] of other.outputs) if (!recorded.outputs.has(id)) groupOf(named).added += 1;
  const order = (group: OutputGroup): string => [group.model, group.column, group.rule, group.event].join('\n');
  const sorted = [...groups.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
  return { groups: sorted, records: recorded.records };
}

interface Outputs {
  readonly outputs: ReadonlyMap<string, Named>;
  readonly records: number;
}

async function outputsOf(
  { log, topicPrefix, partition, processor, checkpoints, onProgress }: ReplayOptions,
  anchor: CheckpointHead | undefined,
  override: ((recorded: unknown) => unknown) | undefined,
): Promise<Outputs> {
  const outputs = new Map<string, Named>();
  const sink = {
    output: (output: Output) => void outputs.set(`${output.topic} ${output.id}`, named(output)),
    reject: () => {},
  };
  const reader = await log.reader();
  const replayer = new JournalReplayer({
    reader,
    topicPrefix,
    partition,
    processor,
    notify: () => {},
    ...(override === undefined ? {} : { override }),
  });
  let records = 0;
  try {
    if (anchor !== undefined) {
      const task = taskName(topicPrefix, processor.service, partition);
      await replayer.resume(anchor, checkpoints?.keys(task, anchor.generation) ?? []);
    }
    const topic = topicName(topicPrefix, journalTopic(processor.service).name);
    const stream = await reader.open({ topic, partition }, anchor?.generation ?? 'earliest');
    while (stream.lag !== 0n) {
      for (const record of (await stream.next(1_000))?.records ?? []) {
        const entry = readJournalRecord(topic, partition, record);
        if (entry.kind === 'takeover') replayer.takeOver(ownerOf(entry, record.offset));
        else
          await replayer.apply(entry, sink, (slice) => {
            records += slice;
            onProgress?.(records);
          });
      }
    }
    stream.close();
  } finally {
    await replayer.close();
    await reader.close();
  }
  return { outputs, records };
}

function named({ topic, key, value }: Output): Named {
  const event = value === null ? undefined : decoded(value);
  const text = (field: string): string => {
    const found = (event?.event as Readonly<Record<string, unknown>> | undefined)?.[field];
    return typeof found === 'string' ? found : '-';
  };
  return {
    event: event?.name ?? topic,
    model: text('model') === '-' ? key : text('model'),
    column: text('column'),
    rule: text('rule'),
  };
}

function decoded(value: Uint8Array): Decoded | undefined {
  try {
    return decode(value);
  } catch (error) {
    if (error instanceof EventError) return undefined;
    throw error;
  }
}
