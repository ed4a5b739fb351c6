/** One update and one D of the sliding KS tree against a re-test with SciPy, interleaved in one run; the ratio is the figure. */
import { spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { referenceOf } from '@weir/drift/reference';
import { SlidingKs } from '@weir/drift/sliding-ks';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

const SEED = 20_010_101;
const ROUNDS = 9;
const UPDATES = 200_000;
const rng = xoroshiro128plus(SEED);
const normal = (): number =>
  Math.sqrt(-2 * Math.log(1 - uniformFloat64(rng))) * Math.cos(2 * Math.PI * uniformFloat64(rng));
const sample = (size: number): Float64Array => Float64Array.from({ length: size }, normal);

const scipy = spawn('python3', [join(import.meta.dirname, 'scipy-retest.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
const answers = createInterface({ input: scipy.stdout })[Symbol.asyncIterator]();
async function scipySeconds(m: number, window: number): Promise<number> {
  scipy.stdin.write(`${m} ${window}\n`);
  const { value, done } = await answers.next();
  if (done) throw new Error('python3 with scipy is needed: pip install -r packages/drift/test/requirements.txt');
  return Number(value);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}

let checksum = 0;
function ourSeconds(ks: SlidingKs, stream: Float64Array): number {
  const start = process.hrtime.bigint();
  for (const x of stream) {
    ks.push(x);
    checksum += ks.statisticOf(ks.height);
  }
  return Number(process.hrtime.bigint() - start) / 1e9 / stream.length;
}

process.stdout.write(
  `${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.version}, seed ${SEED}, median of ${ROUNDS}\n`,
);
for (const [m, window, bar] of [
  [1_000, 1_000, 2_500],
  [10_000, 1_000, 10_000],
  [50_000, 10_000, 0],
] as const) {
  const ks = new SlidingKs(referenceOf(sample(m)), window);
  const stream = sample(UPDATES);
  for (const x of stream) ks.push(x);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(ourSeconds(ks, stream));
    theirs.push(await scipySeconds(m, window));
  }
  const ratio = median(theirs) / median(ours);
  const verdict = bar === 0 ? '' : ` (bar ${bar}: ${ratio >= bar ? 'met' : 'missed'})`;
  process.stdout.write(
    `m = ${m}, W = ${window}: ${(median(ours) * 1e9).toFixed(0)} ns an event with D; SciPy ${(median(theirs) * 1e3).toFixed(2)} ms; ratio ${ratio.toFixed(0)}${verdict}\n`,
  );
}
scipy.stdin.end();
if (Number.isNaN(checksum)) process.exit(1);
