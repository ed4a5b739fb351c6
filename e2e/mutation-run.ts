/**
 * Sends damaged records through detectors that run, on the embedded log, and holds what each did with every record against what it must do.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { ANOMALY_DEFAULTS } from '@weir/anomaly-detector/config';
import { createAnomalyProcessor } from '@weir/anomaly-detector/processor';
import { createDriftProcessor } from '@weir/drift-detector/processor';
import { createEmbeddedLog, type EmbeddedLog } from '@weir/event-log/embedded/log';
import type { LogRecord } from '@weir/event-log/port';
import { createSqliteCheckpoints } from '@weir/service-kit/checkpoints/sqlite';
import type { AnyProcessor } from '@weir/service-kit/processor';
import { explain, RUNNER_DEFAULTS, type Runner, startRunner, topicSpecs } from '@weir/service-kit/runner';
import { createMemoryViews } from '@weir/service-kit/views/memory';
import { type Fate, Mutations, type Sent } from './mutations.ts';
import { CONFIG, introduction, MODELS, PARTITIONS } from './scenario.ts';
import { sleep, until } from './stage.ts';

const PREFIX = 'weir.';
const CHUNK = 2_000;
const VIEWS_MS = 10_000;
const SERVICES: readonly (readonly [AnyProcessor, unknown])[] = [
  [createDriftProcessor(), CONFIG],
  [createAnomalyProcessor(), ANOMALY_DEFAULTS],
];

/** What a service did, in records. */
export interface ServiceReport {
  readonly service: string;
  /** Taken and folded. */
  readonly accepted: number;
  /** In the dead letters, by reason. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Faults, each of which must be 0. */
  readonly letteredTwice: number;
  readonly notLettered: number;
  readonly letteredThoughWhole: number;
  /** The letter has other bytes than the record, and no digest of them. */
  readonly otherBytes: number;
  /** Predictions and features that are in no letter, less those that the models have seen. */
  readonly notFolded: number;
  readonly failures: readonly string[];
}

export interface MutationReport {
  readonly records: number;
  readonly services: readonly ServiceReport[];
  /** Resident memory after each twentieth of the records, MB. */
  readonly residentMb: readonly number[];
}

/** One record that was sent. */
interface Expectation {
  readonly fate: Fate;
  readonly crc: number;
}

export async function runMutations(
  records: number,
  seed: number,
  say: (line: string) => void,
): Promise<MutationReport> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-mutations-'));
  const log = createEmbeddedLog({ file: join(folder, 'log.db') });
  try {
    const running = await Promise.all(SERVICES.map(([processor, config]) => Service.start(log, processor, config)));
    const producer = await log.producer();
    const residentMb: number[] = [];
    let sent = 0;
    for (const chunk of chunks(records, seed)) {
      await producer.send(chunk.map(({ record }) => record));
      sent += chunk.length;
      for (const service of running) await service.hasTaken(sent - 4 * CHUNK);
      if (sent < (residentMb.length + 1) * (records / 20)) continue;
      residentMb.push(Math.round(process.memoryUsage.rss() / 2 ** 20));
      say(`${sent} of ${records} sent, ${residentMb.at(-1)} MB resident`);
    }
    await producer.close();
    for (const service of running) await service.hasTaken(sent);
    const expected = new Expectations(records, seed);
    const services: ServiceReport[] = [];
    for (const service of running) services.push(await service.report(expected));
    await Promise.all(running.map((service) => service.stop()));
    return { records, services, residentMb };
  } finally {
    await log.close();
    rmSync(folder, { recursive: true });
  }
}

/** The same for a seed however often: what is expected is made anew when it is wanted, so that it takes no memory while that is measured. */
function* chunks(records: number, seed: number): Generator<readonly Sent[]> {
  yield introduction(PREFIX).map((record): Sent => ({ record, fate: 'taken' }));
  const mutations = new Mutations(seed, PREFIX);
  for (let left = records; left > 0; left -= CHUNK)
    yield Array.from({ length: Math.min(CHUNK, left) }, () => mutations.next());
}

/** By place: a topic's partition and its offsets, which have no gaps on a log that nobody writes transactions to. */
class Expectations {
  readonly #places = new Map<string, Expectation[]>();

  constructor(records: number, seed: number) {
    for (const chunk of chunks(records, seed)) {
      for (const { record, fate } of chunk) {
        const place = `${record.topic}/${record.partition}`;
        const there = this.#places.get(place);
        const expectation = { fate, crc: crc32(record.value ?? '') };
        if (there === undefined) this.#places.set(place, [expectation]);
        else there.push(expectation);
      }
    }
  }

  entries(): IterableIterator<[string, readonly Expectation[]]> {
    return this.#places.entries();
  }

  at(place: string, offset: number): Expectation | undefined {
    return this.#places.get(place)?.[offset];
  }
}

class Service {
  readonly #log: EmbeddedLog;
  readonly #processor: AnyProcessor;
  readonly #failures: string[] = [];
  readonly #views = createMemoryViews();
  #runner: Runner | undefined;
  #taken = 0;

  constructor(log: EmbeddedLog, processor: AnyProcessor) {
    this.#log = log;
    this.#processor = processor;
  }

  static async start(log: EmbeddedLog, processor: AnyProcessor, config: unknown): Promise<Service> {
    const service = new Service(log, processor);
    const admin = await log.admin();
    await admin.createTopics(topicSpecs(processor, PREFIX, PARTITIONS));
    await admin.close();
    service.#runner = await startRunner(
      processor,
      {
        log,
        checkpoints: createSqliteCheckpoints(log.database),
        views: service.#views,
        outputViews: () => [],
      },
      { ...RUNNER_DEFAULTS, topicPrefix: PREFIX, config, partitions: PARTITIONS },
      {
        committed: ({ records }) => void (service.#taken += records),
        restored: () => {},
        failed: (_, error) => void service.#failures.push(explain(error)),
      },
    );
    service.#runner.done.catch((error: unknown) => service.#failures.push(explain(error)));
    return service;
  }

  /** @throws when it stands still, with what it said */
  async hasTaken(records: number): Promise<void> {
    if (this.#taken >= records) return;
    await until(
      async () => this.#taken >= records || this.#failures.length > 0,
      60_000,
      () => `${this.#processor.service} has taken ${this.#taken} of ${records}`,
    );
    if (this.#failures.length > 0) throw new Error(`${this.#processor.service}: ${this.#failures.join('; ')}`);
  }

  async stop(): Promise<void> {
    await this.#runner?.stop();
  }

  async report(expected: Expectations): Promise<ServiceReport> {
    const { service } = this.#processor;
    const reasons: Record<string, number> = {};
    const seen = new Map<string, Set<number>>();
    let [letteredTwice, letteredThoughWhole, otherBytes, notLettered] = [0, 0, 0, 0];
    for await (const letter of this.#letters()) {
      const { place, offset, reason } = sourceOf(letter);
      reasons[reason] = (reasons[reason] ?? 0) + 1;
      const lettered = seen.get(place) ?? new Set<number>();
      seen.set(place, lettered);
      if (lettered.has(offset)) letteredTwice += 1;
      lettered.add(offset);
      const due = expected.at(place, offset);
      if (due?.fate === 'taken') letteredThoughWhole += 1;
      const isDigest = letter.headers.some(([name]) => name === 'weir.oversized');
      if (!isDigest && due?.crc !== crc32(letter.value ?? '')) otherBytes += 1;
    }
    let data = 0;
    for (const [place, there] of expected.entries()) {
      const lettered = seen.get(place) ?? new Set<number>();
      if (/\.(?:predictions|features)\//.test(place)) data += there.length - lettered.size;
      for (const [offset, { fate }] of there.entries())
        if (fate === 'refused' && !lettered.has(offset)) notLettered += 1;
    }
    const refused = [...seen.values()].reduce((sum, { size }) => sum + size, 0);
    return {
      service,
      accepted: this.#taken - refused,
      reasons,
      letteredTwice,
      notLettered,
      letteredThoughWhole,
      otherBytes,
      notFolded: data - (await this.#folded(data)),
      failures: this.#failures,
    };
  }

  /** Events that the models have seen, once the views say `due` or have had the time to. */
  async #folded(due: number): Promise<number> {
    const deadline = performance.now() + VIEWS_MS;
    for (;;) {
      const views = await Promise.all(
        MODELS.map((model) => this.#views.get(this.#processor.service, `model/${model}`)),
      );
      const events = views.map((view) => (JSON.parse(view ?? '{}') as { readonly events?: number }).events ?? 0);
      const folded = events.reduce((sum, count) => sum + count, 0);
      if (folded === due || performance.now() > deadline) return folded;
      await sleep(20);
    }
  }

  async *#letters(): AsyncGenerator<LogRecord> {
    const reader = await this.#log.reader();
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      const topic = `${PREFIX}${this.#processor.service}.dlq`;
      const stream = await reader.open({ topic, partition }, 'earliest');
      for (let batch = await stream.next(0); batch !== undefined; batch = await stream.next(0)) yield* batch.records;
      stream.close();
    }
    await reader.close();
  }
}

/** The last of a name is the service's: those before are the record's own. */
function sourceOf({ headers }: LogRecord): {
  readonly place: string;
  readonly offset: number;
  readonly reason: string;
} {
  const text = (name: string): string =>
    Buffer.from(headers.findLast(([each]) => each === `__streams.errors.${name}`)?.[1] ?? []).toString();
  return { place: `${text('topic')}/${text('partition')}`, offset: Number(text('offset')), reason: text('exception') };
}

export function isFaultless({ services }: MutationReport): boolean {
  return services.every(
    ({ letteredTwice, notLettered, letteredThoughWhole, otherBytes, notFolded, failures }) =>
      letteredTwice + notLettered + letteredThoughWhole + otherBytes + failures.length === 0 && notFolded === 0,
  );
}

/** The most of the second half against the most of the first one. What a garbage collector does in between is within a fifth. */
export function isFlat({ residentMb }: MutationReport): boolean {
  const middle = residentMb.length / 2;
  return Math.max(...residentMb.slice(middle)) <= 1.2 * Math.max(...residentMb.slice(0, middle));
}
