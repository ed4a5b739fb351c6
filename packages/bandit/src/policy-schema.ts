/** The fields of a promotion policy as JSON Schema 2020-12, for editors. Rules between fields and orders are those of `lintPolicy` alone. */
import { PROMOTE_GRID } from './default-grids.ts';
import { MAX_SIZES } from './effect-grid.ts';
import { DEFAULT_LADDER } from './policies/ladder.ts';
import { ALERT_ACTIONS, ALERT_KINDS, ALLOCATIONS, GUARDRAILS, SEVERITIES } from './promotion-policy.ts';
import { DEFAULT_BOUNDS, WHOLE } from './weights.ts';

type Schema = Readonly<Record<string, unknown>>;

/** What the service that keeps the policy can do. */
export interface PolicyVocabulary {
  readonly metrics: readonly string[];
  readonly actuators: readonly string[];
}

const text = (description: string, fallback?: string): Schema =>
  withDefault({ type: 'string', minLength: 1, description }, fallback);
const span = (description: string, fallback?: string): Schema =>
  withDefault(
    {
      type: 'string',
      pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$',
      examples: ['7d', '90s'],
      description: `${description} A number with ms, s, m, h or d behind it.`,
    },
    fallback,
  );
const choice = (values: readonly string[], description: string, fallback?: string): Schema =>
  withDefault({ enum: values, description }, fallback);
const whole = (minimum: number, maximum: number, description: string, fallback: number): Schema =>
  withDefault(
    { type: 'integer', minimum, maximum, description: `${description} A count from ${minimum} to ${maximum}.` },
    fallback,
  );
/** A number, or a percentage as text, whose bounds no schema can state. */
const share = (minimum: number, maximum: number, description: string, fallback: number): Schema =>
  withDefault(
    {
      anyOf: [
        { type: 'number', minimum, maximum },
        { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?%$', examples: ['5%'] },
      ],
      description: `${description} From ${minimum} to ${maximum}, or a percentage such as "5%".`,
    },
    fallback,
  );
const list = (items: Schema, maxItems: number, description: string): Schema => ({
  type: 'array',
  items,
  maxItems,
  description: `${description} At most ${maxItems}.`,
});

/** The default stands in the text too: editors show descriptions, and few show defaults. */
function withDefault(schema: Schema, fallback: unknown): Schema {
  if (fallback === undefined) return { ...schema, description: `${String(schema['description'])} Required.` };
  return {
    ...schema,
    default: fallback,
    description: `${String(schema['description'])} Default ${JSON.stringify(fallback)}.`,
  };
}

function object(
  description: string,
  properties: Readonly<Record<string, Schema>>,
  ...required: readonly string[]
): Schema {
  return { type: 'object', additionalProperties: false, description, required, properties };
}

/** Accepts every document that the service finds no problem in. */
export function policySchema({ metrics, actuators }: PolicyVocabulary): Schema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'PromotionPolicy',
    ...object(
      'Under what a challenger of a model is tested, promoted and rolled back. Mean rewards lie in [0, 1].',
      {
        kind: { const: 'PromotionPolicy', description: 'Tells this policy from others. Required.' },
        model: text('Id of the model, as its predictions name it.'),
        reward: reward(metrics),
        alpha: alpha(),
        effect: effect(),
        allocation: allocation(),
        duration: object('How long a test lasts, in event time.', {
          min: span('No promotion before: weekdays and weekends differ.', '7d'),
          max: span('After so long a test that has not promoted retires the challenger. Longer than min.', '30d'),
        }),
        exposure: whole(1, 1e9, 'Matured outcomes that the challenger must have before it is promoted.', 1_000),
        segments: list(
          text('One segment, NAME=VALUE as predictions have it, like region=eu.'),
          1_024,
          'Segments in each of which a harm rolls back. Each takes its part of alpha.guard. Default none.',
        ),
        guardrails: guardrails(),
        alerts: alerts(),
        approval: object('Who must agree before a promotion that has all its evidence takes place.', {
          required: whole(0, 10, 'Distinct principals, none of them the author of the policy; 0: nobody is asked.', 2),
          roles: list(
            text('A role of WEIR_PRINCIPALS_FILE, like risk.'),
            32,
            'Roles whose principals may approve; one is needed unless required is 0. Default none.',
          ),
          ttl: span('How long approvals hold before they are void.', '1d'),
        }),
        holdback: object('Traffic that the old champion keeps after a promotion, so that a late harm shows.', {
          share: share(0, 0.5, 'Share of the traffic; 0: no holdback.', 0.1),
          duration: span('How long, in event time.', '7d'),
        }),
        cooldown: span('From the end of a test to the next one of the model, in event time.', '1d'),
        actuators: list(
          object(
            'An actuator.',
            {
              kind: choice(
                actuators,
                'split-api: clients ask for the split, nothing else is driven. webhook: a signed request. mlflow-alias: an alias of a registered model. retraining: asked for another version.',
              ),
              target: text(
                'URL of what it drives, below one of WEIR_PROMOTION_DESTINATIONS; split-api has none.',
                'default',
              ),
            },
            'kind',
          ),
          16,
          'What carries out decisions outside, besides the split API. Default none.',
        ),
      },
      'kind',
      'model',
      'reward',
    ),
  };
}

function reward(metrics: readonly string[]): Schema {
  return object(
    'What a prediction earns, and when it is scored.',
    {
      metric: choice(
        metrics,
        'reward: the reward of the outcome. label: its label. accuracy: 1 when the first output lies on the side of 0.5 on which the label is. brier: 1 − (output − label)². Each in [0, 1], larger is better.',
      ),
      window: span(
        'Age at which a prediction is scored, once, with the outcomes of up to then. Shorter than duration.max.',
      ),
      missing: choice(
        ['zero', 'exclude', 'censor'],
        'A prediction without an outcome counts as 0 (zero), not at all (exclude, only beside a join-rate guardrail), or as the worst for a promotion (censor).',
      ),
      accumulate: choice(
        ['first', 'sum', 'max'],
        'Of several outcomes of one prediction: the first, their sum cut at 1, or the largest.',
        'first',
      ),
      unit: text(
        'What an arm stays with, for people: an account, a user, a request. It names what inference services put into the field unit of a prediction; a unit counts once in a test.',
      ),
    },
    'metric',
    'window',
    'missing',
    'unit',
  );
}

function alpha(): Schema {
  return object('Error rates: probabilities, valid however often the evidence is looked at.', {
    lifetime: share(
      1e-6,
      0.5,
      'That any test the model ever has promotes a version that is no better. The k-th test may spend min(perTest, 6·lifetime/(k²π²)).',
      0.05,
    ),
    perTest: share(1e-6, 0.5, 'That one test does. Not above lifetime.', 0.01),
    guard: share(
      1e-6,
      0.5,
      'That a test rolls back a challenger that does no harm. Guardrails and segments have equal parts of it.',
      0.05,
    ),
  });
}

function effect(): Schema {
  return object(
    'Differences of mean rewards, challenger minus champion, in the unit of the reward (0.01 is one point of a hundred).',
    {
      min: share(
        0,
        1,
        'Least useful effect: once the upper bound of the interval lies below it, the challenger is retired.',
        0.005,
      ),
      margin: share(
        0,
        0.5,
        'How much worse a challenger may be and still be promoted: the lower bound must lie above −margin. Above 0 the test is one of non-inferiority, and min is not asked.',
        0,
      ),
      grid: {
        ...object(
          'Sizes of effect that the test looks for. Leave it out unless outcomes are very rare or very many.',
          {
            unit: choice(
              ['deviation', 'relative'],
              'What a size is a multiple of: √(m(1−m)) of the mean reward m, or m itself.',
              'deviation',
            ),
            sizes: {
              ...list(
                { type: 'number', exclusiveMinimum: 0, maximum: 100, description: 'A size.' },
                MAX_SIZES,
                'Above 0, ascending. Required in a grid.',
              ),
              minItems: 1,
            },
          },
          'sizes',
        ),
        default: PROMOTE_GRID,
      },
    },
  );
}

function allocation(): Schema {
  return object('Which part of the traffic the challenger has.', {
    policy: choice(
      ALLOCATIONS,
      'capped-thompson and top-two follow the evidence within floor and cap; fixed keeps share; ladder climbs with outcomes.',
      'capped-thompson',
    ),
    floor: share(0.001, 0.5, 'Least share of an arm.', DEFAULT_BOUNDS.floor / WHOLE),
    cap: share(0.001, 1, 'Largest share of the challenger. Not below floor.', DEFAULT_BOUNDS.cap / WHOLE),
    share: share(0.001, 0.999, 'Of the challenger, under fixed; within floor and cap.', 0.5),
    ladder: {
      ...object(
        'Under ladder.',
        {
          steps: {
            ...list(
              { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1, description: 'A share of the challenger.' },
              32,
              'Shares one after another, ascending. Required in a ladder.',
            ),
            minItems: 1,
          },
          outcomesPerStep: whole(
            1,
            1e9,
            'Matured outcomes of the challenger before the next step.',
            DEFAULT_LADDER.outcomesPerStep,
          ),
        },
        'steps',
      ),
      default: DEFAULT_LADDER,
    },
  });
}

function guardrails(): Schema {
  return {
    ...list(
      object(
        'A guardrail.',
        {
          kind: choice(
            GUARDRAILS,
            'harm: the reward falls. error-rate: answers without a usable output. latency: answers above the 99th percentile of the champion. join-rate: outcomes that do not come. sample-ratio: traffic that is not split as it should be.',
          ),
          metric: {
            type: 'string',
            minLength: 1,
            description: 'A name for people; what is measured follows from kind. Default reward for harm, else kind.',
          },
        },
        'kind',
      ),
      32,
      'One that is breached rolls back at once and asks nobody. harm must be among them; none twice. Default harm alone.',
    ),
    default: [{ kind: 'harm' }],
  };
}

function alerts(): Schema {
  return list(
    object(
      'Alerts of one kind.',
      {
        kind: choice(ALERT_KINDS, 'Of the alert.'),
        severity: choice(SEVERITIES, 'From this severity on.', 'critical'),
        action: choice(
          ALERT_ACTIONS,
          'hold: no promotion while it is open. rollback: the challenger loses its traffic. retrain: the actuator retraining is asked for another version.',
          'hold',
        ),
      },
      'kind',
    ),
    32,
    'What alerts of other services do. Default: every kind that is critical holds.',
  );
}
