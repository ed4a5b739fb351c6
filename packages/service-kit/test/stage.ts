/** The counter on an embedded log that a test starts, stops, feeds and damages. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbeddedLog, type EmbeddedLog } from '@weir/event-log/embedded/log';
import type { LogRecord, NewRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import type { JournalEntry } from '@weir/events/generated/events';
import { vi } from 'vitest';
import { createSqliteCheckpoints } from '../src/checkpoints/sqlite.ts';
import type { CheckpointStore } from '../src/checkpoints/store.ts';
import { type ReplayReport, replayPartition } from '../src/journal/replay.ts';
import type { AnyProcessor } from '../src/processor.ts';
import {
  RUNNER_DEFAULTS,
  type Runner,
  type RunnerEvents,
  type RunnerOptions,
  startRunner,
  topicSpecs,
} from '../src/runner.ts';
import { createMemoryViews } from '../src/views/memory.ts';
import type { ReadViews } from '../src/views/read-views.ts';
import { COUNTER, countRecord } from './counter.ts';

export const NOW_MS: number = Date.parse('2026-11-24T00:00:00Z');
const PREFIX = 'weir.';

export interface Start extends Partial<RunnerOptions> {
  readonly processor?: AnyProcessor;
}

export interface Replayed {
  readonly fromMs?: number;
  readonly processor?: AnyProcessor;
  readonly anchors?: boolean;
}

export class Stage {
  readonly #folder = mkdtempSync(join(tmpdir(), 'weir-'));
  /** What was written retention counts from, and ticks show. */
  clockMs: number = NOW_MS;
  readonly log: EmbeddedLog;
  readonly checkpoints: CheckpointStore;
  views: ReadViews = createMemoryViews();
  runner: Runner | undefined;
  restored: Parameters<RunnerEvents['restored']>[0] | undefined;
  readonly failures: unknown[] = [];
  readonly passedOver: string[] = [];
  readonly rejected: string[] = [];
  #sent = 0;

  /** @param checkpoints where they are kept; absent: beside the log, in SQLite */
  constructor(checkpoints?: CheckpointStore) {
    this.log = createEmbeddedLog({ file: join(this.#folder, 'log.db'), now: () => this.clockMs });
    this.checkpoints = checkpoints ?? createSqliteCheckpoints(this.log.database);
  }

  async create(): Promise<void> {
    const admin = await this.log.admin();
    await admin.createTopics(topicSpecs(COUNTER, PREFIX, 1));
    await admin.close();
    await this.send([countRecord('models', 'a', 'a', 0, NOW_MS), countRecord('models', 'b', 'b', 0, NOW_MS)]);
  }

  async end(): Promise<void> {
    await this.runner?.stop();
    await this.log.close();
    rmSync(this.#folder, { recursive: true });
  }

  /** Resolves when the counter is live, or has ended. */
  async start({ processor = COUNTER, ...options }: Start = {}): Promise<void> {
    this.failures.length = 0;
    let ended = false;
    this.runner = await startRunner(
      processor,
      { log: this.log, checkpoints: this.checkpoints, views: this.views, outputViews: () => [] },
      {
        ...RUNNER_DEFAULTS,
        topicPrefix: PREFIX,
        partitions: 1,
        config: { every: 10 },
        stateDigestEveryMs: 0,
        now: () => this.clockMs,
        ...options,
      },
      {
        committed: ({ rejections }) => void this.rejected.push(...rejections.map(({ code }) => code)),
        restored: (restored) => void (this.restored = restored),
        failed: (_, error) => void this.failures.push(error),
        passedOver: (reason) => void this.passedOver.push(reason),
      },
    );
    this.runner.done.catch(() => {
      ended = true;
    });
    await vi.waitUntil(() => ended || this.runner?.ready, { timeout: 15_000 });
  }

  async stop(): Promise<void> {
    await this.runner?.stop();
    this.runner = undefined;
  }

  /** As if every checkpoint was lost. */
  forgetCheckpoints(): void {
    this.log.database.exec('DELETE FROM checkpoint; DELETE FROM checkpoint_key');
  }

  async send(records: readonly NewRecord[]): Promise<void> {
    const producer = await this.log.producer();
    await producer.send(records.map((each) => ({ ...each, topic: PREFIX + each.topic })));
    await producer.close();
  }

  /** So many events of the keys a and b in turn, and until they are processed. */
  async count(events: number): Promise<void> {
    await this.send(
      Array.from({ length: events }, () => {
        this.#sent += 1;
        const key = this.#sent % 2 === 0 ? 'a' : 'b';
        return countRecord('predictions', key, `e${this.#sent}`, this.#sent, this.clockMs - 1_000);
      }),
    );
    await this.hasTaken(this.#sent);
  }

  async hasTaken(events: number): Promise<void> {
    const taken = async (): Promise<number> =>
      (await this.journal())
        .flatMap(({ steps }) => steps)
        .reduce((sum, { topic, count }) => sum + (topic === 'predictions' ? count : 0), 0);
    await vi.waitUntil(async () => this.failures.length > 0 || (await taken()) >= events, { timeout: 10_000 });
  }

  async read(topic: string): Promise<LogRecord[]> {
    const reader = await this.log.reader();
    const stream = await reader.open({ topic: PREFIX + topic, partition: 0 }, 'earliest');
    const found: LogRecord[] = [];
    for (let batch = await stream.next(0); batch !== undefined; batch = await stream.next(0))
      found.push(...batch.records);
    await reader.close();
    return found;
  }

  /** Texts of the outputs. */
  async said(): Promise<readonly string[]> {
    return (await this.read('alerts')).map(({ value }) => Buffer.from(value ?? []).toString());
  }

  async journal(): Promise<readonly JournalEntry[]> {
    return (await this.read('counter.journal')).map(({ value }) => decode(value as Uint8Array).event as JournalEntry);
  }

  /** With `anchors` false: as if there were none. */
  replay({ anchors = true, ...from }: Replayed = {}): Promise<ReplayReport> {
    const { log, checkpoints } = this;
    const options = { log, topicPrefix: PREFIX, partition: 0, processor: COUNTER, ...from };
    return replayPartition(anchors ? { ...options, checkpoints } : options);
  }
}
