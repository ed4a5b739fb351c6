/** The fields of a promotion policy as JSON Schema 2020-12, for editors. Rules between fields and orders are those of `lintPolicy` alone. */
import { MAX_SIZES } from './effect-grid.ts';
import { ACTUATORS, ALERT_ACTIONS, ALERT_KINDS, ALLOCATIONS, GUARDRAILS, SEVERITIES } from './promotion-policy.ts';

type Schema = Readonly<Record<string, unknown>>;

const TEXT: Schema = { type: 'string', minLength: 1 };
const TEXTS: Schema = { type: 'array', items: TEXT };
const SPAN: Schema = { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$', examples: ['7d', '90s'] };
const PERCENT: Schema = { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?%$', examples: ['5%'] };

const choice = (values: readonly string[]): Schema => ({ enum: values });
const whole = (minimum: number, maximum: number): Schema => ({ type: 'integer', minimum, maximum });
/** A number, or a percentage as text, whose bounds no schema can state. */
const share = (minimum: number, maximum: number): Schema => ({
  anyOf: [{ type: 'number', minimum, maximum }, PERCENT],
});
const list = (items: Schema, maxItems: number): Schema => ({ type: 'array', items, maxItems });

function object(properties: Readonly<Record<string, Schema>>, ...required: readonly string[]): Schema {
  return { type: 'object', additionalProperties: false, required, properties };
}

/** Accepts every document that `lintPolicy` finds no problem in. */
export const POLICY_SCHEMA: Schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'PromotionPolicy',
  ...object(
    {
      kind: { const: 'PromotionPolicy' },
      model: TEXT,
      reward: object(
        {
          metric: TEXT,
          window: SPAN,
          missing: choice(['zero', 'exclude', 'censor']),
          accumulate: choice(['first', 'sum', 'max']),
          unit: TEXT,
        },
        'metric',
        'window',
        'missing',
        'unit',
      ),
      alpha: object({ lifetime: share(1e-6, 0.5), perTest: share(1e-6, 0.5), guard: share(1e-6, 0.5) }),
      effect: object({
        min: share(0, 1),
        margin: share(0, 0.5),
        grid: object(
          {
            unit: choice(['deviation', 'relative']),
            sizes: { ...list({ type: 'number', exclusiveMinimum: 0, maximum: 100 }, MAX_SIZES), minItems: 1 },
          },
          'sizes',
        ),
      }),
      allocation: object({
        policy: choice(ALLOCATIONS),
        floor: share(0.001, 0.5),
        cap: share(0.001, 1),
        share: share(0.001, 0.999),
        ladder: object(
          {
            steps: { ...list({ type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 }, 32), minItems: 1 },
            outcomesPerStep: whole(1, 1e9),
          },
          'steps',
        ),
      }),
      duration: object({ min: SPAN, max: SPAN }),
      exposure: whole(1, 1e9),
      segments: { ...TEXTS, maxItems: 1_024 },
      guardrails: list(object({ kind: choice(GUARDRAILS), metric: TEXT }, 'kind'), 32),
      alerts: list(
        object({ kind: choice(ALERT_KINDS), severity: choice(SEVERITIES), action: choice(ALERT_ACTIONS) }, 'kind'),
        32,
      ),
      approval: object({ required: whole(0, 10), roles: { ...TEXTS, maxItems: 32 }, ttl: SPAN }),
      holdback: object({ share: share(0, 0.5), duration: SPAN }),
      cooldown: SPAN,
      actuators: list(object({ kind: choice(ACTUATORS), target: TEXT }, 'kind'), 16),
    },
    'kind',
    'model',
    'reward',
  ),
};
