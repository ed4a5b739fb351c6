/** Alerts of kind promotion: a challenger lost its traffic, or its promotion is held. */
import { raiseAlert } from '@weir/alerts/alert';
import type { Finding } from '@weir/alerts/finding';
import type { Run } from './decision-log.ts';

const SAID = {
  'rolled-back': 'was rolled back',
  killed: 'was killed',
  held: 'would be promoted and is held',
} as const;
/** The measure of effect is 1 for what took traffic away, and 0 for what only waits. */
const LEVELS = { warning: 1, critical: 2 };

export function tell(
  run: Run,
  what: keyof typeof SAID,
  decisionId: string,
  from: string,
  to: string | null,
  reasons: readonly string[],
): void {
  const { state, context, timeMs } = run;
  const version = what === 'held' ? (to ?? from) : from;
  const finding: Finding = {
    subject: { model: state.model, version, column: null, segment: null },
    rule: `promotion-${what}`,
    detail: { kind: 'promotion', promotion: { decisionId, from, to, reasons } },
    value: 1,
    threshold: 1,
    unit: null,
    effect: what === 'held' ? 0 : 1,
    summary: `${state.model}: version ${version} ${SAID[what]}: ${reasons[0] ?? 'no reason given'}`,
    advice: `GET /v1/models/${encodeURIComponent(state.model)}/decisions shows the decision with its evidence.`,
    onsetMs: () => timeMs,
    window: null,
    rate: null,
    labels: {},
  };
  const cause = { topic: context.topic, partition: context.partition, eventId: decisionId, eventTimeMs: timeMs };
  context.emit(0, raiseAlert(finding, cause, LEVELS).output);
}
