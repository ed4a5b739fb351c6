import { restoreForest, saveForest } from '@weir/anomaly/forest/forest-state';
import { RollingForest, SMALL } from '@weir/anomaly/forest/rolling-forest';
import { uniformOf } from './streams.ts';

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** B5, C1, C2: bytes, what a million events allocate, size and time of a snapshot, and that it goes on bit for bit. */
export function stateSection(): void {
  const kilobytes = (bytes: number): string => `${Math.round(bytes / 1_000)} KB`;
  print('\nmemory and state');
  print(
    `bytes at d = 9: standard ${kilobytes(new RollingForest({ dimensions: 9, seed: 1 }).bytes)}, small ${kilobytes(new RollingForest({ dimensions: 9, seed: 1, ...SMALL }).bytes)}`,
  );
  const uniform = uniformOf(1);
  const row = new Float64Array(10);
  const next = (): Float64Array => {
    for (let k = 0; k < row.length; k += 1) row[k] = uniform() + uniform() + uniform();
    return row;
  };
  for (const [name, profile] of [
    ['small, 50 trees', SMALL],
    ['standard, 100 trees', {}],
  ] as const) {
    const forest = new RollingForest({ dimensions: 10, seed: 3, ...profile });
    for (let i = 0; i < 30_000; i += 1) forest.observe(next());
    const state = saveForest(forest);
    const times = Array.from({ length: 21 }, () => {
      const start = performance.now();
      restoreForest(state);
      return performance.now() - start;
    }).sort((a, b) => a - b);
    const restored = restoreForest(state);
    let differing = 0;
    for (let i = 0; i < 10_000; i += 1) if (forest.observe(next()) !== restored.observe(row)) differing += 1;
    print(
      `snapshot, d = 10, ${name}: ${kilobytes(state.byteLength)}, restored in ${(times[10] as number).toFixed(2)} ms (median), ${differing} of the next 10,000 scores differ`,
    );
  }
  const forest = new RollingForest({ dimensions: 10, seed: 3 });
  for (let i = 0; i < 50_000; i += 1) forest.observe(next());
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 1_000_000; i += 1) forest.observe(row);
  print(`heap after a million warm events: ${((process.memoryUsage().heapUsed - before) / 1_024).toFixed(0)} KiB more`);
}
