/** What is asked of actuators: the shares in force, by decision. The split API needs none, it reads the state. */
import type { Effect } from '@weir/service-kit/effects/effect';
import type { ModelState, Split } from './state.ts';

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
    state.effects.set(`${kind}/${target}`, effect);
  }
}

/** A request to train again, after a rollback or a retirement. */
export function askRetraining(
  state: ModelState,
  version: string,
  decisionId: string,
  reasons: readonly string[],
): void {
  for (const { kind, target } of state.policy?.policy.actuators ?? []) {
    if (kind !== 'retraining') continue;
    const payload = Buffer.from(JSON.stringify({ model: state.model, target, version, decisionId, reasons }));
    state.effects.set(`${kind}/${target}`, { id: `${decisionId}/${kind}/${target}`, kind, payload });
  }
}
