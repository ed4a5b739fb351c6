/** Every window of live SciPy runs, at least 100,000 of them: the same distance to the last bit. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { referenceOf } from '../src/reference.ts';
import { SlidingKs } from '../src/sliding-ks.ts';

const GENERATOR = join(import.meta.dirname, 'golden/ks_2samp.py');
/** One process per seed, each with so many passes over the eight families. */
const SEEDS = [1, 2];
const REPEATS = 31;

interface Answer {
  readonly cases: readonly {
    readonly family: string;
    readonly window: number;
    readonly reference: readonly string[];
    readonly stream: readonly string[];
    readonly statistics: readonly string[];
  }[];
}

async function python(args: readonly string[]): Promise<{ readonly code: number | null; readonly out: unknown }> {
  const child = spawn('python3', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [out, [code]] = await Promise.all([json(child.stdout), once(child, 'exit') as Promise<[number | null]>]);
  return { code, out };
}

const scipy = await python(['-c', 'import scipy, json; print(json.dumps(scipy.__version__))']).catch(() => undefined);
if (scipy === undefined && process.env['REQUIRE_SERVICES'] === '1')
  throw new Error('this test compares with SciPy: pip3 install -r packages/drift/test/requirements.txt');

test.skipIf(scipy === undefined)(`D has the bits of SciPy ${String(scipy?.out)} on 100,000 windows`, async () => {
  const answers = await Promise.all(SEEDS.map((seed) => python([GENERATOR, String(seed), String(REPEATS)])));
  const counts = new Map<string, number>();
  const differences: string[] = [];
  for (const { family, window, reference, stream, statistics } of answers.flatMap(({ out }) => (out as Answer).cases)) {
    const ks = new SlidingKs(referenceOf(reference.map(Number)), window);
    for (const [index, x] of stream.entries()) {
      ks.push(Number(x));
      const { statistic } = ks.read();
      if (statistic !== Number(statistics[index]))
        differences.push(
          `${family}, m ${reference.length}, W ${window}, event ${index}: ${statistic}, SciPy ${statistics[index]}`,
        );
    }
    counts.set(family, (counts.get(family) ?? 0) + stream.length);
  }
  expect(differences).toEqual([]);
  expect(counts.size).toBe(8);
  expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(100_000);
});
