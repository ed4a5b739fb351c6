/** What comes of an event: a change, or the reason why there is none. */
import type { ModelCatalogue } from './model-catalogue.ts';

/** Why an event cannot be used, ever. */
export interface Rejection {
  /** UPPER_SNAKE_CASE, listed in docs/errors.md. */
  readonly code: string;
  /** Names the field, the value, the rule and the cure. */
  readonly message: string;
}

export type WarningName =
  | 'digest-changed'
  | 'reference-too-small'
  | 'reference-type-changed'
  | 'type-changed'
  | 'unit-changed';

/** The event was used; somebody should look at it all the same. */
export interface Warning {
  readonly name: WarningName;
  readonly message: string;
}

export interface Accepted<Change extends string> {
  /** The catalogue after the event; the same object when nothing changed. */
  readonly catalogue: ModelCatalogue;
  readonly change: Change;
  readonly warnings: readonly Warning[];
}

export function isRejection(outcome: object): outcome is Rejection {
  return 'code' in outcome;
}

export function unknownModel(model: string): Rejection {
  return {
    code: 'UNKNOWN_MODEL',
    message: `model ${JSON.stringify(model)} is not registered; send its ModelVersionRegistered to the models topic first`,
  };
}

const NAMED = 10;

/** The first names of a list and how many there are beside them: messages stay short. */
export function listed(names: Iterable<string>): string {
  const all = [...names];
  const shown = all.slice(0, NAMED).join(', ');
  if (all.length === 0) return 'none';
  return all.length > NAMED ? `${shown} and ${all.length - NAMED} more` : shown;
}
