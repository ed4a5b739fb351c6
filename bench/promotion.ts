/** The bars of promotion: the rule beside peers' rules on the same pre-drawn outcomes, and the service that carries it out. */
import { parseArgs } from 'node:util';
import { decideFile, writeMatrix } from './promotion/matrix-file.ts';
import { benchReplay, printReplay } from './promotion/replay.ts';
import {
  reportJoining,
  reportNovelty,
  reportRollbacks,
  reportSamples,
  reportSegments,
  reportWrongPromotions,
  type Scale,
} from './promotion/report.ts';
import {
  reportDrill,
  reportLatencies,
  reportLeases,
  reportRates,
  reportSplitLoad,
} from './promotion/report-service.ts';
import { ruleNamed, rulesFor } from './promotion/rules.ts';
import { effectWorld, NULL_WORLDS, type World } from './promotion/worlds.ts';

const WORLDS: readonly World[] = [...NULL_WORLDS, effectWorld(0.7, 0.73), effectWorld(0.7, 0.67)];

const HELP = `npm run bench -- promotion [p1] [p2] [p5] [p6] [p7] [p8] [p10] [p11] [p11-rest] [p12] [p14] [g3] [options]

Without a part: all of them. A bar that is judged "open" needs more runs.

  --runs N        tests in each cell (500; peers in p2 at most 500)
  --outcomes N    length of a test in p1 (20000)
  --alpha A       level of a test in p1 and p2, and of --matrix (0.01)
  --seed N        all draws follow from it (20260101)
  --workers N     of p1: threads that share the runs, with the counts of one (1)
  --world WORLD   of p1: this world alone

The service, without peers:
  --decisions N   of p10, of each kind (50)
  --kafka         p10 and g3 on a Kafka of their own instead of the embedded log; g3 stops the broker
  --open N        of p11, predictions that wait for outcomes (1000000)
  --events N      of p12 (1000000)
  --runtime PATH  of p12: another Node that must write the same bytes
  --requests N    of p14 (1000000)

The release figures of p1:
  npm run bench -- promotion p1 --runs 20000
  npm run bench -- promotion p1 --runs 200000 --alpha 0.001 --workers 2

One drawn matrix, as JSON {rule, decision, sample, eValue, outcomes}:
  --matrix FILE --rule RULE
  RULE is one of: ${rulesFor(0.7, 0.02)
    .map(({ name }) => name)
    .join(' | ')}
  FILE is CSV with the header draw,champion,challenger[,segment][,propensity], one prediction a row in order of maturity:
  draw a whole number below 2^32, the two rewards in [0, 1], segment below 256, propensity of the challenger in (0, 1), .5 without
  the column. The challenger serves when draw < propensity * 2^32, and the rule sees the reward of the arm that serves.
  --write-matrix FILE --world WORLD [--run N] [--outcomes N] [--seed N]
  WORLD is one of: ${WORLDS.map(({ name }) => name).join(' | ')}
`;

const { values, positionals } = parseArgs({
  args: process.argv.slice(3),
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '500' },
    outcomes: { type: 'string', default: '20000' },
    alpha: { type: 'string', default: '0.01' },
    seed: { type: 'string', default: '20260101' },
    decisions: { type: 'string', default: '50' },
    kafka: { type: 'boolean', default: false },
    open: { type: 'string', default: '1000000' },
    events: { type: 'string', default: '1000000' },
    runtime: { type: 'string' },
    digest: { type: 'boolean', default: false },
    requests: { type: 'string', default: '1000000' },
    run: { type: 'string', default: '0' },
    workers: { type: 'string', default: '1' },
    matrix: { type: 'string' },
    rule: { type: 'string', default: 'e-process' },
    'write-matrix': { type: 'string' },
    world: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

type WholeFlag = 'runs' | 'outcomes' | 'seed' | 'run' | 'decisions' | 'open' | 'events' | 'requests' | 'workers';

function whole(name: WholeFlag, least: number): number {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < least || value > 0xffffffff)
    throw new Error(`--${name} is ${values[name]}; it must be a whole number from ${least}; see --help`);
  return value;
}

const alpha = Number(values.alpha);
if (!(alpha > 0 && alpha < 0.5))
  throw new Error(`--alpha is ${values.alpha}; it must be above 0 and below .5; see --help`);
const scale: Scale = { runs: whole('runs', 1), outcomes: whole('outcomes', 200), seed: whole('seed', 0), alpha };
const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function worldNamed(worlds: readonly World[], name: string): World {
  const world = worlds.find((each) => each.name === name);
  if (world === undefined)
    throw new Error(`--world is "${name}"; it must be one of ${worlds.map((each) => each.name).join(' | ')}`);
  return world;
}

const nullWorlds = (): readonly World[] =>
  values.world === undefined ? NULL_WORLDS : [worldNamed(NULL_WORLDS, values.world)];

const failUnless = (holds: boolean): void => {
  if (!holds) process.exitCode = 1;
};

const REPORTS: Readonly<Record<string, () => void | Promise<void>>> = {
  // No release with a world above its level.
  p1: async () => failUnless(await reportWrongPromotions(scale, nullWorlds(), whole('workers', 1), print)),
  p2: () => reportSamples(scale, print),
  p5: () => reportRollbacks(scale, print),
  p6: () => reportNovelty(scale, print),
  p7: () => reportJoining(scale, print),
  p8: () => reportSegments(scale, print),
  p10: () => reportLatencies(whole('decisions', 1), values.kafka, print),
  p11: async () => {
    reportRates(whole('open', 1_000), print);
    await reportSplitLoad(print);
  },
  'p11-rest': () => reportSplitLoad(print),
  p12: () => {
    if (values.digest) return printReplay(whole('events', 1_000));
    failUnless(benchReplay(whole('events', 1_000), values.runtime, print));
  },
  p14: async () => failUnless(await reportLeases(whole('requests', 1), scale.seed, print)),
  g3: () => reportDrill(values.kafka, print),
};

if (values.help) {
  process.stdout.write(HELP);
} else if (values['write-matrix'] !== undefined) {
  const world = worldNamed(WORLDS, values.world ?? 'stationary');
  writeMatrix(values['write-matrix'], world, scale.outcomes, scale.seed, whole('run', 0));
} else if (values.matrix !== undefined) {
  print(JSON.stringify(await decideFile(values.matrix, ruleNamed(values.rule), alpha)));
} else {
  const parts = positionals.length === 0 ? Object.keys(REPORTS).filter((part) => part !== 'p11-rest') : positionals;
  for (const part of parts) {
    const report = REPORTS[part];
    if (report === undefined)
      throw new Error(`part is "${part}"; it must be one of ${Object.keys(REPORTS).join(', ')}`);
    await report();
  }
}
