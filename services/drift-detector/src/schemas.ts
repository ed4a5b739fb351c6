/** Shapes of the answers, for the OpenAPI document and its readers; a test holds the answers against them. */
import { called, errorAnswers } from '@weir/service-kit/http/openapi';
import { ModelName, Name } from '@weir/service-kit/http/parameters';
import type { FastifySchema } from 'fastify';
import Type, { type TSchema } from 'typebox';

const share = { minimum: 0, maximum: 1 } as const;
const count = (description: string) => Type.Integer({ minimum: 0, description });
const orNull = (schema: TSchema, description: string) => Type.Union([schema, Type.Null()], { description });
const Quantiles = {
  low: Type.Number({ description: '5 % quantile, in the unit of the column' }),
  median: Type.Number({ description: '50 % quantile' }),
  high: Type.Number({ description: '95 % quantile' }),
};
const Note = {
  by: Type.String({ description: 'id of the principal' }),
  reason: Type.String(),
  atMs: Type.Integer({ description: 'when, ms since 1970, UTC' }),
};

const About = {
  model: Type.String(),
  monitoring: Type.Union([Type.Literal('monitored'), Type.Literal('learning'), Type.Literal('unmonitored')], {
    description: 'unmonitored: no column has a reference; learning: first values are becoming one',
  }),
  notWatched: Type.Array(Type.Object({ column: Type.String(), reason: Type.String() }), {
    description: 'columns that no rule looks at, and why',
  }),
  mutes: Type.Array(
    Type.Object({ column: orNull(Type.String(), 'null: the whole model'), until: Type.String(), ...Note }),
  ),
};

/** What this service adds to the answer of /v1/models/{model}. */
export const ModelSchema: TSchema = Type.Object({
  ...About,
  events: count('events processed'),
  lastEvent: orNull(Type.String(), 'newest event time, RFC 3339'),
  versions: Type.Array(Type.String()),
  columns: Type.Array(Type.String(), { description: 'columns that have a reference' }),
  drifting: Type.Array(Type.String(), { description: 'columns with an open alert' }),
});

const ColumnSchema = Type.Object({
  column: Type.String(),
  present: count('values seen'),
  missing: count('values that were NaN, infinite or null'),
  reference: Type.Object({
    hash: Type.String({ description: 'SHA-256 of the reference, hex' }),
    size: Type.Integer({ minimum: 1, description: 'values in the reference, m' }),
    distinct: Type.Integer({ minimum: 1 }),
    missing: count('missing values beside them'),
    source: Type.String(),
    isSelf: Type.Boolean({ description: 'it was made of the first values of the column itself' }),
    min: Type.Number(),
    max: Type.Number(),
    ...Quantiles,
  }),
});

const VerdictSchema = Type.Object({
  column: Type.String(),
  rule: Type.String({ description: 'names the test and its window' }),
  verdict: Type.Union([Type.Literal('drift'), Type.Literal('stable'), Type.Literal('warming-up')]),
  statistic: Type.Number({
    ...share,
    description: 'ks: D, the largest distance of the two distribution functions; missing: share of missing values',
  }),
  threshold: Type.Number({ description: 'statistic that raises an alert; above 1 nothing can' }),
  at: orNull(Type.Number(), 'where D is attained, in the unit of the column; null for rules without a place'),
  direction: Type.Union([Type.Literal(-1), Type.Literal(1)], { description: '1: the window lies higher there' }),
  pValueSingleLook: Type.Number({ ...share, description: 'of this D, had one looked at this one window only' }),
  effectSize: Type.Number({
    minimum: -1,
    maximum: 1,
    description: 'ks: P(window > reference) + P(equal)/2 - 1/2; missing: share above the expected one',
  }),
  effect: Type.Number({ description: 'what severity is judged by: D, or the share above the expected one' }),
  after: orNull(Type.Object(Quantiles), 'of the window; null where its values are not known'),
  windowSize: count('values in the window'),
  windowCapacity: Type.Integer({
    minimum: 1,
    description: 'values that a count window holds when full, and that a time window needs for a verdict',
  }),
  eventsBetweenFalseAlarms: orNull(Type.Number(), 'on average, at least; null: nothing is promised'),
  notPromisedBecause: orNull(Type.String(), 'why nothing is promised'),
  simulated: Type.Object(
    {
      rule: Type.Union([Type.Literal('count'), Type.Literal('time'), Type.Literal('missing')]),
      asked: Type.Number({ description: 'readings per false alarm that the level was set for' }),
      alarms: count('false alarms that came'),
      events: count('in so many events'),
      atLeast: Type.Number({ description: 'events between the false alarms that came, lower 95 % bound' }),
      windowSize: Type.Integer(),
      referenceSize: Type.Integer(),
    },
    { description: 'what simulations without a change gave, of those the nearest in window and reference' },
  ),
  alert: orNull(
    Type.Object({
      id: Type.String(),
      severity: Type.Union([Type.Literal('info'), Type.Literal('warning'), Type.Literal('critical')]),
      since: Type.String({ description: 'when it most probably began, RFC 3339' }),
      raisedAt: Type.String(),
      acknowledged: orNull(Type.Object(Note), 'null: nobody did'),
    }),
    'the open alert of the rule',
  ),
});

export const DriftSchema: TSchema = Type.Object({
  ...About,
  columns: Type.Array(ColumnSchema),
  verdicts: Type.Array(VerdictSchema),
});

const Shares = (description: string) => Type.Array(Type.Number(share), { description });
export const WindowSchema: TSchema = Type.Object({
  column: Type.String(),
  rule: Type.String(),
  windowSize: count('values in the window'),
  edges: Type.Array(Type.Number(), {
    description: 'upper ends of the groups but the last, quantiles of the reference',
  }),
  reference: Shares('share of the reference per group'),
  window: Shares('share of the window per group'),
  referenceCdf: Shares('share of the reference at or below each edge'),
  windowCdf: Shares('share of the window at or below each edge'),
});

export const DriftRoute: FastifySchema = {
  summary: 'Columns of a model with their references, the verdict of each of their windows, and what is not watched',
  description: 'p-values are for a single look at one window; thresholds account for looking at every event.',
  tags: ['drift'],
  params: Type.Object({ model: ModelName }),
  response: { 200: called('Drift', DriftSchema), ...errorAnswers('NOT_FOUND') },
};

export const WindowRoute: FastifySchema = {
  summary: 'Content of a window beside its reference, as histogram and as pair of distribution functions',
  tags: ['drift'],
  params: Type.Object({
    model: ModelName,
    column: Name('name of a feature or output', 'distance'),
    rule: Name('rule of the window, as verdicts name it', 'ks-1000'),
  }),
  response: { 200: called('DriftWindow', WindowSchema), ...errorAnswers('NOT_FOUND') },
};
