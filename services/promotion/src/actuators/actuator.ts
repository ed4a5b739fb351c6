/**
 * What drives traffic outside Weir, behind one port. An actuation is carried out after the commit of its decision, at least once: again by the
 * next owner if this one dies before the answer. So it is idempotent by decision id, refuses an (owner, epoch) below what is there, and is
 * read back.
 */
import { type EffectHandler, EffectRefused } from '@weir/service-kit/effects/effect';
import type { Actuation } from '../actuation.ts';
import { TRIES } from '../reconcile.ts';

/** What an actuator has in force, as far as Weir put it there. */
export interface InForce {
  readonly owner: number;
  readonly epoch: number;
  readonly decisionId: string;
}

export interface Actuator {
  /** Undefined when Weir has put nothing there yet. */
  read(actuation: Actuation, signal: AbortSignal): Promise<InForce | undefined>;
  apply(actuation: Actuation, signal: AbortSignal): Promise<void>;
}

export function actuatorHandler(actuator: Actuator, destinations: readonly string[]): EffectHandler {
  return {
    // One at a time: an older actuation must not overtake a newer one.
    concurrency: 1,
    tries: TRIES,
    run: async ({ payload }, { signal }) => {
      const actuation = JSON.parse(Buffer.from(payload).toString()) as Actuation;
      checkDestination(actuation.target, destinations);
      const before = await actuator.read(actuation, signal);
      if (before !== undefined && isBelow(actuation, before))
        throw new EffectRefused(
          `owner ${actuation.owner}, epoch ${actuation.epoch} is below owner ${before.owner}, epoch ${before.epoch}, which is in force`,
        );
      if (before?.decisionId !== actuation.decisionId) await actuator.apply(actuation, signal);
      const after = await actuator.read(actuation, signal);
      if (after?.decisionId !== actuation.decisionId)
        throw new Error(`decision ${actuation.decisionId} was applied and ${after?.decisionId ?? 'none'} is read back`);
      return Buffer.from(JSON.stringify(after));
    },
  };
}

/** @throws {EffectRefused} unless the target is a URL below one of the destinations */
export function checkDestination(target: string, destinations: readonly string[]): void {
  const url = URL.parse(target);
  const isAllowed = destinations.some((each) => {
    const allowed = URL.parse(each);
    return allowed !== null && url?.origin === allowed.origin && url.pathname.startsWith(allowed.pathname);
  });
  if (isAllowed && url?.username === '' && url.password === '') return;
  throw new EffectRefused(
    `target ${JSON.stringify(target)} is not below a URL of WEIR_PROMOTION_DESTINATIONS; add it there`,
  );
}

function isBelow(a: InForce, b: InForce): boolean {
  return a.owner < b.owner || (a.owner === b.owner && a.epoch < b.epoch);
}
