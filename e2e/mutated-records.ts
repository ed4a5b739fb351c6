/**
 * `node e2e/mutated-records.ts [--records 1000000] [--seed 1]`: damaged records through a drift detector and an anomaly detector that run. Each
 * that must be refused has to be in the dead letters once, byte for byte; none that is whole may be there; no service may stop; and resident
 * memory has to stay where it was. Progress goes to stderr, the result as JSON to stdout. Ends with 1 when anything of that does not hold.
 */
import { parseArgs } from 'node:util';
import { isFaultless, isFlat, runMutations } from './mutation-run.ts';

const { values } = parseArgs({
  options: { records: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
});
const started = performance.now();
const report = await runMutations(Number(values.records), Number(values.seed), (line) =>
  process.stderr.write(`${((performance.now() - started) / 1_000).toFixed(0)} s: ${line}\n`),
);
process.stdout.write(`${JSON.stringify({ ...report, isFlat: isFlat(report) }, null, 2)}\n`);
process.exit(isFaultless(report) && isFlat(report) ? 0 : 1);
