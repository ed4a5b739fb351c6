/** What the schemas of all writes have in common. */
import Type, { type TObject, type TSchema } from 'typebox';
import { errorAnswers, named } from './openapi.ts';

const IdempotencyKey = Type.String({
  minLength: 1,
  // A structured field string has quotes.
  maxLength: 257,
  pattern: '^[!-~]+$',
  description: 'like a UUID; the same request under the same key is carried out once',
});

/** Headers that a write may carry. */
export const WriteHeaders: TObject = Type.Object({
  'idempotency-key': Type.Optional(IdempotencyKey),
  prefer: Type.Optional(Type.String({ description: '`wait=5`: wait up to 5 s, at most 20, until it was processed' })),
});

/** Of a write that is not carried out without a key. */
export const WriteHeadersWithKey: TObject = Type.Object({
  ...WriteHeaders.properties,
  'idempotency-key': IdempotencyKey,
});

export const WriteHeadersIfMatch: TObject = Type.Object({
  ...WriteHeaders.properties,
  'if-match': Type.Optional(Type.String({ description: 'ETag that the resource must have' })),
  'if-none-match': Type.Optional(Type.String({ description: '`*`: only if it does not exist yet' })),
});

const accepted: TSchema = Type.Unsafe({ ...named('Receipt'), description: 'durable; Location says where to look' });
const processed: TSchema = Type.Unsafe({ ...named('Receipt'), description: 'processed within the wait' });

export const WRITE_ANSWERS: Record<number, object> = { 200: processed, 202: accepted, ...errorAnswers('CONFLICT') };

/** Answers of a read of a resource, and of its preconditions. */
export const MATCH_ANSWERS: Record<number, object> = errorAnswers('PRECONDITION_FAILED', 'PRECONDITION_REQUIRED');

/** Part of a path or of a view's key. */
export function joined(...parts: readonly string[]): string {
  return parts.map(encodeURIComponent).join('/');
}
