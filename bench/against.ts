/**
 * `npm run bench -- NAME [ARGS] --against COMMIT`: the benchmark of this checkout and of another commit in turn, each in a process of its own,
 * so that what else the machine does falls on both. Prints the ratio of each figure, this one to that, for each round, and the medians.
 * A figure is a line's number in front of "events per CPU-second", or its number in front of "ns".
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROUNDS = 5;
/** Rates are better when larger, times when smaller. */
const FIGURE = /([\d,.]+) (events per CPU-second|ns)/;

/** What one run printed: figures by what stands before them on their line; a larger one is better. */
type Figures = ReadonlyMap<string, number>;

/** @param args of the benchmark, its name first. @throws when the commit is unknown, cannot be installed or prints no figure */
export function compare(args: readonly string[], commit: string, rounds: number = ROUNDS): void {
  const here = join(import.meta.dirname, '..');
  const folder = mkdtempSync(join(tmpdir(), 'weir-against-'));
  const there = join(folder, 'checkout');
  git(here, 'worktree', 'add', '--quiet', '--detach', there, commit);
  try {
    execFileSync(process.execPath, [join(there, 'tools/install.mjs')], { cwd: there, stdio: 'ignore' });
    const ratios = new Map<string, number[]>();
    for (let round = 0; round < rounds; round += 1) {
      // Whoever goes first finds a cooler machine: each does every second time.
      const order = round % 2 === 0 ? [here, there] : [there, here];
      const runs = new Map(order.map((checkout) => [checkout, figuresOf(checkout, args)]));
      for (const [name, figure] of runs.get(here) as Figures) {
        const other = (runs.get(there) as Figures).get(name);
        if (other === undefined) continue;
        console.log(`round ${round + 1}, ${name}: ${(figure / other).toFixed(3)}`);
        ratios.set(name, [...(ratios.get(name) ?? []), figure / other]);
      }
    }
    if (ratios.size === 0) throw new Error(`the two commits print no figure of ${args[0]} under the same name`);
    for (const [name, each] of ratios) console.log(`${name}: median ${medianOf(each).toFixed(3)} × ${commit}`);
  } finally {
    git(here, 'worktree', 'remove', '--force', there);
    rmSync(folder, { recursive: true, force: true });
  }
}

function git(cwd: string, ...args: readonly string[]): void {
  execFileSync('git', args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
}

function figuresOf(checkout: string, args: readonly string[]): Figures {
  const run = spawnSync(process.execPath, ['bench/main.ts', ...args], {
    cwd: checkout,
    encoding: 'utf8',
    maxBuffer: 1 << 24,
  });
  if (run.status !== 0) throw new Error(`${args.join(' ')} ended with ${run.status} in ${checkout}:\n${run.stderr}`);
  return readFigures(run.stdout);
}

export function readFigures(text: string): Figures {
  const figures = new Map<string, number>();
  for (const line of text.split('\n')) {
    const found = FIGURE.exec(line);
    if (found === null) continue;
    const value = Number(found[1]?.replaceAll(',', ''));
    const name = line
      .slice(0, found.index)
      .replace(/[:\s]+$/, '')
      .trim();
    figures.set(name, found[2] === 'ns' ? 1 / value : value);
  }
  return figures;
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}
