/**
 * Signed webhooks: a POST of the actuation as JSON. `weir-signature` is t=SECONDS,v1=HEX with HMAC-SHA256 over SECONDS.BODY; a receiver checks it,
 * refuses old times, and answers 409 to an (owner, epoch) below its own.
 */
import { createHmac } from 'node:crypto';
import { type EffectHandler, EffectRefused } from '@weir/service-kit/effects/effect';
import type { Actuation } from '../actuation.ts';
import { TRIES } from '../reconcile.ts';
import { type Actuator, checkDestination, type InForce } from './actuator.ts';
import { call } from './call.ts';

export interface WebhookOptions {
  readonly secret: string;
  readonly destinations: readonly string[];
  /** Wall clock, ms. */
  readonly now: () => number;
}

/** Webhooks cannot be read: what the receiver acknowledged is remembered, and the receiver has the last word. */
export function webhookActuator(options: WebhookOptions): Actuator {
  const acknowledged = new Map<string, InForce>();
  return {
    read: async ({ target, model }) => acknowledged.get(JSON.stringify([target, model])),
    apply: async (actuation, signal) => {
      await post(actuation.target, actuation.decisionId, JSON.stringify(actuation), options, signal);
      const { target, model, owner, epoch, decisionId } = actuation;
      acknowledged.set(JSON.stringify([target, model]), { owner, epoch, decisionId });
    },
  };
}

/** Asks for a new training run; the receiver knows a repeated request by its idempotency-key. */
export function retrainingHandler(options: WebhookOptions): EffectHandler {
  return {
    tries: TRIES,
    run: async ({ payload }, { signal }) => {
      const body = Buffer.from(payload).toString();
      const { target, decisionId } = JSON.parse(body) as Pick<Actuation, 'target' | 'decisionId'>;
      checkDestination(target, options.destinations);
      await post(target, `${decisionId}/retraining`, body, options, signal);
      return new Uint8Array(0);
    },
  };
}

export function signatureOf(secret: string, seconds: number, body: string): string {
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}

async function post(
  target: string,
  id: string,
  body: string,
  { secret, now }: WebhookOptions,
  signal: AbortSignal,
): Promise<void> {
  if (secret === '')
    throw new EffectRefused('WEIR_PROMOTION_WEBHOOK_SECRET is empty; webhooks are signed with it, set it');
  const headers = {
    'content-type': 'application/json',
    'idempotency-key': id,
    'weir-signature': signatureOf(secret, Math.floor(now() / 1_000), body),
  };
  await call({ method: 'POST', url: target, headers, body, signal });
}
