/** Versions and policies as they become known. */
import { createHash } from 'node:crypto';
import { lintPolicy } from '@weir/bandit/parse-policy';
import type { PolicyProblem } from '@weir/bandit/policy-reader';
import type { PromotionPolicy } from '@weir/bandit/promotion-policy';
import { WHOLE } from '@weir/bandit/weights';
import type { ModelVersionRegistered, PolicySet } from '@weir/events/generated/events';
import type { Rejection } from '@weir/service-kit/processor';
import { type Run, record } from './decision-log.ts';
import { openTest } from './openings.ts';
import { isMetric, METRICS } from './reward.ts';
import { MAX_VERSIONS, setStage, versionOf } from './state.ts';

/** What can be driven here. */
export const DRIVEN = ['split-api', 'webhook', 'mlflow-alias', 'retraining'] as const;
/** Names go into signed entries, as keys of canonical JSON. */
const NAME = /^[\x20-\x7e]{1,255}$/;

export function registerVersion(run: Run, { version, digest }: ModelVersionRegistered): Rejection | undefined {
  const { state } = run;
  if (!NAME.test(version) || state.model.length > 255 || /\p{Cc}/u.test(state.model))
    return {
      code: 'BAD_NAME',
      message: `model ${JSON.stringify(state.model)} or its version ${JSON.stringify(version)} cannot stand in a signed entry; versions are 1 to 255 printable ASCII characters, models 1 to 255 characters without control characters; register it under such a name`,
    };
  const known = versionOf(state, version);
  if (known !== undefined) {
    if (known.digest === digest) return undefined;
    known.digest = digest;
    record(run, { kind: 'version-registered', action: 'digest-changed', to: version });
    const { test } = state;
    if (test !== null && (test.champion === version || test.challenger === version))
      restartTest(run, `the digest of ${version} has changed: the evidence is about another artefact`);
    return undefined;
  }
  if (state.versions.length === MAX_VERSIONS)
    return {
      code: 'TOO_MANY_VERSIONS',
      message: `model ${state.model} has ${MAX_VERSIONS} versions; register the next under another model`,
    };
  const isFirst = state.champion === null;
  state.versions.push({ name: version, digest, stage: isFirst ? 'live' : 'registered' });
  if (isFirst) state.champion = version;
  record(run, {
    kind: 'version-registered',
    to: version,
    ...(isFirst && state.policy !== null ? { weights: new Map([[version, WHOLE]]) } : {}),
    reasons: isFirst ? ['the first version of a model serves'] : [],
  });
  openTest(run, 'next-prediction');
  return undefined;
}

export function setPolicy(run: Run, event: PolicySet): Rejection | undefined {
  const { state } = run;
  const { policy: text, hash, principal } = event;
  const own = createHash('sha256').update(text).digest('hex');
  if (own !== hash)
    return { code: 'HASH_MISMATCH', message: `hash is ${hash}; the policy gives ${own}; send the policy unchanged` };
  if (state.policy?.hash === hash) return undefined;
  const { policy, problems } = readPolicy(text, state.model);
  if (problems.length > 0) {
    const lines = problems.map(({ field, value, rule, cure }) => `${field} is ${value}; it ${rule}; ${cure}`);
    return { code: 'BAD_POLICY', message: lines.join('\n') };
  }
  if (state.test !== null) closeTest(run, 'the policy was changed: evidence gathered under another one is void');
  state.joiner.clear();
  state.policy = { text, hash, author: principal.id, policy };
  const { champion } = state;
  const isFirst = champion !== null && state.splits.length === 0;
  record(run, {
    kind: 'policy-set',
    actor: { principal: nameOf(principal.id), role: 'write' },
    ...(isFirst ? { to: champion, weights: new Map([[champion, WHOLE]]) } : {}),
  });
  openTest(run, 'next-prediction');
  return undefined;
}

/** The document, and all that is wrong with it: the rules of the package and those of what is built here. */
export function readPolicy(
  text: string,
  model: string,
): { readonly policy: PromotionPolicy; readonly problems: readonly PolicyProblem[] } {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    document = undefined;
  }
  const { policy, problems } = lintPolicy(document);
  const own: PolicyProblem[] = [];
  const found = (field: string, value: unknown, rule: string, cure: string): void => {
    own.push({ field, value: JSON.stringify(value) ?? 'missing', rule, cure });
  };
  if (policy.model !== model)
    found('model', policy.model, `must be ${JSON.stringify(model)}`, 'name the model it is set for');
  if (!isMetric(policy.reward.metric))
    found('reward.metric', policy.reward.metric, `must be one of ${METRICS.join(', ')}`, 'name what is rewarded');
  for (const [index, name] of policy.segments.entries())
    if (!/^[^=]+=/.test(name)) found(`segments[${index}]`, name, 'must be NAME=VALUE', 'write e.g. "region=eu"');
  for (const [index, { kind }] of policy.actuators.entries())
    if (!DRIVEN.some((driven) => driven === kind))
      found(`actuators[${index}].kind`, kind, `must be one of ${DRIVEN.join(', ')}`, 'leave it to a webhook');
  return { policy, problems: [...problems, ...own] };
}

/** Ends the test without a loser and opens the next, which spends its own part of the lifetime α. */
export function restartTest(run: Run, reason: string): void {
  closeTest(run, reason);
  openTest(run, 'next-prediction');
}

function closeTest(run: Run, reason: string): void {
  const { state } = run;
  const { test } = state;
  if (test === null) return;
  if (test.phase === 'holdback') {
    setStage(state, test.champion, 'retired');
    record(run, {
      kind: 'reset',
      action: 'holdback-ended',
      from: test.champion,
      to: test.challenger,
      weights: new Map([[test.challenger, WHOLE]]),
      reasons: [reason],
    });
  } else {
    setStage(state, test.challenger, 'shadow');
    record(run, { kind: 'reset', from: test.challenger, to: test.champion, reasons: [reason] });
  }
  state.test = null;
  state.joiner.clear();
}

/** A principal's id as an entry can hold it. */
export function nameOf(id: string): string {
  return (
    id
      .replaceAll(/\p{Cc}/gu, ' ')
      .slice(0, 255)
      .toWellFormed() || 'unknown'
  );
}
