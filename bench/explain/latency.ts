/** Gate 9: how long one event takes at 1,000 events a second, rows not seen before, in a process that does nothing else. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Latencies } from './latency-process.ts';
import { gate, mean, quantile } from './verdicts.ts';

const RATE_PER_MS = 1;
/** Workers are so many that each is at most so busy. */
const MOST_BUSY = 0.7;
const MEMORY_BAR = 300 * 2 ** 20;

export function latency(folder: string): void {
  for (const [model, bar] of [
    ['a', 0.5],
    ['c', 5],
  ] as const) {
    const measured = JSON.parse(
      execFileSync(process.execPath, [join(import.meta.dirname, 'latency-process.ts'), folder, model], {
        encoding: 'utf8',
        maxBuffer: 1 << 24,
      }),
    ) as Latencies;
    const { wallMs, cpuMs, residentBytes } = measured;
    const workers = Math.ceil((RATE_PER_MS * mean(cpuMs)) / MOST_BUSY);
    const p99 = quantile(withWaiting(cpuMs, workers), 0.99);
    gate(
      '9',
      `model ${model}, one event at a time, 1,000 a second over ${workers} worker${workers === 1 ? '' : 's'}, p99 with waiting (bar ${bar} ms, 300 MB)`,
      `${p99.toFixed(2)} ms of CPU; without waiting ${quantile(cpuMs, 0.99).toFixed(2)}, mean ${mean(cpuMs).toFixed(2)}, by the clock ${quantile(wallMs, 0.99).toFixed(2)} ms; ${(residentBytes / 2 ** 20).toFixed(0)} MB`,
      p99 <= bar && residentBytes <= MEMORY_BAR,
    );
  }
}

/** Events come evenly and go to the workers in turn; one waits while its worker is busy. Lindley's recursion: W' = max(0, W + S − T). */
function withWaiting(serviceMs: readonly number[], workers: number): number[] {
  const betweenMs = workers / RATE_PER_MS;
  const waits = new Float64Array(workers);
  return serviceMs.map((service, at) => {
    const worker = at % workers;
    const took = waits[worker]! + service;
    waits[worker] = Math.max(0, took - betweenMs);
    return took;
  });
}
