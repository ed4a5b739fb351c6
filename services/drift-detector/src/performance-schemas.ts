/** Shape of the answer about outcomes. */
import { called, errorAnswers } from '@weir/service-kit/http/openapi';
import { ModelName } from '@weir/service-kit/http/parameters';
import type { FastifySchema } from 'fastify';
import Type, { type TSchema } from 'typebox';

const share = { minimum: 0, maximum: 1 } as const;
const count = (description: string) => Type.Integer({ minimum: 0, description });
const orNull = (schema: TSchema, description: string) => Type.Union([schema, Type.Null()], { description });
const Measured = {
  observed: orNull(Type.Number(share), 'share of labels 1'),
  predicted: orNull(Type.Number(share), 'mean of the predicted probabilities'),
  logLoss: orNull(Type.Number(), 'nats, of probabilities clipped to .001 and .999'),
  errorRate: orNull(Type.Number(share), 'share of predictions on the other side of one half than their label'),
  from: orNull(Type.String(), 'RFC 3339'),
  to: orNull(Type.String(), 'RFC 3339'),
};

const VerdictSchema = Type.Object({
  rule: Type.String({ description: 'metric and window' }),
  verdict: Type.Union([Type.Literal('worse'), Type.Literal('stable'), Type.Literal('warming-up')]),
  effect: orNull(Type.Number(), 'change of the metric against the reference; calibration: observed less predicted'),
  eValue: Type.Number({ description: 'evidence of the e-detector' }),
  threshold: Type.Number({ description: 'evidence that raises an alert, with at least the least effect' }),
  alert: orNull(
    Type.Object({
      id: Type.String(),
      severity: Type.Union([Type.Literal('info'), Type.Literal('warning'), Type.Literal('critical')]),
      since: Type.String(),
      raisedAt: Type.String(),
    }),
    'the open alert of the rule',
  ),
});

export const PerformanceSchema: TSchema = Type.Object({
  model: Type.String(),
  status: Type.Union([
    Type.Literal('off'),
    Type.Literal('no-outcomes'),
    Type.Literal('learning'),
    Type.Literal('watched'),
  ]),
  reference: orNull(
    Type.Object({
      outcomes: count('outcomes in the reference'),
      of: count('outcomes that make it complete'),
      isSelf: Type.Boolean({ description: 'it is made of the first outcomes of the model; false after a rebase' }),
      lag1Correlation: orNull(Type.Number(), 'of neighbouring residuals, in the order in which outcomes came'),
      ...Measured,
    }),
    'null: no outcome has come',
  ),
  joins: orNull(
    Type.Object({
      joined: count('outcomes that found their prediction'),
      unanswered: count('predictions pushed out without an outcome'),
      duplicates: count('outcomes that say nothing new'),
      revised: count('outcomes that revise one that came before; one that was counted stands'),
      orphans: count('outcomes pushed out before their prediction came'),
      open: count('predictions kept'),
      held: count('outcomes that wait for their prediction'),
      unscored: count('predictions whose first output is not a probability'),
    }),
    'null: no outcome has come',
  ),
  windows: Type.Array(
    Type.Object({
      size: count('outcomes in the window'),
      capacity: Type.Integer({ minimum: 1 }),
      ...Measured,
      bins: Type.Array(
        Type.Object({
          from: Type.Number(share),
          to: Type.Number(share),
          count: count('predictions'),
          predicted: orNull(Type.Number(share), 'mean probability'),
          observed: orNull(Type.Number(share), 'share of labels 1'),
        }),
        { description: 'by tenths of the probability' },
      ),
      verdicts: Type.Array(VerdictSchema),
    }),
  ),
});

export const PerformanceRoute: FastifySchema = {
  summary: 'Error rate, log loss and calibration of a model by its outcomes, beside those of its reference',
  tags: ['drift'],
  params: Type.Object({ model: ModelName }),
  response: { 200: called('Performance', PerformanceSchema), ...errorAnswers('NOT_FOUND') },
};
