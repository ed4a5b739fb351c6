/** Time of a run, and figures as the table prints them. */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';

/** A folder on the disk of the repository: a temporary folder may be memory, where fsync costs nothing. */
export function folderOnDisk(): string {
  mkdirSync('.weir', { recursive: true });
  return mkdtempSync(join('.weir', 'bench-'));
}

export function seconds(run: () => unknown): number {
  const start = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}

/** CPU-seconds of a run, garbage collection included: what one core does, also where other work takes turns on it. */
export function cpuSeconds(run: () => unknown): number {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

/** Median of some rounds, after one that is not counted. */
export function medianCpuSeconds(rounds: number, run: () => unknown): number {
  run();
  return median(Array.from({ length: rounds }, () => cpuSeconds(run)));
}

export function perSecond(count: number, took: number): string {
  const rate = count / took;
  return rate >= 1e6
    ? `${(rate / 1e6).toFixed(2)} M/s`
    : rate >= 1e4
      ? `${(rate / 1e3).toFixed(0)} k/s`
      : `${(rate / 1e3).toFixed(1)} k/s`;
}

export function bar(isMet: boolean, text: string): string {
  return ` (bar ${text}: ${isMet ? 'met' : 'missed'})`;
}

export function row(what: string, figure: string): void {
  process.stdout.write(`${what.padEnd(64)} ${figure}\n`);
}
