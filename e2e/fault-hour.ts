/**
 * `node e2e/fault-hour.ts [--minutes 60] [--rate 400]`: a drift detector of two members on a Kafka of one node, with the faults of an hour in
 * proportion to the time: 100 kills of members, 20 pauses beyond the session, 30 kills of the broker of which half at EndTxn. Then every
 * committed alert and dead letter is compared with those of an undisturbed run over the same input, read by confluent-kafka for Python.
 * Progress goes to stderr, the result as JSON to stdout. Ends with 1 when anything was lost, doubled or strange, or a member ended by itself.
 */
import { cpSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type FaultPlan, FaultRun, Requests } from './fault-run.ts';
import { withoutForeignReader } from './foreign-reader.ts';
import { judge } from './judgement.ts';
import { Stage } from './stage.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '60' }, rate: { type: 'string', default: '400' } },
});
const minutes = Number(values.minutes);
const started = performance.now();
const say = (line: string): void =>
  void process.stderr.write(`${((performance.now() - started) / 60_000).toFixed(1)} min: ${line}\n`);

/** 100 kills of members: 51, two in each of 17 restores, 15 after the broker was killed at EndTxn. */
const HOUR: FaultPlan = { kills: 51, restoreKills: 17, pauses: 20, outages: 15, aimed: 15 };
const part = (count: number): number => Math.max(1, Math.round((count * minutes) / 60));

/** Partitions beside those of the service: the more a broker has, the longer after its restart some have no leader. */
const OTHER_PARTITIONS = 48;
const PREFIX = 'hour.';

const lacking = withoutForeignReader();
if (lacking !== undefined) throw new Error(lacking);
const requests = new Requests();
const stage = await Stage.behindProxy((apiKey) => requests.passed(apiKey));
const admin = await stage.log.admin();
await admin.createTopics([{ topic: 'other', partitions: OTHER_PARTITIONS, cleanup: 'delete' }]);
await admin.close();
await stage.introduce(PREFIX);
say(`brokers ${stage.cluster.brokers.join(',')}, data in ${stage.cluster.folder}`);

const run = new FaultRun(stage, requests, PREFIX);
const plan: FaultPlan = {
  kills: part(HOUR.kills),
  restoreKills: part(HOUR.restoreKills),
  pauses: part(HOUR.pauses),
  outages: part(HOUR.outages),
  aimed: part(HOUR.aimed),
};
await run.run(plan, minutes, Number(values.rate), say);
say('no more faults and no more input');
let failure: string | undefined;
await run.finish(300_000).catch((error: unknown) => {
  failure = String(error);
});
const judgement = failure === undefined ? await judge(stage, PREFIX, 600_000) : undefined;
const brokerSaid = readFileSync(join(stage.cluster.folder, '1', 'broker.log'), 'utf8');
const skips = brokerSaid.match(/Couldn't find leader endpoint/g)?.length ?? 0;
const isWhole =
  judgement !== undefined &&
  judgement.lost + judgement.doubled + judgement.strange + judgement.reordered === 0 &&
  run.tally.endedByThemselves.length === 0;
process.stdout.write(
  `${JSON.stringify({ minutes, ...run.tally, markerSkipsLogged: skips, ...judgement, failure }, null, 2)}\n`,
);
if (!isWhole) {
  const kept = mkdtempSync(join(tmpdir(), 'weir-fault-hour-'));
  cpSync(stage.cluster.folder, join(kept, 'kafka'), { recursive: true });
  cpSync(stage.folder, join(kept, 'snapshots'), { recursive: true });
  say(`brokers and snapshots are kept in ${kept}`);
}
await stage.stop();
process.exit(isWhole ? 0 : 1);
