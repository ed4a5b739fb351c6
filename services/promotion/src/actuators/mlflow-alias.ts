/**
 * The alias of a registered model of MLflow (REST API 2.0) follows the champion. The target is the URL of the tracking server with the
 * registered model and the alias: https://mlflow.example/?model=fraud&alias=champion. Names of versions must be those of MLflow, its numbers.
 * A tag of the registered model holds what Weir put there.
 */
import { EffectRefused } from '@weir/service-kit/effects/effect';
import type { Actuation } from '../actuation.ts';
import type { Actuator, InForce } from './actuator.ts';
import { call } from './call.ts';

const API = 'api/2.0/mlflow/registered-models';

interface RegisteredModel {
  readonly tags?: readonly { readonly key: string; readonly value: string }[];
  readonly aliases?: readonly { readonly alias: string; readonly version: string }[];
}

export function mlflowAlias(): Actuator {
  return {
    read: async (actuation, signal) => {
      const { base, name, alias } = placeOf(actuation);
      const url = new URL(`${API}/get`, base);
      url.searchParams.set('name', name);
      const { text } = await call({ method: 'GET', url, signal });
      const found = parsed<{ readonly registered_model?: RegisteredModel }>(text)?.registered_model;
      if (found === undefined)
        throw new Error(`MLflow answered ${JSON.stringify(text.slice(0, 100))}, no registered model`);
      const tag = found.tags?.find(({ key }) => key === tagOf(alias))?.value;
      if (tag === undefined) return undefined;
      const inForce = parsed<InForce & { readonly champion: string }>(tag);
      if (inForce === null) throw new EffectRefused(`the tag ${tagOf(alias)} of ${name} is ${tag}; remove it`);
      const version = found.aliases?.find((each) => each.alias === alias)?.version;
      // Somebody else has moved the alias: what the tag says is no longer in force.
      return version === inForce.champion ? inForce : { ...inForce, decisionId: '' };
    },
    apply: async (actuation, signal) => {
      const { owner, epoch, decisionId, champion } = actuation;
      const { base, name, alias } = placeOf(actuation);
      const post = (path: string, body: object): Promise<unknown> =>
        call({
          method: 'POST',
          url: new URL(path, base),
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
          signal,
        });
      // The tag last: a death between the two is repaired by the next try.
      await post(`${API}/alias`, { name, alias, version: champion });
      await post(`${API}/set-tag`, {
        name,
        key: tagOf(alias),
        value: JSON.stringify({ owner, epoch, decisionId, champion }),
      });
    },
  };
}

/** Null for what is no JSON object. */
function parsed<Content extends object>(text: string): Content | null {
  try {
    const content: unknown = JSON.parse(text);
    return typeof content === 'object' ? (content as Content | null) : null;
  } catch {
    return null;
  }
}

function tagOf(alias: string): string {
  return `weir.${alias}`;
}

function placeOf({ target }: Actuation): { readonly base: URL; readonly name: string; readonly alias: string } {
  const base = new URL(target);
  const name = base.searchParams.get('model');
  const alias = base.searchParams.get('alias');
  if (name === null || alias === null)
    throw new EffectRefused(`target ${JSON.stringify(target)} must have ?model=NAME&alias=ALIAS`);
  base.search = '';
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return { base, name, alias };
}
