/**
 * `node e2e/fault-hour.ts [--minutes 60] [--rate 400]`: a drift detector of two members on a Kafka of one node, with the faults of an hour in
 * proportion to the time: 100 kills of members, 20 pauses beyond the session, 30 kills of the broker of which half at EndTxn. Then every
 * committed alert and dead letter is compared with those of an undisturbed run over the same input, read by confluent-kafka for Python.
 * Progress goes to stderr, the result as JSON to stdout. Ends with 1 when anything was lost, doubled or strange, or a member ended by itself.
 */
import { parseArgs } from 'node:util';
import type { FaultPlan } from './fault-run.ts';
import { faultTrial, isWhole } from './fault-trial.ts';
import { withoutForeignReader } from './foreign-reader.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '60' }, rate: { type: 'string', default: '400' } },
});
const minutes = Number(values.minutes);

/** 100 kills of members: 51, two in each of 17 restores, 15 after the broker was killed at EndTxn. */
const HOUR: FaultPlan = { kills: 51, restoreKills: 17, pauses: 20, outages: 15, aimed: 15 };
const part = (count: number): number => Math.max(1, Math.round((count * minutes) / 60));

const lacking = withoutForeignReader();
if (lacking !== undefined) throw new Error(lacking);
// Members and broker end with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
const started = performance.now();
const trial = await faultTrial({
  plan: {
    kills: part(HOUR.kills),
    restoreKills: part(HOUR.restoreKills),
    pauses: part(HOUR.pauses),
    outages: part(HOUR.outages),
    aimed: part(HOUR.aimed),
  },
  minutes,
  rate: Number(values.rate),
  say: (line) => void process.stderr.write(`${((performance.now() - started) / 60_000).toFixed(1)} min: ${line}\n`),
});
process.stdout.write(`${JSON.stringify(trial, null, 2)}\n`);
process.exit(isWhole(trial) ? 0 : 1);
