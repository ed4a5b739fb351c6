/** P12: the same events give the same decisions: on another runtime, at another number of partitions, in another order of arrival. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { FoldedStream } from './folded-stream.ts';
import type { StreamSettings } from './traffic-stream.ts';

const MODELS = 32;
const SETTINGS: StreamSettings = {
  models: MODELS,
  versions: 64,
  stepMs: 1,
  delay: 32 * MODELS,
  windowMs: 2_000,
  seed: 5,
};
const PARTITIONS = 32;

export interface ReplayReport {
  readonly events: number;
  readonly decisions: number;
  /** Of all outputs in order: entries, splits and alerts, byte for byte. */
  readonly digest: string;
}

function recorded(events: number): { readonly folded: FoldedStream; readonly report: ReplayReport } {
  const folded = new FoldedStream({ settings: SETTINGS, steps: events / 2, partitions: 1 }).run();
  return { folded, report: reportOf(folded) };
}

function reportOf(folded: FoldedStream): ReplayReport {
  const decisions = [...folded.decisions.values()].reduce((sum, each) => sum + each.length, 0);
  return { events: folded.events, decisions, digest: folded.digest.digest('hex') };
}

/** Decision ids and weights of every model, in its order. */
function decisionsOf({ decisions }: FoldedStream): string {
  const byModel = [...decisions].sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(byModel)).digest('hex');
}

/** What another runtime prints to its parent. */
export function printReplay(events: number): void {
  process.stdout.write(`${JSON.stringify(recorded(events).report)}\n`);
}

/** @param runtime path of another Node. @returns whether all runs decided alike */
export function benchReplay(events: number, runtime: string | undefined, print: (line: string) => void): boolean {
  print(
    `\nP12 replay of ${events.toLocaleString('en')} events of ${MODELS} models, Node ${process.version} ${process.arch}`,
  );
  const { folded, report } = recorded(events);
  print(`  ${report.decisions} decisions, outputs ${report.digest}`);
  const known = decisionsOf(folded);
  const { splits } = folded;
  const again = new FoldedStream({ settings: SETTINGS, steps: events / 2, partitions: 1, recorded: splits }).run();
  const rate = again.events / again.cpuSeconds;
  print(
    `  ${Math.round(rate).toLocaleString('en')} events per CPU-second (bar 500,000: ${rate >= 500_000 ? 'met' : 'MISSED'})`,
  );
  let isSame = tell('again from offset 0, byte for byte', again.digest.digest('hex') === report.digest);
  for (const [partitions, isShuffled] of [
    [1, true],
    [PARTITIONS, false],
    [PARTITIONS, true],
  ] as const) {
    const other = new FoldedStream({
      settings: SETTINGS,
      steps: events / 2,
      partitions,
      recorded: splits,
      isShuffled,
    }).run();
    const what = `${partitions} partition${partitions > 1 ? 's' : ''}${isShuffled ? ', arrival shuffled' : ''}: ids and weights of each model`;
    isSame = tell(what, decisionsOf(other) === known) && isSame;
  }
  if (runtime === undefined) print('  another runtime: not given; --runtime PATH of a Node, byte for byte');
  else {
    const other = onRuntime(runtime, events);
    isSame = tell(`${runtime}, byte for byte`, other.digest === report.digest) && isSame;
  }
  return isSame;

  function tell(what: string, holds: boolean): boolean {
    print(`  ${what}: ${holds ? 'the same (met)' : 'OTHERS (MISSED)'}`);
    return holds;
  }
}

function onRuntime(runtime: string, events: number): ReplayReport {
  const main = join(import.meta.dirname, '../main.ts');
  const { stdout, stderr, status } = spawnSync(
    runtime,
    [main, 'promotion', 'p12', '--digest', '--events', String(events)],
    {
      encoding: 'utf8',
      maxBuffer: 1e8,
    },
  );
  if (status !== 0) throw new Error(`${runtime} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as ReplayReport;
}
