/** Writes of people and tools: appended to control topics, waited for until the services of this process have processed them, and found again. */
import { LogError } from '@weir/event-log/errors';
import { partitionFor } from '@weir/event-log/partition';
import type { EventLog, Producer, TopicPartition } from '@weir/event-log/port';
import { topicName } from '@weir/events/topics';
import { CommandFinder } from './command-finder.ts';
import type { ServiceIo, Submitted } from './definition.ts';
import type { Runner } from './runner.ts';

const POLL_MS = 10;

export class Submitter {
  readonly #log: EventLog;
  readonly #topicPrefix: string;
  readonly #partitions: number;
  readonly #runners: () => readonly Runner[];
  readonly #commands: CommandFinder;
  #producer: Promise<Producer> | undefined;

  constructor(log: EventLog, topicPrefix: string, partitions: number, runners: () => readonly Runner[]) {
    this.#log = log;
    this.#topicPrefix = topicPrefix;
    this.#partitions = partitions;
    this.#runners = runners;
    this.#commands = new CommandFinder(log, topicPrefix);
  }

  readonly submit: ServiceIo['submit'] = async (topic, key, value, wait) => {
    const place = this.#placeOf(topic, key);
    const producer = await this.#connected();
    const [ack] = await producer.send([{ ...place, key: Buffer.from(key), value }]);
    if (ack === undefined) throw new LogError('RETRIABLE', `the log did not say where a record of ${topic} went`);
    const { partition } = place;
    const submitted: Submitted = { topic, partition, offset: ack.baseOffset, processed: false };
    if (wait === undefined) return submitted;
    const deadlineMs = performance.now() + wait.untilProcessedMs;
    while (performance.now() < deadlineMs) {
      if (this.#isProcessed(place, ack.baseOffset)) return { ...submitted, processed: true };
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return submitted;
  };

  readonly findCommand: ServiceIo['findCommand'] = async (model, id) => {
    const place = this.#placeOf('commands', model);
    const { partition } = place;
    const offset = await this.#commands.offsetOf(partition, model, id);
    if (offset === undefined) return undefined;
    return { topic: 'commands', partition, offset, processed: this.#isProcessed(place, offset) };
  };

  async close(): Promise<void> {
    await (await this.#producer?.catch(() => undefined))?.close();
  }

  #placeOf(topic: string, key: string): TopicPartition {
    return { topic: topicName(this.#topicPrefix, topic), partition: partitionFor(key, this.#partitions) };
  }

  /** By every service here that reads the topic and owns the partition; false when none does. */
  #isProcessed(place: TopicPartition, offset: bigint): boolean {
    const ends = this.#runners().flatMap((runner) => runner.committedOffset(place) ?? []);
    return ends.length > 0 && ends.every((end) => end > offset);
  }

  #connected(): Promise<Producer> {
    this.#producer ??= this.#log.producer().catch((error: unknown) => {
      this.#producer = undefined;
      throw error;
    });
    return this.#producer;
  }
}
