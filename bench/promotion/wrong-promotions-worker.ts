/** A thread of P1: counts the promotions of each chunk of runs that it is sent. */
import { parentPort } from 'node:worker_threads';
import { ruleNamed } from './rules.ts';
import { NULL_WORLDS } from './worlds.ts';
import { type Chunk, countPromotions } from './wrong-promotions.ts';

parentPort?.on('message', ({ world, rule, alpha, ...runs }: Chunk) => {
  const found = NULL_WORLDS.find(({ name }) => name === world);
  if (found === undefined) throw new Error(`world is "${world}"; it must be one of NULL_WORLDS`);
  parentPort?.postMessage(countPromotions(found, ruleNamed(rule), alpha, runs));
});
