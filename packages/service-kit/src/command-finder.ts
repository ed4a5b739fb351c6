/**
 * Where commands lie, read back from their topic, so that a receipt outlives the process that gave it and any instance can show it. Of each
 * partition that is asked about, the places of the newest commands stay in memory; each look reads on to where the topic ends by then.
 */
import { LogError } from '@weir/event-log/errors';
import type { EventLog, TopicPartition } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import { topicName } from '@weir/events/topics';

/** Of each partition, about 200 bytes each. */
export const MAX_COMMANDS = 10_000;

/** For the next batch: a request does not hang while a broker is away. */
const WAIT_MS = 5_000;

interface Tail {
  /** Offset by model and id. What was sent again lies later: the first one counts, and the oldest come first. */
  readonly offsets: Map<string, bigint>;
  /** Where to read on; undefined before the first look. */
  next: bigint | undefined;
  /** The look before this one. */
  look: Promise<unknown>;
}

export class CommandFinder {
  readonly #log: EventLog;
  readonly #topic: string;
  readonly #tails = new Map<number, Tail>();

  constructor(log: EventLog, topicPrefix: string) {
    this.#log = log;
    this.#topic = topicName(topicPrefix, 'commands');
  }

  /** Undefined when it is not among the newest `MAX_COMMANDS` of the partition. Costs what was appended since the last look. */
  async offsetOf(partition: number, model: string, id: string): Promise<bigint | undefined> {
    const tail = this.#tails.get(partition) ?? { offsets: new Map(), next: undefined, look: Promise.resolve() };
    this.#tails.set(partition, tail);
    const look = tail.look.then(() => this.#readOn({ topic: this.#topic, partition }, tail));
    tail.look = look.catch(() => this.#tails.delete(partition));
    await look;
    return tail.offsets.get(nameOf(model, id));
  }

  async #readOn(place: TopicPartition, tail: Tail): Promise<void> {
    const from = tail.next ?? (await this.#first(place));
    // No service that reads commands was ever started here.
    if (from === undefined) return;
    const reader = await this.#log.reader();
    try {
      const stream = await reader.open(place, from);
      const end = await stream.end();
      while (stream.position < end) {
        const batch = await stream.next(WAIT_MS);
        if (batch === undefined && stream.position < end)
          throw new LogError('RETRIABLE', `${place.topic} did not bring what it holds within ${WAIT_MS} ms; ask again`);
        for (const { offset, value } of batch?.records ?? []) remember(tail.offsets, value, offset);
        tail.next = stream.position;
      }
    } finally {
      await reader.close();
    }
  }

  /** Of the newest; undefined without the topic. */
  async #first(place: TopicPartition): Promise<bigint | undefined> {
    const admin = await this.#log.admin();
    try {
      if ((await admin.partitionCounts([place.topic])).get(place.topic) === undefined) return undefined;
      const { earliest, end } = await admin.offsets(place);
      const first = end - BigInt(MAX_COMMANDS);
      return first > earliest ? first : earliest;
    } finally {
      await admin.close();
    }
  }
}

function remember(offsets: Map<string, bigint>, value: Uint8Array | null, offset: bigint): void {
  const name = commandOf(value);
  if (name === undefined || offsets.has(name)) return;
  offsets.set(name, offset);
  if (offsets.size > MAX_COMMANDS) offsets.delete(offsets.keys().next().value as string);
}

/** What is no command is dead-lettered by the services that read the topic. */
function commandOf(value: Uint8Array | null): string | undefined {
  if (value === null) return undefined;
  try {
    const { name, event } = decode(value);
    return name === 'CommandIssued' ? nameOf(event.model, event.id) : undefined;
  } catch {
    return undefined;
  }
}

/** An id of any writer may hold any character: the length of the model tells where it begins. */
function nameOf(model: string, id: string): string {
  return `${model.length} ${model}${id}`;
}
