/**
 * The gates of packages/explain and the explanation sampler, beside shap, LightGBM, XGBoost, WOODELF, lime and fairlearn of the same run:
 * `npm run bench -- explain [STREAMS [GATE…]]`, e.g. `explain 1000` for all or `explain 1000 17 18`. WEIR_PYTHON names a Python with
 * bench/explain/requirements.txt; WEIR_ADULT names UCI's adult.data.gz, without which rows of its shape are generated. Times are CPU seconds of one
 * thread. Each part says what it does before it begins and how long it took; each gate prints what was measured, its bar and whether it is met.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { accuracy } from './explain/accuracy.ts';
import { delays, falseAccusations } from './explain/accusations.ts';
import { attributionDrift } from './explain/attribution-drift.ts';
import { inferenceClient } from './explain/client.ts';
import { deepTrees } from './explain/deep-trees.ts';
import { delayedLabels, gapTerms, throughput } from './explain/fairness.ts';
import { kernelCoverage, kernelError } from './explain/kernel.ts';
import { kills } from './explain/kills.ts';
import { latency } from './explain/latency.ts';
import { lime } from './explain/lime.ts';
import { liveXgboost } from './explain/live-xgboost.ts';
import { equalModelRows } from './explain/model-rows.ts';
import { robustness } from './explain/robustness.ts';
import { sampledLog } from './explain/sampled-log.ts';
import { sampler } from './explain/sampler.ts';
import { isTrained, trainModels } from './explain/trained.ts';
import { treeSpeed } from './explain/tree-speed.ts';
import { gate } from './explain/verdicts.ts';
import { besideWoodelf } from './explain/woodelf.ts';

interface Part {
  readonly gates: readonly string[];
  readonly title: string;
  /** Whether it needs models and rows that the peers trained. */
  readonly onModels?: true;
  readonly run: () => void | Promise<void>;
}

const [given = '1000', ...wanted] = process.argv.slice(3);
const streams = Number(given);
if (!Number.isInteger(streams) || streams < 1) {
  process.stderr.write(`STREAMS is ${given}; it must be a whole number from 1\n`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'weir-explain-'));
const most = (count: number): number => Math.min(count, streams);
const parts: readonly Part[] = [
  { gates: ['1', '2', '3', '4'], title: 'tree values beside the libraries and enumeration', run: accuracy },
  { gates: ['2'], title: 'XGBoost as installed', onModels: true, run: () => liveXgboost(folder) },
  { gates: ['5', '6'], title: 'speed of five tree models', onModels: true, run: () => treeSpeed(folder) },
  { gates: ['7'], title: 'speed beside WOODELF', onModels: true, run: () => besideWoodelf(folder) },
  { gates: ['8'], title: 'speed of deep trees', onModels: true, run: () => deepTrees(folder) },
  { gates: ['9'], title: 'latency of one event', onModels: true, run: () => latency(folder) },
  {
    gates: ['10'],
    title: 'Kernel SHAP at equal coalitions, six games',
    onModels: true,
    run: () => kernelError(folder, most(200)),
  },
  {
    gates: ['11'],
    title: 'Kernel SHAP at equal model rows',
    onModels: true,
    run: () => equalModelRows(folder, most(50)),
  },
  { gates: ['12'], title: 'coverage of the intervals of Kernel SHAP', run: kernelCoverage },
  { gates: ['13'], title: 'client of the Open Inference Protocol', run: inferenceClient },
  { gates: ['14'], title: 'stability of LIME', onModels: true, run: () => lime(folder, most(50), most(20)) },
  { gates: ['15'], title: 'the sample and its budget', run: sampler },
  {
    gates: ['15'],
    title: 'the sample of Adult as a log',
    onModels: true,
    run: () => sampledLog(folder, Math.min(2_000, 2 * streams)),
  },
  { gates: ['16'], title: 'drift of attributions', run: () => attributionDrift(most(500)) },
  { gates: ['17'], title: 'false accusations', run: () => falseAccusations(streams) },
  { gates: ['18'], title: 'events until unfairness is found', run: () => delays(streams) },
  { gates: ['19'], title: 'labels that come late, twice and revised', run: () => delayedLabels(folder) },
  { gates: ['20'], title: 'the gap of scores by column', run: gapTerms },
  { gates: ['21'], title: 'events per second of the fairness monitor', run: throughput },
  { gates: ['24', '23'], title: 'damaged model files; the same records again', run: robustness },
  { gates: ['23'], title: 'SIGKILLs of the service', run: () => kills(most(100)) },
];

const started = performance.now();
const since = (from: number): string => `${((performance.now() - from) / 1000).toFixed(0)} s`;
const due = parts.filter(({ gates }) => wanted.length === 0 || gates.some((each) => wanted.includes(each)));
process.stdout.write(`${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.version}\n`);
try {
  if (due.some(({ onModels }) => onModels)) trainModels(folder);
  for (const [at, { gates, title, onModels, run }] of due.entries()) {
    process.stdout.write(`# ${at + 1} of ${due.length}, after ${since(started)}: ${title}\n`);
    const from = performance.now();
    if (onModels && !isTrained(folder))
      for (const each of gates) gate(each, title, 'no peer, so no model', 'not compared');
    else await run();
    process.stdout.write(`# gate ${gates.join(', ')} took ${since(from)}\n`);
  }
  if (wanted.length === 0) notCompared();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function notCompared(): void {
  const servers = 'no real server here; KServe, MLServer and MLflow are in model-servers.servers.test.ts';
  gate('13', 'share of wall time in the model server', servers, 'not compared');
  gate('22', 'privacy of the topic', 'follows later; protected attributions are withheld from it', 'not compared');
}
