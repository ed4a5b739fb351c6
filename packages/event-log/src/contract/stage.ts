/** What a test of the contract is and what it is given: the log, a topic of its own, and short ways to write and read it. */
import { randomBytes } from 'node:crypto';
import type { Features } from '../features.ts';
import type { Admin, EventLog, LogRecord, NewRecord, PartitionStream } from '../port.ts';

export interface Opened {
  readonly log: EventLog;
  /** Another connection to the same records, as a second process would have; the adapter may close the first. */
  reopen(): Promise<EventLog>;
  /** Restarts the broker while `log` stays open. Absent where there is none, or where the test did not start it. */
  readonly restart?: () => Promise<void>;
  /** Close everything. */
  stop(): Promise<void>;
}

export interface ContractTest {
  readonly title: string;
  /** Runs where this is claimed. */
  readonly feature?: keyof Features;
  /** It closes or restarts what others use: it has no stress variant. */
  readonly isAlone?: boolean;
  readonly body: (stage: Stage) => Promise<void>;
}

export const WAIT_MS = 15_000;
/** Long enough for a record that must not come to have come. */
export const QUIET_MS = 300;
const MAX_RECORD_BYTES = 2_000_000;
export const TOO_LARGE: Buffer = Buffer.alloc(3_000_000);

/** The log in use; a test that reopens it leaves another. */
export interface Current {
  log: EventLog;
}

export class Stage {
  readonly topic: string;
  readonly #current: Current;
  readonly #opened: Opened;

  constructor(current: Current, opened: Opened, topic = `contract-${randomBytes(6).toString('hex')}`) {
    this.#current = current;
    this.#opened = opened;
    this.topic = topic;
  }

  get log(): EventLog {
    return this.#current.log;
  }

  /** The same log with `topic` as its own. */
  on(topic: string): Stage {
    return new Stage(this.#current, this.#opened, topic);
  }

  async reopen(): Promise<EventLog> {
    this.#current.log = await this.#opened.reopen();
    return this.log;
  }

  /** True when `log` lives on through it; false when it is another one now. */
  async restart(): Promise<boolean> {
    if (this.#opened.restart === undefined) {
      await this.reopen();
      return false;
    }
    await this.#opened.restart();
    return true;
  }

  async createTopic(topic: string = this.topic, partitions = 2): Promise<void> {
    await this.admin((admin) =>
      admin.createTopics([{ topic, partitions, cleanup: 'delete', maxRecordBytes: MAX_RECORD_BYTES }]),
    );
  }

  async admin<T>(ask: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = await this.log.admin();
    try {
      return await ask(admin);
    } finally {
      await admin.close();
    }
  }

  record(value: string, partition = 0): NewRecord {
    return { topic: this.topic, partition, key: Buffer.from('k'), value: Buffer.from(value) };
  }

  async write(...records: readonly NewRecord[]): Promise<void> {
    const producer = await this.log.producer();
    await producer.send(records);
    await producer.close();
  }

  /** Every record from `from` to the last stable one. */
  async read(from: bigint | 'earliest' = 'earliest', partition = 0): Promise<LogRecord[]> {
    const reader = await this.log.reader();
    const found = await drain(await reader.open({ topic: this.topic, partition }, from));
    await reader.close();
    return found;
  }

  async texts(from: bigint | 'earliest' = 'earliest', partition = 0): Promise<string[]> {
    return (await this.read(from, partition)).map(textOf);
  }
}

export function byText(a: unknown, b: unknown): number {
  return String(a) < String(b) ? -1 : 1;
}

export function textOf({ value }: LogRecord): string {
  return Buffer.from(value ?? []).toString();
}

/** `v0 v1 …`: values in an order that shows. */
export function numbered(count: number, prefix = 'v'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

/** What is there, up to the last stable record; waits for a first one. */
export async function drain(stream: PartitionStream): Promise<LogRecord[]> {
  const found: LogRecord[] = [];
  const deadline = Date.now() + WAIT_MS;
  while (stream.lag !== 0n || found.length === 0) {
    const batch = await stream.next(QUIET_MS);
    found.push(...(batch?.records ?? []));
    if (batch === undefined && stream.lag === 0n) break;
    if (Date.now() > deadline) throw new Error(`lag is ${stream.lag} after ${WAIT_MS} ms`);
  }
  return found;
}

/** The next `count` records and what comes in their batches. */
export async function take(stream: PartitionStream, count: number): Promise<LogRecord[]> {
  const found: LogRecord[] = [];
  while (found.length < count) {
    const batch = await stream.next(WAIT_MS);
    if (batch === undefined) throw new Error(`${found.length} of ${count} records came within ${WAIT_MS} ms`);
    found.push(...batch.records);
  }
  return found;
}
