/** The beginning of a test: which version is next, and what it may spend. */
import { createHash } from 'node:crypto';
import { alphaOfTest } from '@weir/bandit/alpha-spending';
import { DEFAULT_PACE, nextLook } from '@weir/bandit/weights';
import { type Run, record } from './decision-log.ts';
import { scaled } from './figures.ts';
import { resolveTold } from './promotion-alerts.ts';
import { createTest } from './running-test.ts';
import { armsOf, sharesOf } from './shares.ts';
import { epochOf, type ModelState, type Version } from './state.ts';

/** The next version that has not had its test. */
function waitingVersion({ versions }: ModelState): Version | undefined {
  return versions.find(({ stage }) => stage === 'registered' || stage === 'shadow');
}

/** Whether a test could open, now or after the cooldown. */
export function mayOpen(state: ModelState): boolean {
  const { policy, champion, test, halt } = state;
  return (
    policy !== null && champion !== null && test === null && halt === 'none' && waitingVersion(state) !== undefined
  );
}

/** Opens the test of the next version, when nothing is in its way. */
export function openTest(run: Run, opensWith: 'next-prediction' | 'now'): void {
  const { state, timeMs } = run;
  const { policy: inForce, champion } = state;
  if (inForce === null || champion === null) return;
  if (!mayOpen(state) || timeMs < state.coolsUntilMs) {
    for (const version of state.versions) if (version.stage === 'registered') version.stage = 'shadow';
    return;
  }
  const { policy, hash } = inForce;
  const challenger = waitingVersion(state) as Version;
  for (const version of state.versions) if (version.stage === 'registered') version.stage = 'shadow';
  challenger.stage = 'canary';
  state.tests += 1;
  const salt = createHash('sha256').update(`${state.model}\n${state.tests}\n${hash}`).digest('hex').slice(0, 32);
  const { lifetime, perTest } = policy.alpha;
  const alpha = alphaOfTest(state.tests, lifetime, perTest);
  state.test = createTest(
    {
      number: state.tests,
      id: `test-${state.tests}`,
      salt,
      champion,
      challenger: challenger.name,
      alpha,
      firstEpoch: epochOf(state) + 1,
      openedMs: opensWith === 'now' ? timeMs : null,
      scoredMs: timeMs,
      phase: 'canary',
      approvals: [],
      eligible: null,
      eligibleFrom: 0,
      nextLook: nextLook(0, DEFAULT_PACE),
      scored: 0,
      missing: 0,
      misassigned: 0,
      repeated: 0,
      unrouted: 0,
      isHeld: false,
      holdbackEndsMs: 0,
    },
    policy,
  );
  const weights = sharesOf(policy, state.test);
  const decisionId = record(run, {
    kind: 'test-opened',
    from: champion,
    to: challenger.name,
    weights: armsOf(state.test, weights),
    salt,
    evidence: { alpha: scaled(alpha), test: state.tests },
    reasons: [`test ${state.tests} of the model may spend ${alpha.toPrecision(4)} of the lifetime level ${lifetime}`],
  });
  resolveTold(run, decisionId);
}
