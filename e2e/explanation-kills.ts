/**
 * `node e2e/explanation-kills.ts [KILLS]`: SIGKILLs of an explanation sampler of two members on a Kafka of its own, half of them between the
 * selection of a batch and its explaining, or between that and its record. Then every explanation and dead letter is compared with those that an
 * undisturbed run computes from the same predictions, byte by byte, and all outputs with a replay of the journal. Progress goes to stderr, the
 * result as JSON to stdout; exit code 1 when anything was lost, doubled, strange, in another order or not replayed, or a member ended by itself.
 */
import { explanationTrial, isWhole } from './explanation-run.ts';
import { Stage } from './stage.ts';

const DEFAULT_KILLS = 100;
const kills = Number(process.argv[2] ?? DEFAULT_KILLS);
if (!Number.isInteger(kills) || kills < 1)
  throw new Error(`KILLS is ${process.argv[2]}; it must be a whole number from 1`);
// Members and broker end with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
const started = performance.now();
const say = (line: string): void =>
  void process.stderr.write(`${((performance.now() - started) / 60_000).toFixed(1)} min: ${line}\n`);
const stage = await Stage.start(1);
try {
  const trial = await explanationTrial(stage, kills, say);
  process.stdout.write(`${JSON.stringify(trial, null, 2)}\n`);
  if (!isWhole(trial, kills)) process.exitCode = 1;
} finally {
  await stage.stop();
}
