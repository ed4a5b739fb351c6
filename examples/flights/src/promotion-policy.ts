/**
 * The promotion policy of the demonstration: `schedule` serves, `recent-delay` challenges it. A flight's reward is 1 − (p − y)², the Brier score
 * turned round, for the predicted probability p and whether it came in late, y. 99.999 % of outcomes are there within a day.
 */
import { createHash } from 'node:crypto';
import { encode } from '@weir/events/codec';

/** Rows alternate between the versions: a fixed split of one half, which the policy declares because Weir did not route the flights. */
export const PROMOTION_POLICY = {
  kind: 'PromotionPolicy',
  model: 'flight-delay',
  reward: { metric: 'brier', window: '1d', missing: 'exclude', unit: 'flight' },
  alpha: { lifetime: '5%', perTest: '1%', guard: '5%' },
  effect: { min: '0.1%' },
  allocation: { policy: 'fixed', share: 0.5 },
  duration: { min: '7d', max: '120d' },
  exposure: 10_000,
  guardrails: [{ kind: 'harm' }, { kind: 'join-rate' }, { kind: 'error-rate' }, { kind: 'sample-ratio' }],
  alerts: [
    { kind: 'drift', severity: 'critical', action: 'hold' },
    { kind: 'quality', severity: 'critical', action: 'hold' },
  ],
  // One person at a keyboard cannot be two.
  approval: { required: 0 },
  holdback: { share: 0 },
  actuators: [{ kind: 'split-api' }],
} as const;

/** The policy as the event that sets it, for the models topic. */
export function promotionPolicySet(eventTimeMs: number): {
  readonly topic: 'models';
  readonly key: string;
  readonly value: Buffer;
  readonly eventTimeMs: number;
} {
  const policy = JSON.stringify(PROMOTION_POLICY);
  const hash = createHash('sha256').update(policy).digest('hex');
  const { model } = PROMOTION_POLICY;
  const value = encode('PolicySet', {
    model,
    policy,
    hash,
    principal: { id: 'demonstration', roles: ['write'] },
    eventTimeMs,
    id: `${model}/policy/${hash}`,
  });
  return { topic: 'models', key: model, value, eventTimeMs };
}
