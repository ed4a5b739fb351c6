/**
 * The gates of packages/explain, beside shap, LightGBM, XGBoost, lime and fairlearn of the same run: `npm run bench -- explain [STREAMS]`. WEIR_PYTHON names a
 * Python with packages/explain/test/golden/requirements.txt, lime and fairlearn; WEIR_ADULT names UCI's adult.data.gz, without which rows of its shape
 * are generated. Times are CPU seconds of one thread.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { accuracy } from './explain/accuracy.ts';
import { delayedLabels, falseAccusations, gapTerms, throughput } from './explain/fairness.ts';
import { kernelCoverage, kernelError } from './explain/kernel.ts';
import { attributionDrift, notCompared, onTrained } from './explain/reported.ts';
import { robustness } from './explain/robustness.ts';
import { sampler } from './explain/sampler.ts';
import { treeSpeed } from './explain/tree-speed.ts';

const streams = Number(process.argv[3] ?? 1000);
process.stdout.write(`${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.version}\n`);
const folder = mkdtempSync(join(tmpdir(), 'weir-explain-'));
try {
  accuracy();
  treeSpeed(folder);
  onTrained(folder);
  kernelError(folder, Math.min(200, streams));
  kernelCoverage();
  sampler();
  falseAccusations(streams);
  delayedLabels(folder);
  gapTerms();
  throughput();
  attributionDrift(Math.min(20, streams));
  robustness();
  notCompared();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
