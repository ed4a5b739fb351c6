/** G2: the evidence of an entry follows from the raw events and the policy, by the formula of the paper and no code of the service. */
import { createHash } from 'node:crypto';
import { decode } from '@weir/events/codec';
import type { OutcomeObserved, PredictionLogged } from '@weir/events/generated/events';
import type { Entry } from '@weir/ledger/entry';
import { expect, test } from 'vitest';
import { NOW_MS, policySet, Stage, traffic, version } from './scene.ts';

const START_MS = NOW_MS - 1e6;
const WINDOW_MS = 3_000;
/** Share of a policy that declares its split. */
const PROPENSITY = 0.5;

interface Scored {
  readonly isChallenger: boolean;
  readonly reward: number;
}

/** Each prediction once, with the outcome that came within the window; in the order of event time, then of the id's hash. */
function scored(records: readonly { readonly topic: string; readonly value: Uint8Array | null }[]): readonly Scored[] {
  const events = records.map(({ topic, value }) => ({ topic, event: decode(value as Uint8Array).event }));
  const outcomes = events.filter(({ topic }) => topic === 'outcomes').map(({ event }) => event as OutcomeObserved);
  const of = new Map(outcomes.map((outcome) => [outcome.predictionId, outcome]));
  const order = ({ id, eventTimeMs }: PredictionLogged): string =>
    `${eventTimeMs} ${createHash('sha256').update(id).digest('hex')}`;
  return events
    .filter(({ topic }) => topic === 'predictions')
    .map(({ event }) => event as PredictionLogged)
    .sort((a, b) => (order(a) < order(b) ? -1 : 1))
    .map((prediction) => {
      const outcome = of.get(prediction.id);
      const isJoined = outcome !== undefined && outcome.eventTimeMs <= prediction.eventTimeMs + WINDOW_MS;
      return { isChallenger: prediction.version === 'b', reward: isJoined ? (outcome.label as number) : 0 };
    });
}

/** Largest value so far of the mean over sizes of Π q(x|a) / Σ_b π_b q(x|b): 2106.02693 with logged propensities. */
function largestEValue(outcomes: readonly Scored[], sizes: readonly number[], isHarm: boolean): number {
  const logs = sizes.map(() => 0);
  let [rewards, seen, largest] = [0, 0, 1];
  for (const { isChallenger, reward } of outcomes) {
    const success = (rewards + 0.5) / (seen + 1);
    const [x, m] = isHarm ? [1 - reward, 1 - success] : [reward, success];
    const variance = m * (1 - m);
    // A bet keeps at least a quarter of its wealth at the worst outcome.
    const worst = Math.max((1 - PROPENSITY) * m, PROPENSITY * (1 - m));
    for (const [at, size] of sizes.entries()) {
      const effect = Math.min(size * Math.sqrt(variance), (0.75 * variance) / worst);
      const rate = isChallenger ? m + effect * (1 - PROPENSITY) : m - effect * PROPENSITY;
      logs[at] = (logs[at] as number) + Math.log(x === 1 ? rate / m : (1 - rate) / (1 - m));
    }
    largest = Math.max(largest, logs.reduce((sum, log) => sum + Math.exp(log), 0) / sizes.length);
    rewards += reward;
    seen += 1;
  }
  return largest;
}

const PROMOTE = [0.025, 0.035, 0.05, 0.08, 0.1, 0.16];
const HARM = [0.03, 0.05, 0.08, 0.12, 0.18, 0.26];

test.each([
  ['a promotion', 'promoted', { championFails: 2, challengerFails: 10 }],
  ['a rollback', 'rolled-back', { championFails: 10, challengerFails: 2 }],
])('the e-values of %s are those of the raw events, to 1e-12', (_, action, fails) => {
  const records = [...traffic('m', 400, START_MS, fails)];
  const stage = new Stage();
  stage.feed(version('m', 'a'), version('m', 'b'), policySet('m'), ...records);
  const entry = stage.entries.find(({ decision }) => decision.action === action);
  const { evidence, cursor } = (entry as Entry).decision;
  const outcomes = scored(records).slice(0, cursor.n);
  const better = largestEValue(outcomes, PROMOTE, false);
  const worse = largestEValue(outcomes, HARM, true);
  expect(Math.max(better, worse)).toBeGreaterThan(90);
  expect(Math.abs(Number(evidence?.['eValueBetter']) / better - 1)).toBeLessThan(1e-12);
  expect(Math.abs(Number(evidence?.['eValueWorse']) / worse - 1)).toBeLessThan(1e-12);
  // One event that was changed is another e-value.
  const changed = outcomes.map((each, at) => (at === 50 ? { ...each, reward: 1 - each.reward } : each));
  const other = [largestEValue(changed, PROMOTE, false) / better, largestEValue(changed, HARM, true) / worse];
  expect(Math.max(...other.map((ratio) => Math.abs(ratio - 1)))).toBeGreaterThan(1e-6);
});
