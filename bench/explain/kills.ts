/** Gate 23: SIGKILLs of the service in a process of its own, in the midst of its work; what it wrote is compared with an undisturbed run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventLog, NewRecord } from '@weir/event-log/port';
import { loadServiceConfig } from '@weir/service-kit/config/common-settings';
import { connectPorts } from '@weir/service-kit/ports';
import { seeded } from '../../packages/explain/test/random.ts';
import { SETTINGS } from '../../services/explanation-sampler/src/config.ts';
import {
  categories,
  feature,
  inline,
  NOW_MS,
  prediction,
  registration,
  stumps,
} from '../../services/explanation-sampler/test/scene.ts';
import { gate } from './verdicts.ts';

const EVENTS_PER_KILL = 200;
const SERVICE = join(import.meta.dirname, '../../services/explanation-sampler/src/main.ts');
const BACKGROUND_EVENTS = 100;
/** After a life has begun to work. */
const KILLED_WITHIN_MS = 100;
const OUTPUTS = ['weir.explanations', 'weir.alerts'];
/** Without progress for so long a run is given up. */
const PATIENCE_MS = 60_000;

export async function kills(count: number): Promise<void> {
  const disturbed = await runOf(count, true);
  const calm = await runOf(count, false);
  let [lost, doubled, strange] = [0, 0, 0];
  for (const [id, times] of calm.seen) if (!disturbed.seen.has(id)) lost += times;
  for (const [id, times] of disturbed.seen) {
    if (!calm.seen.has(id)) strange += times;
    else if (times > 1) doubled += times - 1;
  }
  const isSame = disturbed.order.join() === calm.order.join();
  gate(
    '23',
    `${disturbed.kills} SIGKILLs, ${disturbed.midst} of them with work left, in ${count * EVENTS_PER_KILL} events, explanations and alerts byte for byte beside an undisturbed run`,
    `${calm.order.length} expected, ${lost} lost, ${doubled} doubled, ${strange} strange, in order ${isSame}`,
    disturbed.kills === count && lost + doubled + strange === 0 && isSame && calm.order.length > 0,
  );
}

interface Run {
  readonly kills: number;
  /** Kills that left work behind. */
  readonly midst: number;
  /** Records as text, and how often each is there. */
  readonly seen: ReadonlyMap<string, number>;
  /** Explanations in the order of the log. */
  readonly order: readonly string[];
}

async function runOf(count: number, disturbs: boolean): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-kills-'));
  const settings = {
    WEIR_LOG_FILE: join(folder, 'log.db'),
    WEIR_HTTP_PORT: '0',
    WEIR_EXPLAIN_BUDGET_PER_SECOND: '100',
    WEIR_EXPLAIN_BACKGROUND_EVENTS: String(BACKGROUND_EVENTS),
    WEIR_EXPLAIN_BACKGROUND_ROWS: '50',
    WEIR_EXPLAIN_REFERENCE_SIZE: '60',
    WEIR_EXPLAIN_QUEUE: '100000',
  };
  const uniform = seeded(23);
  let service: Service | undefined;
  const explainedAt: number[] = [];
  // The embedded log belongs to one process at a time.
  const withLog = async <Result>(use: (log: EventLog) => Promise<Result>): Promise<Result> => {
    const ports = await connectPorts(loadServiceConfig(SETTINGS, settings), { clientId: 'bench', report: () => {} });
    try {
      return await use(ports.log);
    } finally {
      await ports.close();
    }
  };
  try {
    // The first life creates the topics.
    service = await Service.start(settings);
    await service.end('SIGTERM');
    await withLog((log) => send(log, control()));
    for (let round = 0; round < count; round += 1) {
      await withLog((log) => send(log, events(round)));
      if (!disturbs) continue;
      service = await Service.start(settings);
      await pause(KILLED_WITHIN_MS * uniform());
      await service.end('SIGKILL');
      explainedAt.push((await withLog(writtenTo)).order.length);
    }
    service = await Service.start(settings);
    await service.finished(count * EVENTS_PER_KILL - BACKGROUND_EVENTS);
    await service.end('SIGTERM');
    const written = await withLog(writtenTo);
    // Nearly all events are drawn, so those of the rounds so far that have no explanation waited for one.
    const drawn = written.order.length / (count * EVENTS_PER_KILL - BACKGROUND_EVENTS);
    const midst = explainedAt.filter(
      (explained, round) => explained < drawn * ((round + 1) * EVENTS_PER_KILL - BACKGROUND_EVENTS) - 1,
    ).length;
    return { kills: explainedAt.length, midst, ...written };
  } finally {
    await service?.end('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A life of the service. */
class Service {
  readonly #process: ChildProcess;
  #said = '';

  private constructor(settings: Readonly<Record<string, string>>) {
    this.#process = spawn(process.execPath, [SERVICE], {
      env: { ...process.env, ...settings },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process.stdout?.on('data', (chunk: Buffer) => {
      this.#said += chunk.toString();
    });
  }

  /** Resolves when it has restored its state and begins to work. */
  static async start(settings: Readonly<Record<string, string>>): Promise<Service> {
    const service = new Service(settings);
    await service.#until(async () => service.#said.includes('"restored"'));
    return service;
  }

  /** When all events were looked at and all that were selected are explained. */
  async finished(events: number): Promise<void> {
    const url = /"url":"([^"]+)"/.exec(this.#said)?.[1] ?? '';
    await this.#until(async () => {
      const response = await fetch(`${url}/v1/models/loan/explanations`);
      if (!response.ok) return false;
      const { versions } = (await response.json()) as { versions: readonly { events: number; waiting: number }[] };
      return versions[0]?.events === events && versions[0].waiting === 0;
    });
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill(signal);
    await once(this.#process, 'exit');
  }

  async #until(is: () => Promise<boolean>): Promise<void> {
    for (const until = performance.now() + PATIENCE_MS; !(await is()); await pause(20)) {
      if (this.#process.exitCode !== null) throw new Error(`the service ended by itself: ${this.#said.slice(-500)}`);
      if (performance.now() > until) throw new Error(`the service made no progress for ${PATIENCE_MS} ms`);
    }
  }
}

function control(): NewRecord[] {
  const model = stumps(
    ['x', 'sex=F'],
    [
      { feature: 0, threshold: 0.5, value: 0.4 },
      { feature: 1, threshold: 0.5, value: -0.2 },
    ],
  );
  const columns = [feature('x', 'numeric'), feature('sex', 'categorical', true)];
  return [registration('loan', columns, inline(model)), categories('loan', 'sex', ['F', 'M'])];
}

function events(round: number): NewRecord[] {
  return Array.from({ length: EVENTS_PER_KILL }, (_, at) => {
    const index = round * EVENTS_PER_KILL + at;
    const [x, sex] = [(index * 0.618_034) % 1, index % 2 === 0 ? 'F' : 'M'];
    const output = 0.25 + (x > 0.5 ? 0.4 : 0) - (sex === 'F' ? 0.2 : 0);
    const eventTimeMs = NOW_MS - 1e8 + 100 * index;
    return prediction({
      model: 'loan',
      id: `p${index}`,
      eventTimeMs,
      numeric: [x],
      categorical: [sex],
      outputs: [output],
    });
  });
}

async function send(log: EventLog, records: readonly NewRecord[]): Promise<void> {
  const producer = await log.producer();
  await producer.send(records.map((record) => ({ ...record, topic: `weir.${record.topic}` })));
  await producer.close();
}

async function writtenTo(log: EventLog): Promise<Omit<Run, 'kills' | 'midst'>> {
  const seen = new Map<string, number>();
  const order: string[] = [];
  const reader = await log.reader();
  for (const topic of OUTPUTS) {
    const stream = await reader.open({ topic, partition: 0 }, 'earliest');
    while (stream.position < (await stream.end())) {
      for (const { value } of (await stream.next(1000))?.records ?? []) {
        const text = `${topic} ${Buffer.from(value ?? []).toString('base64')}`;
        seen.set(text, (seen.get(text) ?? 0) + 1);
        if (topic === OUTPUTS[0]) order.push(text);
      }
    }
  }
  await reader.close();
  return { seen, order };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
