/**
 * `node e2e/promotion-kills.ts [KILLS]`: SIGKILLs of the promotion service on a Kafka of its own, half of them between a decision and its
 * effect or between the effect and its answer. Prints what was found as JSON; exit code 1 when anything differs from an undisturbed run.
 */
import { isDeepStrictEqual } from 'node:util';
import { calmPromotions, decisionsOf, entriesOf, killPromotions, Receiver } from './promotion-run.ts';
import { Stage } from './stage.ts';

const DEFAULT_KILLS = 100;
const kills = Number(process.argv[2] ?? DEFAULT_KILLS);
if (!Number.isInteger(kills) || kills < 1)
  throw new Error(`KILLS is ${process.argv[2]}; it must be a whole number from 1`);
const stage = await Stage.start(1);
const receiver = await Receiver.start();
try {
  const judgement = await killPromotions(stage, 'kills.', kills, receiver);
  const found = decisionsOf(await entriesOf(stage, 'kills.'));
  const isSame = isDeepStrictEqual(found, await calmPromotions(stage, 'calm.', kills, receiver));
  process.stdout.write(`${JSON.stringify({ ...judgement, sameDecisions: isSame }, null, 2)}\n`);
  if (!isSame || judgement.faults.length > 0) process.exitCode = 1;
} finally {
  receiver.close();
  await stage.stop();
}
