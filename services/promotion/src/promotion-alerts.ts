/** Alerts of kind promotion: a challenger lost its traffic, or its promotion is held. */
import { raiseAlert, resolveAlert } from '@weir/alerts/alert';
import { causeOf, type Finding, subjectOf } from '@weir/alerts/finding';
import type { OpenAlert } from '@weir/alerts/open-alert';
import type { PromotionDetail } from '@weir/events/generated/events';
import type { Run } from './decision-log.ts';

const SAID = {
  'rolled-back': 'was rolled back',
  killed: 'was killed',
  held: 'would be promoted and is held',
  'not-actuated': 'serves by decision, and an actuator did not follow',
} as const;
/** What its version did not survive. */
const LOSES: readonly string[] = ['rolled-back', 'killed'];
/** The measure of effect is 1 for what took traffic away, and 0 for what only waits. */
const LEVELS = { warning: 1, critical: 2 };

/** An alert that was told and is open: of each kind of news at most one. */
export interface Told {
  readonly what: keyof typeof SAID;
  readonly version: string;
  readonly detail: PromotionDetail;
  readonly sinceMs: number;
  readonly open: OpenAlert;
}

export function tell(run: Run, what: Told['what'], detail: PromotionDetail): void {
  const { state, context, timeMs } = run;
  resolveTold(run, detail.decisionId, what);
  const version = (LOSES.includes(what) ? detail.from : detail.to) ?? '';
  const finding = findingOf(state.model, { what, version, detail, sinceMs: timeMs });
  const { open, output } = raiseAlert(finding, causeOf(context, detail.decisionId, timeMs), LEVELS);
  context.emit(0, output);
  state.told.push({ what, version, detail, sinceMs: timeMs, open });
}

/** What was told is over: another test opens, or a version is promoted. @param what only news of this kind; else what tests bring */
export function resolveTold(run: Run, decisionId: string, what?: Told['what']): void {
  const { state, context, timeMs } = run;
  for (const told of state.told.filter((each) =>
    what === undefined ? each.what !== 'not-actuated' : each.what === what,
  )) {
    state.told.splice(state.told.indexOf(told), 1);
    context.emit(
      0,
      resolveAlert(told.open, findingOf(state.model, told), causeOf(context, decisionId, timeMs), 'superseded'),
    );
  }
}

function findingOf(model: string, { what, version, detail, sinceMs }: Omit<Told, 'open'>): Finding {
  return {
    subject: subjectOf(model, { version }),
    rule: `promotion-${what}`,
    detail: { kind: 'promotion', promotion: detail },
    value: 1,
    threshold: 1,
    unit: null,
    effect: what === 'held' ? 0 : 1,
    summary: `${model}: version ${version} ${SAID[what]}: ${detail.reasons[0] ?? 'no reason given'}`,
    advice: `GET /v1/models/${encodeURIComponent(model)}/decisions shows the decision with its evidence.`,
    onsetMs: () => sinceMs,
    window: null,
    rate: null,
    labels: {},
  };
}
