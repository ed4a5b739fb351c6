/** Prints one gate per line: what was measured, the bar, and whether it is met. A missing peer is "not compared", never met. */
export function gate(number: string, what: string, measured: string, met: boolean | 'not compared'): void {
  const verdict = met === 'not compared' ? 'not compared' : met ? 'met' : 'MISSED';
  process.stdout.write(`gate ${number.padEnd(3)} ${verdict.padEnd(12)} ${what}: ${measured}\n`);
}

export function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** @param share in [0, 1) */
export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(share * values.length)] as number;
}

/** CPU seconds of this process: the machine may be busy with other work. */
export function cpuSeconds(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1e6;
}
