/** One model with one column on a log, and a detector that a test starts, stops and feeds. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alertViews } from '@weir/alerts/views';
import { createEmbeddedLog, type EmbeddedLog } from '@weir/event-log/embedded/log';
import type { EventLog, LogRecord, NewRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import type { AlertRaised, JournalEntry } from '@weir/events/generated/events';
import { createMemoryCheckpoints } from '@weir/service-kit/checkpoints/memory';
import { createSqliteCheckpoints } from '@weir/service-kit/checkpoints/sqlite';
import type { CheckpointStore } from '@weir/service-kit/checkpoints/store';
import { RUNNER_DEFAULTS, type Runner, type RunnerOptions, startRunner, topicSpecs } from '@weir/service-kit/runner';
import type { TaskEvents } from '@weir/service-kit/task-contract';
import { createMemoryViews } from '@weir/service-kit/views/memory';
import type { ReadViews } from '@weir/service-kit/views/read-views';
import { predictionOf, referenceSetOf, registrationOf } from '@weir/testkit/events';
import { vi } from 'vitest';
import { DRIFT_DEFAULTS, type DriftConfig } from '../src/config.ts';
import { createDriftProcessor, type DriftProcessor } from '../src/processor.ts';

const PREFIX = 'weir.';
export const NOW: number = Date.parse('2026-11-24T00:00:00Z');
export const CONFIG: DriftConfig = { ...DRIFT_DEFAULTS, countWindows: [200], readingsPerFalseAlarm: 1e6 };

export interface Start extends Partial<RunnerOptions> {
  readonly processor?: DriftProcessor;
}

export class Scene {
  readonly #folder = mkdtempSync(join(tmpdir(), 'weir-'));
  #files = 0;
  /** The log's clock: what was written retention counts from. */
  clockMs: number = NOW;
  /** In front of every topic. */
  #prefix = PREFIX;
  #embedded: EmbeddedLog | undefined;
  #checkpoints: CheckpointStore = createMemoryCheckpoints();
  log!: EventLog;
  views: ReadViews = createMemoryViews();
  runner: Runner | undefined;
  restored: Parameters<TaskEvents['restored']>[0] | undefined;
  failures: unknown[] = [];

  /** On a file of its own. */
  async newLog(): Promise<void> {
    await this.runner?.stop();
    await this.log?.close();
    this.#files += 1;
    const file = join(this.#folder, `log-${this.#files}.db`);
    this.#embedded = createEmbeddedLog({ file, now: () => this.clockMs });
    this.#checkpoints = createSqliteCheckpoints(this.#embedded.database);
    await this.useLog(this.#embedded, PREFIX);
  }

  get embedded(): EmbeddedLog {
    if (this.#embedded === undefined) throw new Error('this scene is on another log');
    return this.#embedded;
  }

  async useLog(log: EventLog, prefix: string): Promise<void> {
    this.log = log;
    this.#prefix = prefix;
    const admin = await log.admin();
    await admin.createTopics(topicSpecs(createDriftProcessor(), prefix, 1));
    await admin.close();
  }

  async end(): Promise<void> {
    await this.runner?.stop();
    await this.log.close();
    rmSync(this.#folder, { recursive: true });
  }

  /** Resolves when the detector is live, or has ended. */
  async start({ processor = createDriftProcessor(), ...options }: Start = {}): Promise<void> {
    this.views = createMemoryViews();
    this.failures = [];
    let ended = false;
    this.runner = await startRunner(
      processor,
      {
        log: this.log,
        checkpoints: this.#checkpoints,
        views: this.views,
        outputViews: ({ value, id, eventTimeMs }) => alertViews(value as Uint8Array, id, eventTimeMs),
      },
      { ...RUNNER_DEFAULTS, topicPrefix: this.#prefix, partitions: 1, config: CONFIG, now: () => NOW, ...options },
      {
        committed: () => {},
        restored: (restored) => void (this.restored = restored),
        failed: (_, error) => void this.failures.push(error),
      },
    );
    this.runner.done.catch(() => {
      ended = true;
    });
    await vi.waitUntil(() => ended || this.runner?.ready, { timeout: 15_000 });
  }

  /** As a crash before the first of them would leave it. */
  forgetCheckpoints(): void {
    this.embedded.database.exec('DELETE FROM checkpoint; DELETE FROM checkpoint_key');
  }

  async send(records: readonly NewRecord[]): Promise<void> {
    const producer = await this.log.producer();
    await producer.send(records.map((each) => ({ ...each, topic: this.#prefix + each.topic.slice(PREFIX.length) })));
    await producer.close();
  }

  async read(topic: string): Promise<LogRecord[]> {
    const reader = await this.log.reader();
    const stream = await reader.open({ topic: this.#prefix + topic, partition: 0 }, 'earliest');
    const found: LogRecord[] = [];
    // 0 ms are enough where everything is at hand; a broker has to be asked.
    const waitMs = this.#embedded === undefined ? 300 : 0;
    for (let batch = await stream.next(waitMs); batch !== undefined; batch = await stream.next(waitMs))
      found.push(...batch.records);
    await reader.close();
    return found;
  }

  async alerts(): Promise<readonly { readonly name: string; readonly event: AlertRaised }[]> {
    return (await this.read('alerts')).map(
      ({ value }) => decode(value as Uint8Array) as { readonly name: string; readonly event: AlertRaised },
    );
  }

  async journal(): Promise<readonly JournalEntry[]> {
    return (await this.read('drift-detector.journal')).map(
      ({ value }) => decode(value as Uint8Array).event as JournalEntry,
    );
  }

  /** Until the journal has taken so many predictions. */
  async hasTaken(predictions: number): Promise<void> {
    const taken = async (): Promise<number> =>
      (await this.journal())
        .flatMap(({ steps }) => steps)
        .reduce((sum, { topic, count }) => sum + (topic === 'predictions' ? count : 0), 0);
    await vi.waitUntil(async () => (await taken()) === predictions, { timeout: 5_000 });
  }
}

export function record(topic: string, value: Uint8Array): NewRecord {
  return { topic: PREFIX + topic, partition: 0, key: Buffer.from('m'), value };
}

export function registration(): NewRecord[] {
  const values = Array.from({ length: 1_000 }, (_, index) => index / 1_000);
  const counts = values.map(() => 1);
  const eventTimeMs = NOW - 1e9;
  return [
    record('models', registrationOf(['x'], { model: 'm', eventTimeMs, id: 'r1' })),
    record('references', referenceSetOf({ model: 'm', column: 'x', values, counts, eventTimeMs, id: 'r2' })),
  ];
}

/** Values on a fixed low-discrepancy sequence: uniform, without chance. */
export function prediction(index: number, shift: number, change: object = {}): NewRecord {
  const x = ((index * 0.618034) % 1) * (1 - shift) + shift;
  return record(
    'predictions',
    predictionOf({ model: 'm', eventTimeMs: NOW - 1e6 + index, numeric: [x], id: `p${index}`, ...change }),
  );
}

export function range(from: number, to: number, shift: number): NewRecord[] {
  return Array.from({ length: to - from }, (_, at) => prediction(from + at, shift));
}
