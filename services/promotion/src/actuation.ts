/** What is asked of actuators: the shares in force, by decision. The split API needs none, it reads the state. */
import type { Effect } from '@weir/service-kit/effects/effect';
import type { HeldAlert, ModelState, Split } from './state.ts';

/** Payload of an effect of an actuator, as JSON. */
export interface Actuation {
  readonly model: string;
  readonly target: string;
  readonly owner: number;
  readonly epoch: number;
  readonly decisionId: string;
  readonly champion: string;
  readonly weights: Readonly<Record<string, number>>;
}

/** A split that has not been carried out yet is replaced: what was asked before would be refused by its epoch anyway. */
export function askActuators(state: ModelState, { epoch, decisionId, weights }: Split, owner: number): void {
  for (const { kind, target } of state.policy?.policy.actuators ?? []) {
    if (kind === 'split-api' || kind === 'retraining') continue;
    const actuation: Actuation = {
      model: state.model,
      target,
      owner,
      epoch,
      decisionId,
      champion: state.champion ?? '',
      weights,
    };
    const effect: Effect = {
      id: `${decisionId}/${kind}/${target}`,
      kind,
      payload: Buffer.from(JSON.stringify(actuation)),
    };
    ask(state, `${kind}/${target}`, effect);
  }
}

/** What failed before is not tried again: this is asked instead. */
function ask(state: ModelState, place: string, effect: Effect): void {
  state.effects.set(place, effect);
  state.retries.delete(place);
}

/** Why a model should be trained again, and on the data of which event times (ms) it was found. */
export interface RetrainingCause {
  readonly version: string | null;
  readonly decisionId: string;
  readonly reasons: readonly string[];
  readonly alerts: readonly HeldAlert[];
  readonly data: { readonly fromMs: number; readonly toMs: number };
}

/** A request to train again: after a rollback or a retirement, or on an alert that the policy names. */
export function askRetraining(state: ModelState, cause: RetrainingCause): void {
  for (const { kind, target } of state.policy?.policy.actuators ?? []) {
    if (kind !== 'retraining') continue;
    const payload = Buffer.from(JSON.stringify({ model: state.model, target, ...cause }));
    ask(state, `${kind}/${target}`, { id: `${cause.decisionId}/${kind}/${target}`, kind, payload });
  }
}
