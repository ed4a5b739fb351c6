/** Registrations and references over the REST interface of a running service. */
import { isDeepStrictEqual } from 'node:util';
import { UsageError } from '../output.ts';
import { ask, baseOf, bearer, jsonOf, type Receipt, refused } from './rest.ts';
import { type ColumnNote, type ControlTarget, hashOf, type VersionShape, type Written } from './target.ts';

const NOT_SHOWN =
  'the service processed it and does not show it, so it was dead-lettered: register the model and the column first; weir dlq list says why';
const OTHER_SHOWN =
  'the service processed it and goes on showing another content, so it was dead-lettered; weir dlq list says why';

export interface RestOptions {
  readonly url: string;
  readonly token: string | undefined;
  /** So long the service is given to process a write before it answers, s. */
  readonly waitS: number;
}

/** @throws {UsageError} when `url` is none */
export function restTarget({ url, token, waitS }: RestOptions): ControlTarget {
  const base = baseOf(url);
  const put = async (
    path: readonly string[],
    body: object,
    isSame: (shown: unknown) => boolean,
    isListed: () => Promise<boolean> = () => Promise.resolve(false),
  ): Promise<Written> => {
    const place = `${base}/v1/models/${path.map(encodeURIComponent).join('/')}`;
    const headers = {
      'content-type': 'application/json',
      prefer: `wait=${waitS}`,
      ...bearer(token),
    };
    const response = await ask(place, { method: 'PUT', headers, body: JSON.stringify(body) });
    const answer = await jsonOf(response);
    if (!response.ok) throw refused(`PUT ${place}`, response.status, answer);
    const receipt = receiptOf(place, answer);
    const where = toldOf(receipt, waitS);
    if (!receipt.processed) return { where, doubt: undefined };
    const shown = await ask(place, { headers });
    if (shown.status === 404) return { where, doubt: (await isListed()) ? undefined : NOT_SHOWN };
    return { where, doubt: !shown.ok || isSame(await jsonOf(shown)) ? undefined : OTHER_SHOWN };
  };
  return {
    register: (model, version, shape) =>
      put(
        [model, 'versions', version],
        shape,
        (shown) => {
          const { featureSet, outputs, access = null } = shown as Partial<VersionShape>;
          return isDeepStrictEqual({ featureSet, outputs, access }, shape);
        },
        () => isVersionListed(`${base}/v1/models/${encodeURIComponent(model)}`, version, token),
      ),
    notes: (model) => notesOf(`${base}/v1/models/${encodeURIComponent(model)}`, token),
    setReference: (model, column, content, source) => {
      const { values, categories, counts, missing } = content;
      return put(
        [model, 'references', column],
        { ...(categories === null ? { values } : { categories }), counts, missing, source },
        (shown) => (shown as { readonly hash?: string }).hash === hashOf(content),
      );
    },
  };
}

/** Promotion keeps versions and not their columns: it lists them with the model and shows none. */
async function isVersionListed(url: string, version: string, token: string | undefined): Promise<boolean> {
  const answer = (await jsonOf(await ask(url, { headers: bearer(token) }))) as
    | { readonly services?: Readonly<Record<string, { readonly versions?: unknown }>> }
    | undefined;
  return Object.values(answer?.services ?? {}).some(
    ({ versions }) =>
      Array.isArray(versions) && versions.some((each: { readonly version?: unknown }) => each.version === version),
  );
}

async function notesOf(url: string, token: string | undefined): Promise<readonly ColumnNote[]> {
  const response = await ask(url, { headers: bearer(token) });
  const shown = (await jsonOf(response)) as
    | { readonly services?: Readonly<Record<string, { readonly notWatched?: readonly Omit<ColumnNote, 'service'>[] }>> }
    | undefined;
  return Object.entries(shown?.services ?? {}).flatMap(([service, { notWatched = [] }]) =>
    notWatched.map(({ column, reason }) => ({ service, column, reason })),
  );
}

function receiptOf(url: string, answer: unknown): Receipt {
  const receipt = answer as Receipt | undefined;
  if (typeof receipt?.offset === 'string') return receipt;
  throw new UsageError(`${url} did not answer with a receipt; is it a service of Weir?`);
}

function toldOf({ topic, partition, offset, processed }: Receipt, waitS: number): string {
  const state = processed ? 'processed' : waitS === 0 ? 'durable' : `durable, not processed within ${waitS} s`;
  return `${topic}[${partition}]@${offset}, ${state}`;
}
