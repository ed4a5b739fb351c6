/** Reads a promotion policy from a decoded document, with its defaults. */
import { PROMOTE_GRID } from './default-grids.ts';
import { type EffectGrid, MAX_SIZES } from './effect-grid.ts';
import { BanditError } from './errors.ts';
import { DEFAULT_LADDER, type Ladder } from './policies/ladder.ts';
import { type PolicyProblem, PolicyReader } from './policy-reader.ts';
import { ruleProblems } from './policy-rules.ts';
import {
  ACTUATORS,
  ALERT_ACTIONS,
  ALERT_KINDS,
  ALLOCATIONS,
  GUARDRAILS,
  type PromotionPolicy,
  SEVERITIES,
} from './promotion-policy.ts';
import { DEFAULT_BOUNDS, WHOLE } from './weights.ts';

const FIELDS =
  'kind model reward alpha effect allocation duration exposure segments guardrails alerts approval holdback cooldown actuators';

/** The policy with its defaults, and every problem of the document; the policy is of use only when there is none. */
export function lintPolicy(document: unknown): {
  readonly policy: PromotionPolicy;
  readonly problems: readonly PolicyProblem[];
} {
  const problems: PolicyProblem[] = [];
  const fields = new PolicyReader(document, '', problems);
  fields.only(FIELDS.split(' '));
  const policy: PromotionPolicy = {
    kind: fields.choice('kind', ['PromotionPolicy']),
    model: fields.text('model', 'give the name under which its predictions are logged'),
    reward: readReward(fields.object('reward')),
    alpha: readAlpha(fields.object('alpha')),
    effect: readEffect(fields.object('effect')),
    allocation: readAllocation(fields.object('allocation')),
    duration: readDuration(fields.object('duration')),
    exposure: fields.whole('exposure', 1, 1e9, 1_000),
    segments: fields.texts('segments', 1_024),
    guardrails: readGuardrails(fields, problems),
    alerts: readAlerts(fields, problems),
    approval: readApproval(fields.object('approval')),
    holdback: readHoldback(fields.object('holdback')),
    cooldownMs: fields.duration('cooldown', '1d'),
    actuators: fields.list('actuators', 16, (entry, path) => {
      const actuator = new PolicyReader(entry, path, problems);
      actuator.only(['kind', 'target']);
      return {
        kind: actuator.choice('kind', ACTUATORS),
        target: actuator.text('target', 'name what it drives', 'default'),
      };
    }),
  };
  // Rules between fields make sense only when each field does.
  return { policy, problems: problems.length > 0 ? problems : ruleProblems(policy) };
}

/** @throws {BanditError} BAD_POLICY with one line for each problem: field, value, rule, cure */
export function parsePolicy(document: unknown): PromotionPolicy {
  const { policy, problems } = lintPolicy(document);
  if (problems.length === 0) return policy;
  const lines = problems.map(({ field, value, rule, cure }) => `${field} is ${value}; it ${rule}; ${cure}`);
  throw new BanditError('BAD_POLICY', lines.join('\n'));
}

function readReward(fields: PolicyReader): PromotionPolicy['reward'] {
  fields.only(['metric', 'window', 'missing', 'accumulate', 'unit']);
  return {
    metric: fields.text('metric', 'name the outcome that is rewarded'),
    windowMs: fields.duration('window'),
    missing: fields.choice('missing', ['zero', 'exclude', 'censor']),
    accumulate: fields.choice('accumulate', ['first', 'sum', 'max'], 'first'),
    unit: fields.text('unit', 'name the field that an arm stays with: requests of one user are not independent'),
  };
}

function readAlpha(fields: PolicyReader): PromotionPolicy['alpha'] {
  fields.only(['lifetime', 'perTest', 'guard']);
  return {
    lifetime: fields.share('lifetime', 1e-6, 0.5, 0.05),
    perTest: fields.share('perTest', 1e-6, 0.5, 0.01),
    guard: fields.share('guard', 1e-6, 0.5, 0.05),
  };
}

function readEffect(fields: PolicyReader): PromotionPolicy['effect'] {
  fields.only(['min', 'margin', 'grid']);
  return {
    min: fields.share('min', 0, 1, 0.005),
    margin: fields.share('margin', 0, 0.5, 0),
    grid: fields.has('grid') ? readGrid(fields.object('grid')) : PROMOTE_GRID,
  };
}

function readGrid(fields: PolicyReader): EffectGrid {
  fields.only(['unit', 'sizes']);
  const sizes = fields.list('sizes', MAX_SIZES, (entry) => (typeof entry === 'number' ? entry : Number.NaN));
  if (sizes.length === 0 || sizes.some((size, g) => !(size > (sizes[g - 1] ?? 0) && size <= 100)))
    fields.problem('sizes', 'must be numbers above 0, at most 100, ascending', 'sort them or leave the grid out');
  return { unit: fields.choice('unit', ['deviation', 'relative'], 'deviation'), sizes };
}

function readAllocation(fields: PolicyReader): PromotionPolicy['allocation'] {
  fields.only(['policy', 'floor', 'cap', 'share', 'ladder']);
  const millionths = (share: number): number => Math.round(share * WHOLE);
  return {
    policy: fields.choice('policy', ALLOCATIONS, 'capped-thompson'),
    bounds: {
      floor: millionths(fields.share('floor', 0.001, 0.5, DEFAULT_BOUNDS.floor / WHOLE)),
      cap: millionths(fields.share('cap', 0.001, 1, DEFAULT_BOUNDS.cap / WHOLE)),
    },
    share: fields.share('share', 0.001, 0.999, 0.5),
    ladder: fields.has('ladder') ? readLadder(fields.object('ladder')) : DEFAULT_LADDER,
  };
}

function readLadder(fields: PolicyReader): Ladder {
  fields.only(['steps', 'outcomesPerStep']);
  const steps = fields.list('steps', 32, (entry) => (typeof entry === 'number' ? entry : Number.NaN));
  if (steps.length === 0 || steps.some((step, index) => !(step > (steps[index - 1] ?? 0) && step < 1)))
    fields.problem('steps', 'must be shares inside 0 and 1, ascending', 'write e.g. [0.05, 0.1, 0.25, 0.5]');
  return { steps, outcomesPerStep: fields.whole('outcomesPerStep', 1, 1e9, DEFAULT_LADDER.outcomesPerStep) };
}

function readDuration(fields: PolicyReader): PromotionPolicy['duration'] {
  fields.only(['min', 'max']);
  return { minMs: fields.duration('min', '7d'), maxMs: fields.duration('max', '30d') };
}

function readGuardrails(fields: PolicyReader, problems: PolicyProblem[]): PromotionPolicy['guardrails'] {
  if (!fields.has('guardrails')) return [{ kind: 'harm', metric: 'reward' }];
  return fields.list('guardrails', 32, (entry, path) => {
    const guardrail = new PolicyReader(entry, path, problems);
    guardrail.only(['kind', 'metric']);
    const kind = guardrail.choice('kind', GUARDRAILS);
    return { kind, metric: guardrail.text('metric', 'name what is measured', kind === 'harm' ? 'reward' : kind) };
  });
}

/** Without a list, whatever is critical holds a promotion. */
function readAlerts(fields: PolicyReader, problems: PolicyProblem[]): PromotionPolicy['alerts'] {
  if (!fields.has('alerts')) return ALERT_KINDS.map((kind) => ({ kind, severity: 'critical', action: 'hold' }));
  return fields.list('alerts', 32, (entry, path) => {
    const alert = new PolicyReader(entry, path, problems);
    alert.only(['kind', 'severity', 'action']);
    return {
      kind: alert.choice('kind', ALERT_KINDS),
      severity: alert.choice('severity', SEVERITIES, 'critical'),
      action: alert.choice('action', ALERT_ACTIONS, 'hold'),
    };
  });
}

function readApproval(fields: PolicyReader): PromotionPolicy['approval'] {
  fields.only(['required', 'roles', 'ttl']);
  return {
    required: fields.whole('required', 0, 10, 2),
    roles: fields.texts('roles', 32),
    ttlMs: fields.duration('ttl', '1d'),
  };
}

function readHoldback(fields: PolicyReader): PromotionPolicy['holdback'] {
  fields.only(['share', 'duration']);
  return { share: fields.share('share', 0, 0.5, 0.1), durationMs: fields.duration('duration', '7d') };
}
