/** Answers from read views: JSON that is already written, with an ETag over its bytes. */
import { hash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ViewEntry } from '../views/read-views.ts';
import { cursorOf } from './cursor.ts';

/** Strong: the same bytes, the same tag (RFC 9110, 8.8.3). */
export function etagOf(body: string): string {
  return `"${hash('sha256', body, 'base64url').slice(0, 22)}"`;
}

/** Whether a list of tags, as in If-Match and If-None-Match, holds `etag`. Weak tags match only where `weak` is set. */
export function hasTag(list: string, etag: string, { weak }: { readonly weak: boolean }): boolean {
  if (list.trim() === '*') return true;
  const tags = list.split(',').map((each) => each.trim());
  return tags.includes(etag) || (weak && tags.includes(`W/${etag}`));
}

/** 304 when the caller has it already. */
export function sendJson(request: FastifyRequest, reply: FastifyReply, json: string): FastifyReply {
  return sendTagged(request, reply, json, 'application/json; charset=utf-8');
}

export function sendTagged(request: FastifyRequest, reply: FastifyReply, body: string, type: string): FastifyReply {
  const etag = etagOf(body);
  reply.header('etag', etag).header('cache-control', 'no-cache');
  const known = request.headers['if-none-match'];
  if (known !== undefined && hasTag(known, etag, { weak: true })) return reply.status(304).send();
  return reply.header('content-type', type).send(body);
}

export interface Page {
  /** Names list and filter: a cursor of another is refused. */
  readonly list: string;
  readonly path: string;
  readonly limit: number;
  readonly filter: Readonly<Record<string, string>>;
  /** Owners of what this instance does not have; empty: the list is whole. */
  readonly elsewhere: readonly string[];
}

/** `entries` may hold more than `limit`: then there is a next page. */
export function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  entries: readonly ViewEntry[],
  { list, path, limit, filter, elsewhere }: Page,
): FastifyReply {
  const shown = entries.slice(0, limit);
  const next = entries.length > limit ? cursorOf(list, shown.at(-1)?.key ?? '') : null;
  if (next !== null) {
    const query = new URLSearchParams({ ...filter, limit: String(limit), cursor: next });
    reply.header('link', `<${path}?${query.toString()}>; rel="next"`);
  }
  const more = elsewhere.length === 0 ? '' : `,"elsewhere":${JSON.stringify(elsewhere)}`;
  const items = shown.map(({ json }) => json).join(',');
  return sendJson(request, reply, `{"items":[${items}],"next":${JSON.stringify(next)}${more}}`);
}
