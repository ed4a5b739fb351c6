/** One command for each model, over REST, and what became of it. */
import { randomUUID } from 'node:crypto';
import { ask, bearer, jsonOf, type Receipt, refused } from '../../control/rest.ts';
import { UsageError } from '../../output.ts';
import type { Place } from './models-at.ts';

export type Action = 'freeze' | 'unfreeze' | 'kill' | 'rollback';

/** What became of one. */
export interface Issued {
  readonly isDone: boolean;
  readonly text: string;
}

export interface Order {
  readonly action: Action;
  readonly reason: string;
  readonly token: string | undefined;
}

/** So many at once: each waits for its commit. */
const AT_ONCE = 8;
const WAIT_S = 10;

/** Goes on with the others when one fails: who stops everything wants to know what was not stopped. */
export async function issueAll(
  places: readonly Place[],
  order: Order,
  tell: (model: string, issued: Issued) => void,
): Promise<void> {
  const left = [...places];
  const worker = async (): Promise<void> => {
    for (let place = left.shift(); place !== undefined; place = left.shift())
      tell(place.model, await issue(place, order));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function issue({ model, base }: Place, { action, reason, token }: Order): Promise<Issued> {
  const url = `${base}/v1/models/${encodeURIComponent(model)}/commands`;
  try {
    const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID(), prefer: `wait=${WAIT_S}` };
    const request = { method: 'POST', headers: { ...headers, ...bearer(token) } };
    const response = await ask(url, { ...request, body: JSON.stringify({ action, reason }) });
    const answer = await jsonOf(response);
    if (!response.ok) throw refused(`POST ${url}`, response.status, answer);
    const { id, topic, partition, offset, processed } = answer as Receipt;
    if (!processed) return { isDone: false, text: `on the log (${topic}[${partition}]@${offset}), not yet processed` };
    const shown = (await jsonOf(await ask(`${url}/${id}`, { headers: bearer(token) }))) as
      | { result?: string }
      | undefined;
    if (typeof shown?.result === 'string') return { isDone: true, text: shown.result };
    return { isDone: false, text: 'refused: it was dead-lettered; weir dlq list --service promotion says why' };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { isDone: false, text: error.message };
  }
}
