/** Parameters that many routes take. */
import Type, { type TArray, type TInteger, type TOptional, type TString } from 'typebox';

export const MAX_NAME = 500;

export function Name(description: string, example: string): TString {
  return Type.String({ minLength: 1, maxLength: MAX_NAME, description, examples: [example] });
}

export const ModelName: TString = Name('id of the model', 'delay');

export const PageParameters: { readonly limit: TInteger; readonly cursor: TOptional<TString> } = {
  limit: Type.Integer({ minimum: 1, maximum: 500, default: 50, description: 'entries at the most' }),
  cursor: Type.Optional(Type.String({ maxLength: 2_000, description: '`next` of the page before' })),
};

export interface PageQuery {
  readonly limit: number;
  readonly cursor?: string;
}

/** Of a page: only where this instance does not have everything. */
export const Elsewhere: TOptional<TArray<TString>> = Type.Optional(
  Type.Array(Type.String(), {
    description: 'addresses of the instances that have the rest: without Redis each shows the models that it owns',
  }),
);

/** An unknown parameter is refused. */
export const CLOSED = { additionalProperties: false } as const;
