/** `node latency-process.ts FOLDER MODEL`: explains one event after another in a process that does nothing else; prints what it took as JSON. */
import { TreeExplainer } from '../../packages/explain/src/tree/tree-explainer.ts';
import { readModel, readRows } from './trained.ts';

const [folder = '', model = ''] = process.argv.slice(2);
/** Patterns that are common are known by then. */
const WARM = 1_000;
const TIMED = 3_000;

export interface Latencies {
  /** Milliseconds per event, by the clock and of the processor. */
  readonly wallMs: readonly number[];
  readonly cpuMs: readonly number[];
  /** Of the process, at the end. */
  readonly residentBytes: number;
}

const rows = readRows(folder);
const explainer = new TreeExplainer(readModel(folder, model), { game: 'path-dependent' });
for (const row of rows.slice(0, WARM)) explainer.explain(row);
const wallMs: number[] = [];
const cpuMs: number[] = [];
for (const row of rows.slice(WARM, WARM + TIMED)) {
  const cpu = process.threadCpuUsage();
  const from = performance.now();
  explainer.explain(row);
  wallMs.push(performance.now() - from);
  const { user, system } = process.threadCpuUsage(cpu);
  cpuMs.push((user + system) / 1_000);
}
const latencies: Latencies = { wallMs, cpuMs, residentBytes: process.memoryUsage().rss };
process.stdout.write(JSON.stringify(latencies));
