/** Rules between the fields of a promotion policy. */
import type { PolicyProblem } from './policy-reader.ts';
import type { PromotionPolicy } from './promotion-policy.ts';
import { WHOLE } from './weights.ts';

interface PolicyRule {
  readonly field: string;
  readonly value: (policy: PromotionPolicy) => unknown;
  readonly broken: (policy: PromotionPolicy) => boolean;
  readonly rule: string;
  readonly cure: string;
}

const RULES: readonly PolicyRule[] = [
  {
    field: 'alpha.perTest',
    value: ({ alpha }) => alpha.perTest,
    broken: ({ alpha }) => alpha.perTest > alpha.lifetime,
    rule: 'must not be above alpha.lifetime',
    cure: 'lower it: one test cannot spend more than all',
  },
  {
    field: 'allocation.cap',
    value: ({ allocation }) => allocation.bounds.cap / WHOLE,
    broken: ({ allocation }) => allocation.bounds.cap < allocation.bounds.floor,
    rule: 'must not be below allocation.floor',
    cure: 'raise it',
  },
  {
    field: 'allocation.share',
    value: ({ allocation }) => allocation.share,
    broken: ({ allocation: { policy, share, bounds } }) =>
      policy === 'fixed' && (share * WHOLE < bounds.floor || share * WHOLE > bounds.cap),
    rule: 'must be from allocation.floor to allocation.cap',
    cure: 'change it or the bounds',
  },
  {
    field: 'duration.max',
    value: ({ duration }) => duration.maxMs,
    broken: ({ duration }) => duration.maxMs <= duration.minMs,
    rule: 'must be longer than duration.min',
    cure: 'raise it: no outcome could decide the test',
  },
  {
    field: 'reward.window',
    value: ({ reward }) => reward.windowMs,
    broken: ({ reward, duration }) => reward.windowMs <= 0 || reward.windowMs >= duration.maxMs,
    rule: 'must be above 0 and shorter than duration.max',
    cure: 'shorten it: no prediction would mature within the test',
  },
  {
    field: 'reward.missing',
    value: ({ reward }) => reward.missing,
    broken: ({ reward, guardrails }) =>
      reward.missing === 'exclude' && !guardrails.some(({ kind }) => kind === 'join-rate'),
    rule: 'may be exclude only beside a join-rate guardrail',
    cure: 'add {"kind": "join-rate"}: loss that depends on the arm would pass for an effect',
  },
  {
    field: 'guardrails',
    value: ({ guardrails }) => guardrails,
    broken: ({ guardrails }) =>
      new Set(guardrails.map(({ kind, metric }) => `${kind} ${metric}`)).size < guardrails.length,
    rule: 'must not name a kind and metric twice',
    cure: 'drop one: each takes its part of alpha.guard',
  },
  {
    field: 'guardrails',
    value: ({ guardrails }) => guardrails,
    broken: ({ guardrails }) => !guardrails.some(({ kind }) => kind === 'harm'),
    rule: 'must include harm',
    cure: 'add {"kind": "harm"}: a worse challenger would keep its traffic',
  },
  {
    field: 'alerts',
    value: ({ alerts }) => alerts.find(({ action }) => action === 'retrain'),
    broken: ({ alerts, actuators }) =>
      alerts.some(({ action }) => action === 'retrain') && !actuators.some(({ kind }) => kind === 'retraining'),
    rule: 'may have the action retrain only beside a retraining actuator',
    cure: 'add {"kind": "retraining", "target": "https://…"}: nobody would be asked',
  },
  {
    field: 'approval.roles',
    value: ({ approval }) => approval.roles,
    broken: ({ approval }) => approval.required > 0 && (approval.roles.length === 0 || approval.ttlMs <= 0),
    rule: 'must name who may approve, for a time above 0, while approvals are required',
    cure: 'name roles, or require 0 approvals',
  },
];

export function ruleProblems(policy: PromotionPolicy): PolicyProblem[] {
  return RULES.filter(({ broken }) => broken(policy)).map(({ field, value, rule, cure }) => ({
    field,
    value: JSON.stringify(value(policy)),
    rule,
    cure,
  }));
}

/** Level of each guardrail: `alpha.guard` over all of them, each declared segment being one. */
export function guardAlphaOf({ alpha, guardrails, segments }: PromotionPolicy): number {
  return alpha.guard / (guardrails.length + segments.length);
}
