/** `weir simulate promotion`: what a policy costs and how it errs, before it is accepted. */
import { BanditError } from '@weir/bandit/errors';
import { type SimulatedEffect, simulatePromotion, whyItCannotFinish } from '@weir/bandit/simulate-promotion';
import { count, needed, noWords, parseFlags } from '../flags.ts';
import { type Command, type CommandIo, UsageError } from '../output.ts';
import { readPolicyFile } from './policy-file.ts';

const EFFECTS = [0.05, 0.03, 0.02, 0, -0.01, -0.03, -0.1];
const DEFAULT_RUNS = 40;
const DEFAULT_MOST = 100_000;

const HELP = `weir simulate promotion FILE --base-rate RATE --per-day N [--runs N] [--most N] [--seed N] [--json]

Runs the tests of a promotion policy on simulated outcomes, for challengers from 5 points better to 10 points worse: how often they are promoted,
rolled back and retired, after how many outcomes and days, and how many outcomes the challenger answers until then. Segments and guardrails other
than harm are not simulated.

  --base-rate RATE  mean reward of the champion, above 0 and below 1
  --per-day N       matured outcomes of both versions a day
  --runs N          tests for each effect (default: ${DEFAULT_RUNS})
  --most N          outcomes after which a test counts as undecided (default: ${DEFAULT_MOST}, at most what duration.max brings)
  --seed N          of the draws (default: 1)
  --json            {"effects": […]} on stdout

Exit code 1 when the least useful effect could not be shown within duration.max, 2 when the policy or an option is wrong.
`;

const FLAGS = {
  'base-rate': { type: 'string' },
  'per-day': { type: 'string' },
  runs: { type: 'string' },
  most: { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const simulatePromotionCommand: Command = { help: HELP, options: FLAGS, run };

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { flags, words } = parseFlags('weir simulate promotion', args, FLAGS);
  const [file, ...rest] = words;
  if (file === undefined)
    throw new UsageError('FILE is not given; it must be a promotion policy; see weir simulate promotion --help');
  noWords('weir simulate promotion', rest);
  const { policy, problems } = readPolicyFile(file, undefined);
  if (problems.length > 0)
    throw new UsageError(`${file} has ${problems.length} faults; weir policy lint ${file} lists them`);
  const outcomesPerDay = count('--per-day', needed('--per-day', flags['per-day'], 'outcomes a day')) as number;
  const most = Math.max(1, Math.floor((policy.duration.maxMs / 86_400_000) * outcomesPerDay));
  const world = {
    baseRate: Number(needed('--base-rate', flags['base-rate'], 'the mean reward of the champion')),
    outcomesPerDay,
    runs: count('--runs', flags.runs) ?? DEFAULT_RUNS,
    seed: count('--seed', flags.seed) ?? 1,
    mostOutcomes: Math.min(most, count('--most', flags.most) ?? DEFAULT_MOST),
  };
  try {
    const doubt = whyItCannotFinish(policy, world);
    const effects = EFFECTS.filter((effect) => world.baseRate + effect > 0 && world.baseRate + effect < 1);
    const rows = simulatePromotion(policy, world, effects);
    if (flags.json === true) io.out(`${JSON.stringify({ effects: rows, refused: doubt ?? null })}\n`);
    else io.out(table(rows));
    if (doubt === undefined) return 0;
    io.err(`weir: ${file}: the test cannot finish: ${doubt}\n`);
    return 1;
  } catch (error) {
    if (error instanceof BanditError) throw new UsageError(error.message);
    throw error;
  }
}

function table(rows: readonly SimulatedEffect[]): string {
  const head = ['effect', 'promoted', 'rolled back', 'retired', 'undecided', 'outcomes', 'days', 'challenger outcomes'];
  const cells = rows.map((row) => [
    `${(row.effect * 100).toFixed(0)} pp`,
    percent(row.promoted),
    percent(row.rolledBack),
    percent(row.retired),
    percent(row.undecided),
    row.outcomes.toFixed(0),
    row.days.toFixed(1),
    row.exposure.toFixed(0),
  ]);
  const widths = head.map((title, at) => Math.max(title.length, ...cells.map((row) => (row[at] as string).length)));
  return [head, ...cells]
    .map((row) => `${row.map((cell, at) => cell.padStart(widths[at] as number)).join('  ')}\n`)
    .join('');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
