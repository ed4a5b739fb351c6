/** Every model of a service, over all of its instances. */
import { ask, bearer, jsonOf, refused } from '../../control/rest.ts';

/** A model, and the instance that answers for it. */
export interface Place {
  readonly model: string;
  readonly base: string;
}

interface Page {
  readonly items: readonly { readonly model: string }[];
  readonly next: string | null;
  /** Addresses of other instances, or what is said of one that is not known yet. */
  readonly elsewhere?: readonly string[];
}

/** @returns `unknown`: instances whose address nothing tells now. @throws {UsageError} when one does not answer or refuses */
export async function modelsAt(
  base: string,
  token: string | undefined,
): Promise<{ readonly places: readonly Place[]; readonly unknown: readonly string[] }> {
  const places = new Map<string, Place>();
  const unknown = new Set<string>();
  const bases = new Set([base]);
  // Grows while it is read: an instance may name another.
  for (const each of bases) {
    let next: string | null = '';
    while (next !== null) {
      const { items, elsewhere = [], ...page }: Page = await pageOf(each, next, token);
      for (const { model } of items) if (!places.has(model)) places.set(model, { model, base: each });
      for (const other of elsewhere) (URL.canParse(other) ? bases : unknown).add(other);
      next = page.next;
    }
  }
  return { places: [...places.values()], unknown: [...unknown] };
}

async function pageOf(base: string, cursor: string, token: string | undefined): Promise<Page> {
  const url = `${base}/v1/models?limit=500${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
  const response = await ask(url, { headers: bearer(token) });
  const answer = await jsonOf(response);
  if (!response.ok) throw refused(`GET ${url}`, response.status, answer);
  return answer as Page;
}
