/** Shapes of the answers, for the OpenAPI document and its readers; a test holds the answers against them. */
import Type, { type TSchema } from 'typebox';

const count = (description: string): TSchema => Type.Integer({ minimum: 0, description });
const orNull = (schema: TSchema, description: string): TSchema => Type.Union([schema, Type.Null()], { description });
const time = (description: string): TSchema => orNull(Type.String(), `${description}, RFC 3339`);

const Alert = orNull(
  Type.Object({
    id: Type.String(),
    severity: Type.String(),
    since: time('when what it tells of began'),
    raisedAt: time('event time at which it was raised'),
    acknowledged: orNull(
      Type.Object({ by: Type.String(), reason: Type.String(), atMs: Type.Integer() }),
      'who acknowledged it',
    ),
  }),
  'the open alert; null without one',
);
const Features = Type.Array(
  Type.Object({
    feature: Type.String(),
    share: Type.Number({ minimum: 0, maximum: 1, description: 'part of the score that it explains' }),
    direction: Type.Integer({ description: '+1: higher than expected, −1: lower' }),
    observed: orNull(Type.Number(), 'null for categories and missing values'),
    expectedLow: orNull(
      Type.Number(),
      '5 % of what the forest has learnt; where two columns do not go together, given the other one',
    ),
    expectedHigh: orNull(Type.Number(), '95 % of it'),
  }),
);
const Columns = Type.Object({
  numbers: Type.Array(Type.String(), { description: 'numeric features, then outputs' }),
  outputs: count('how many of the numbers are outputs: the last ones'),
  texts: Type.Array(Type.String(), { description: 'categorical features' }),
});
const oddness = {
  score: Type.Number({ description: 'in (0, 1), ½ at the boundary' }),
  pValue: Type.Number({ minimum: 0, maximum: 1 }),
  features: Features,
};

const Forest = Type.Object({
  state: Type.String({ description: 'warming-up until the forest and its reference are there, then monitoring' }),
  phase: Type.String({ description: 'learning, scoring or ready' }),
  progress: Type.Object({ have: count('clean events so far'), need: count('clean events that the phase needs') }),
  guarantee: Type.String({ description: 'which calibration decides now: reference or budget' }),
  eventsPerAlarm: Type.Number({ description: 'usual events to one that is called odd' }),
  alarms: count('odd events so far'),
  dependence: Type.Object({
    lagOne: Type.Number({
      minimum: -1,
      maximum: 1,
      description: 'rank correlation of neighbours among the last 1,024 scores',
    }),
    isDependent: Type.Boolean({ description: 'beyond what one in a thousand independent sequences shows' }),
  }),
  notPromised: orNull(Type.String(), 'why p-values promise no rate of odd events at present; null while they do'),
  referenceSize: count('held-out scores'),
  rateRange: orNull(
    Type.Object({
      lowest: Type.Number({ minimum: 0, maximum: 1 }),
      highest: Type.Number({ minimum: 0, maximum: 1 }),
    }),
    'shares of usual events that nine references of ten of this size call odd: the mean over references is 1/eventsPerAlarm; more held-out events narrow it',
  ),
  pairs: count('pairs of columns that go together, of which an event is looked at for a break'),
  learned: count('events that the forest has learnt'),
  confidence: Type.Number({ minimum: 0, maximum: 1 }),
  bytes: count('memory of the forest'),
});
const Quality = Type.Object({
  isWarmingUp: Type.Boolean({ description: 'tests that need the order of values do not raise yet' }),
  events: count('events since the rules were inferred'),
  violatingEvents: count('events that broke a rule'),
  eventsBetweenFalseAlarms: Type.Number({ description: 'of all quality rules together, for independent events' }),
  notPromised: orNull(Type.String(), 'why the clean events that are known do not keep that; null while they do'),
  violations: Type.Array(
    Type.Object({
      field: Type.String(),
      rule: Type.String(),
      count: count('events'),
      share: Type.Number(),
      isRising: Type.Boolean({ description: 'a sequential test says that the share is above that of the reference' }),
    }),
  ),
  open: Type.Array(Type.Object({ fault: Type.String(), field: Type.String(), detail: Type.String(), alert: Alert })),
});

export const AnomaliesSchema: TSchema = Type.Object({
  model: Type.String(),
  monitoring: Type.String({ description: 'unmonitored, warming-up or monitored' }),
  events: count('events processed'),
  unmonitored: count('events of layouts without a reference, or beyond the bound on layouts'),
  lastEvent: time('newest event time'),
  absence: Type.Object({ expectedIntervalMs: Type.Number(), alert: Alert }),
  layouts: Type.Array(
    Type.Object({
      columns: Columns,
      events: count('events'),
      leftOut: count('events that the warm-up left out because they broke a rule or a fault was open'),
      forest: orNull(Forest, 'null where no forest can be made of the columns'),
      withheld: count('episodes of odd events that were not told: alerts come no more often than eventsPerAlarm says'),
      referenceLeft: Alert,
      episode: orNull(
        Type.Object({ alert: Alert, onset: time('first odd event'), peak: time('oddest event'), ...oddness }),
        'the open episode',
      ),
      quality: Quality,
    }),
  ),
  episodes: Type.Array(
    Type.Object({
      alert: Type.String(),
      onset: time('first odd event'),
      peak: time('oddest event'),
      end: time('last odd event'),
      ...oddness,
    }),
    { description: 'the last ones that are over, newest first' },
  ),
});

export const RulesSchema: TSchema = Type.Object({
  model: Type.String(),
  layouts: Type.Array(
    Type.Object({
      columns: Columns,
      rules: Type.Unknown({ description: 'as `weir rules` reads and writes them: every bound with its reason' }),
    }),
  ),
});
