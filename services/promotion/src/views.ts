/** What readers see of a model: all of it is written after the commit it speaks of. */

import { eValueOf } from '@weir/bandit/e-process';
import type { PromotionPolicy } from '@weir/bandit/promotion-policy';
import { decide } from '@weir/bandit/promotion-rule';
import { oracleSamples } from '@weir/bandit/samples-needed';
import { WHOLE } from '@weir/bandit/weights';
import type { View } from '@weir/service-kit/processor';
import { blockingAlerts } from './alerts.ts';
import { splitPlaceOf } from './decision-log.ts';
import { barsOf, elapsedMs, evidenceOf, type RunningTest } from './running-test.ts';
import { type ModelState, splitOf } from './state.ts';

/** The e-process takes this many times what a test that knows both rates takes (bench/promotion). */
const OVER_ORACLE = 1.2;

export function viewKey(kind: 'split' | 'evidence' | 'decisions', model: string): string {
  return `${kind}/${encodeURIComponent(model)}`;
}

export function viewsOf(state: ModelState): readonly View[] {
  const { model, policy, commands } = state;
  return [
    { key: `model/${model}`, json: JSON.stringify(summaryOf(state)) },
    { key: `policy/${encodeURIComponent(model)}`, json: policy?.text ?? null },
    { key: viewKey('split', model), json: splitView(state) },
    { key: viewKey('evidence', model), json: JSON.stringify(evidenceView(state)) },
    { key: viewKey('decisions', model), json: JSON.stringify({ model, items: state.shown.toReversed() }) },
    ...commands.map((command) => ({
      key: `command/${encodeURIComponent(model)}/${encodeURIComponent(command.id)}`,
      json: JSON.stringify(command),
    })),
  ];
}

function summaryOf(state: ModelState): object {
  const { policy, champion, halt, test, versions, tests } = state;
  return {
    judged: policy !== null,
    ...(policy === null ? { why: 'no promotion policy is set; PUT one to /v1/models/MODEL/policy' } : {}),
    champion,
    halt,
    versions: versions.map(({ name, stage, digest }) => ({ version: name, stage, digest })),
    weights: splitOf(state)?.weights ?? null,
    policyHash: policy?.hash ?? null,
    tests,
    actuators: Object.fromEntries(state.actuated),
    test:
      test === null ? null : { id: test.id, champion: test.champion, challenger: test.challenger, phase: test.phase },
  };
}

/** What a split document is made of; a route adds the lease. Null before the first decision about traffic. */
function splitView(state: ModelState): string | null {
  const split = splitOf(state);
  return split === undefined ? null : JSON.stringify({ place: splitPlaceOf(state, split), split });
}

function evidenceView(state: ModelState): object {
  const { model, policy, test, champion, halt, joiner, alerts } = state;
  const joining = { open: joiner.open, heldOutcomes: joiner.held, ...joiner.counts };
  const weights = splitOf(state)?.weights ?? null;
  const base = { model, champion, weights, halt, joining, openAlerts: [...alerts.values()] };
  if (policy === null || test === null) {
    const said = policy === null ? 'no promotion policy is set' : 'no test is running';
    return {
      ...base,
      verdict: 'hold',
      judged: policy !== null,
      test: null,
      reasons: [{ rule: 'test', holds: false, said }],
    };
  }
  const bars = barsOf(policy.policy, test);
  const evidence = evidenceOf(test, policy.policy, halt);
  const { verdict, reasons } = decide(evidence, bars);
  const held = blockingAlerts(state, policy.policy, test, 'hold');
  return {
    ...base,
    judged: true,
    verdict: verdict === 'promote' && (held.length > 0 || test.phase === 'awaiting-approval') ? 'hold' : verdict,
    test: {
      id: test.id,
      phase: test.phase,
      champion: test.champion,
      challenger: test.challenger,
      openedMs: test.openedMs,
      elapsedMs: elapsedMs(test),
      alpha: test.alpha,
      eligible: test.eligible,
      approvals: test.approvals,
    },
    eValue: {
      better: eValueOf(test.comparison.promote),
      peak: evidence.peak,
      worse: test.comparison.harm.peak,
      needed: 1 / test.alpha,
    },
    effect: evidence.effect,
    samples: {
      champion: test.estimate.championOutcomes,
      challenger: test.estimate.challengerOutcomes,
      scored: test.scored,
      missing: test.missing,
      unrouted: test.unrouted,
      misassigned: test.misassigned,
      repeated: test.repeated,
    },
    means: { champion: meanOf(test, false), challenger: meanOf(test, true) },
    guardrails: evidence.guardrails,
    expected: expectedOf(test, policy.policy, splitOf(state)?.weights[test.challenger] ?? 0),
    heldBy: held,
    reasons,
  };
}

function meanOf({ estimate }: RunningTest, challenger: boolean): number | null {
  const outcomes = challenger ? estimate.challengerOutcomes : estimate.championOutcomes;
  const rewards = challenger ? estimate.challengerRewards : estimate.championRewards;
  return outcomes === 0 ? null : rewards / outcomes;
}

/** Outcomes, and event time at the pace so far, until the promotion if the effect is what it looks like now; null while it does not look better. */
function expectedOf(test: RunningTest, { duration }: PromotionPolicy, weight: number): object | null {
  const champion = meanOf(test, false);
  const challenger = meanOf(test, true);
  const share = weight / WHOLE;
  if (champion === null || challenger === null || challenger <= champion || !(share > 0 && share < 1)) return null;
  if (champion <= 0 || challenger >= 1) return null;
  const outcomes = Math.ceil(OVER_ORACLE * oracleSamples(champion, challenger, share, test.alpha));
  const left = Math.max(0, outcomes - test.scored);
  const paceMs = test.scored === 0 ? 0 : elapsedMs(test) / test.scored;
  return { outcomes, left, leftMs: Math.round(Math.max(left * paceMs, duration.minMs - elapsedMs(test), 0)) };
}
