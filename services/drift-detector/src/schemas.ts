/** Shapes of the answers, for the OpenAPI document and its readers; a test holds the answers against them. */
import Type, { type TSchema } from 'typebox';

const share = { minimum: 0, maximum: 1 } as const;
const Time = (description: string) => Type.Integer({ description: `${description}, ms since 1970, UTC` });
const Page = (item: TSchema) =>
  Type.Object({
    items: Type.Array(item),
    next: Type.Union([Type.String(), Type.Null()], { description: 'cursor of the next page; null on the last' }),
  });

export const ModelSchema: TSchema = Type.Object(
  {
    model: Type.String(),
    events: Type.Integer({ minimum: 0, description: 'events folded' }),
    lastEvent: Type.Union([Type.String(), Type.Null()], { description: 'newest event time, RFC 3339' }),
    versions: Type.Array(Type.String()),
    columns: Type.Array(Type.String(), { description: 'columns that have a reference' }),
    drifting: Type.Array(Type.String(), { description: 'columns with an open alert' }),
  },
  {
    examples: [
      {
        model: 'delay',
        events: 1_245_884,
        lastEvent: '2001-06-30T23:59:00.000Z',
        versions: ['1'],
        columns: ['distance'],
        drifting: ['distance'],
      },
    ],
  },
);
export const ModelPage: TSchema = Page(ModelSchema);

export const FeatureList: TSchema = Type.Array(
  Type.Object({
    column: Type.String(),
    present: Type.Integer({ minimum: 0, description: 'values seen' }),
    missing: Type.Integer({ minimum: 0, description: 'values that were NaN, infinite or null' }),
    reference: Type.Object({
      hash: Type.String({ description: 'SHA-256 of the reference, hex' }),
      size: Type.Integer({ minimum: 1, description: 'values in the reference, m' }),
      distinct: Type.Integer({ minimum: 1 }),
      min: Type.Number(),
      max: Type.Number(),
    }),
  }),
);

export const VerdictSchema: TSchema = Type.Object({
  column: Type.String(),
  rule: Type.String({ description: 'names the test and its window' }),
  verdict: Type.Union([Type.Literal('drift'), Type.Literal('stable'), Type.Literal('warming-up')]),
  statistic: Type.Number({
    ...share,
    description: 'ks: D, the largest distance of the two distribution functions; missing: share of missing values',
  }),
  threshold: Type.Number({ description: 'statistic that raises an alert; above 1 nothing can' }),
  at: Type.Union([Type.Number(), Type.Null()], {
    description: 'where D is attained, in units of the column; null for rules without a place',
  }),
  direction: Type.Union([Type.Literal(-1), Type.Literal(0), Type.Literal(1)], {
    description: '1: the window lies higher than its reference there',
  }),
  pValueSingleLook: Type.Number({ ...share, description: 'of this D, had one looked at this one window only' }),
  effectSize: Type.Number({
    minimum: -1,
    maximum: 1,
    description: 'ks: P(window > reference) + P(equal)/2 - 1/2; missing: share above the expected one',
  }),
  windowSize: Type.Integer({ minimum: 0 }),
  windowCapacity: Type.Integer({
    minimum: 1,
    description: 'values that a count window holds when full, and that a time window needs for a verdict',
  }),
  referenceSize: Type.Integer({ minimum: 1 }),
  referenceHash: Type.String(),
  missing: Type.Integer({ minimum: 0 }),
});
export const VerdictList: TSchema = Type.Array(VerdictSchema);

const Shares = (description: string) => Type.Array(Type.Number(share), { description });
export const WindowSchema: TSchema = Type.Object({
  column: Type.String(),
  rule: Type.String(),
  windowSize: Type.Integer({ minimum: 0 }),
  edges: Type.Array(Type.Number(), {
    description: 'upper ends of the groups but the last, quantiles of the reference',
  }),
  reference: Shares('share of the reference per group'),
  window: Shares('share of the window per group'),
  referenceCdf: Shares('share of the reference at or below each edge'),
  windowCdf: Shares('share of the window at or below each edge'),
});

export const AlertSchema: TSchema = Type.Object({
  state: Type.Union([Type.Literal('raised'), Type.Literal('resolved')]),
  id: Type.String({ description: 'of this alert' }),
  fingerprint: Type.String({ description: 'the same for every alert of this model, rule and column' }),
  model: Type.String(),
  column: Type.String(),
  rule: Type.String(),
  severity: Type.String(),
  summary: Type.String(),
  statistic: Type.Number(share),
  threshold: Type.Number(),
  at: Type.Union([Type.Number(), Type.Null()]),
  direction: Type.Integer(),
  pValueSingleLook: Type.Number(share),
  effectSize: Type.Number(),
  windowSize: Type.Integer(),
  referenceSize: Type.Integer(),
  referenceHash: Type.String(),
  sinceMs: Time('when it most probably began'),
  eventTimeMs: Time('the event that completed the window'),
  raisedId: Type.Optional(Type.String({ description: 'of a resolved alert: the id it was raised with' })),
  raisedAtMs: Type.Optional(Time('of a resolved alert: when it was raised')),
  evidence: Type.Object({
    topic: Type.String(),
    partition: Type.Integer(),
    eventId: Type.String(),
    fromMs: Time('first event of the window'),
    toMs: Time('last event of the window'),
  }),
});
export const AlertPage: TSchema = Page(AlertSchema);
