/** Topics of one task: those that it reads by their logical names, those that it writes by their full names. */
import type { NewRecord, TopicPartition } from '@weir/event-log/port';
import { deadLetterTopic, journalTopic, resultsTopic, topicName } from '@weir/events/topics';
import { taskName } from './journal/entries.ts';
import { outputHeaders } from './journal/recorded.ts';
import type { InputCursor } from './processing/input-cursor.ts';
import type { AnyProcessor, Output } from './processor.ts';
import type { TaskOptions } from './task-contract.ts';

export class TaskTopics {
  readonly partition: number;
  readonly prefix: string;
  readonly control: readonly string[];
  /** And the answers to effects, where the service asks for any. */
  readonly data: readonly string[];
  /** Names the fence and the checkpoints. */
  readonly task: string;
  readonly journal: string;
  readonly dlq: string;
  readonly results: string;
  readonly outputs: readonly string[];
  readonly #service: string;

  constructor(partition: number, processor: AnyProcessor, { topicPrefix, effects }: TaskOptions) {
    const { service, inputs, outputs } = processor;
    const named = (role: string): string[] => inputs.filter((input) => input.role === role).map(({ topic }) => topic);
    this.partition = partition;
    this.prefix = topicPrefix;
    this.control = named('control');
    this.data = [...named('data'), ...(effects === undefined ? [] : [resultsTopic(service).name])];
    this.task = taskName(topicPrefix, service, partition);
    this.journal = topicName(topicPrefix, journalTopic(service).name);
    this.dlq = topicName(topicPrefix, deadLetterTopic(service).name);
    this.results = topicName(topicPrefix, resultsTopic(service).name);
    this.outputs = outputs.map((name) => topicName(topicPrefix, name));
    this.#service = service;
  }

  /** Input and output topics are partitioned alike, so a key stays in its task's partition. */
  record(output: Output): NewRecord {
    return {
      topic: topicName(this.prefix, output.topic),
      partition: this.partition,
      key: Buffer.from(output.key),
      value: output.value,
      // No timestamp: retention counts from when an output was written, not from the event that caused it.
      headers: outputHeaders(this.#service, output),
    };
  }

  positions(cursors: Iterable<InputCursor>): readonly (TopicPartition & { readonly offset: bigint })[] {
    return [...cursors].map(({ topic, position }) => ({
      topic: topicName(this.prefix, topic),
      partition: this.partition,
      offset: position,
    }));
  }
}
