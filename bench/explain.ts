/**
 * The gates of packages/explain and the explanation sampler, beside shap, LightGBM, XGBoost, WOODELF, lime and fairlearn of the same run:
 * `npm run bench -- explain [STREAMS [GATE…]]`, e.g. `explain 1000` for all or `explain 1000 17 18`. WEIR_PYTHON names a Python with
 * bench/explain/requirements.txt; WEIR_ADULT names UCI's adult.data.gz, without which rows of its shape are generated. Times are CPU seconds of one thread.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { accuracy } from './explain/accuracy.ts';
import { delays, falseAccusations } from './explain/accusations.ts';
import { inferenceClient } from './explain/client.ts';
import { delayedLabels, gapTerms, throughput } from './explain/fairness.ts';
import { kernelCoverage, kernelError } from './explain/kernel.ts';
import { kills } from './explain/kills.ts';
import { attributionDrift, notCompared, onTrained } from './explain/reported.ts';
import { robustness } from './explain/robustness.ts';
import { sampler } from './explain/sampler.ts';
import { trainModels, treeSpeed } from './explain/tree-speed.ts';

const [given = '1000', ...wanted] = process.argv.slice(3);
const streams = Number(given);
process.stdout.write(`${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.version}\n`);
const folder = mkdtempSync(join(tmpdir(), 'weir-explain-'));
const parts: readonly { readonly gates: string; readonly run: () => void | Promise<void> }[] = [
  { gates: '1 2 3 4', run: accuracy },
  { gates: '5 6', run: () => treeSpeed(folder) },
  { gates: '2 7 8 9 11 14', run: () => onTrained(folder, streams) },
  { gates: '10', run: () => kernelError(folder, Math.min(200, streams)) },
  { gates: '12', run: kernelCoverage },
  { gates: '13', run: inferenceClient },
  { gates: '15', run: sampler },
  { gates: '16', run: () => attributionDrift(Math.min(500, streams)) },
  { gates: '17', run: () => falseAccusations(streams) },
  { gates: '18', run: () => delays(Math.min(300, streams)) },
  { gates: '19', run: () => delayedLabels(folder) },
  { gates: '20', run: gapTerms },
  { gates: '21', run: throughput },
  { gates: '24 23', run: robustness },
  { gates: '23', run: () => kills(Math.min(100, streams)) },
];
try {
  const needsModels = ['2', '5', '6', '7', '8', '9', '10', '11', '14'];
  if (wanted.length === 0 || wanted.some((each) => needsModels.includes(each))) trainModels(folder);
  for (const { gates, run } of parts)
    if (wanted.length === 0 || gates.split(' ').some((each) => wanted.includes(each))) await run();
  notCompared();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
