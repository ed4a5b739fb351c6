/** What an alert says. */
import { type Finding, subjectOf } from '@weir/alerts/finding';
import type { AlertAllowance } from '@weir/anomaly/alert-allowance';
import { columnsNamed } from '@weir/catalogue/model-catalogue';
import { FAULT_NAMES, faultSummary } from './fault-text.ts';
import type { Outliers } from './outliers.ts';
import { isRule, type OpenQuality, type Quality } from './quality.ts';
import { expectedIntervalMs, type ModelState, type Monitor, type OpenEpisode } from './state.ts';

/** What happened; the reason of an AlertResolved, where it is one. */
export type Told = 'raised' | 'escalated' | 'recovered' | 'reference-replaced' | 'reanchored';

/** @param share of events that are affected, as far as has been measured */
export function qualityFinding(
  model: ModelState,
  monitor: Monitor,
  open: Pick<OpenQuality, 'fault' | 'field' | 'found'>,
  told: Told,
  share: number,
): Finding {
  const { fault, field, found } = open;
  const rule = isRule(fault) ? `rule-${fault.toLowerCase().replaceAll('_', '-')}` : fault;
  const unit = columnsNamed(model.catalogue, field)[0]?.unit ?? null;
  const sinceMs = monitor.quality.times.at(found.since);
  const text = faultSummary(open, unit, monitor.quality);
  const state = {
    raised: `${text} since ${new Date(sinceMs).toISOString()}`,
    escalated: `${text} since ${new Date(sinceMs).toISOString()}, in ${percent(share)} of events`,
    recovered: `${text} no more`,
    'reference-replaced': `${text}; it has a new reference, which ends this alert`,
    reanchored: `${text}; the model was re-anchored, which ends this alert`,
  }[told];
  return {
    subject: subjectOf(model.model, { column: field }),
    rule,
    detail: {
      kind: 'quality',
      quality: {
        fault: FAULT_NAMES[fault] ?? rule,
        factor: Number.isFinite(found.factor) ? found.factor : null,
        observed: found.detail,
        expected: `as the reference of ${field}`,
      },
    },
    value: share,
    threshold: monitor.quality.shareAllowed(open),
    unit: 'share of events',
    effect: share,
    summary: `${model.model}: ${state}`,
    advice:
      'Look at what feeds the column since then: a release, a source, a unit. It does not say whether predictions are worse.',
    onsetMs: () => sinceMs,
    window: null,
    rate: {
      guarantee: qualityGuarantee(monitor.quality),
      expectedEventsBetweenFalseAlarms: model.config.eventsBetweenFalseAlarms,
    },
    labels: {},
  };
}

const ARL = 'arl, all quality rules of the model together, for independent events of the reference';

/** What is promised of the rate of such alerts, and whether the clean events that are known are what it needs. */
function qualityGuarantee({ hasOrder, dependent }: Quality): string {
  if (!hasOrder) return `${ARL}; whether they are independent is not known while the model warms up`;
  const notPromised = qualityDependenceText(dependent);
  return notPromised === null ? ARL : `${ARL}; not promised here: ${notPromised}`;
}

/** Why quality rules promise no rate; null when they do. */
export function qualityDependenceText(dependent: Quality['dependent']): string | null {
  if (dependent.length === 0) return null;
  const named = dependent.slice(0, NAMED_COLUMNS).map(({ name, strayShare }) => `${name} (${percent(strayShare)})`);
  const more = dependent.length > NAMED_COLUMNS ? ` and ${dependent.length - NAMED_COLUMNS} columns more` : '';
  return `values depend on those before them, since stretches of 256 clean events differ from the reference more often than chance allows: ${named.join(', ')}${more}; false alarms may be more frequent, and come in clusters`;
}

const NAMED_COLUMNS = 3;

export function episodeFinding(
  model: ModelState,
  monitor: Monitor,
  episode: Omit<OpenEpisode, 'alert'>,
  told: Told,
): Finding {
  const { score, pValue, guarantee, features, onsetMs, peakMs, lastMs, strength } = episode;
  const [first] = features;
  const why = first === undefined ? '' : `: ${features.map(featureText).join(', ')}`;
  const state = {
    raised: `odd event${why}`,
    escalated: `a further peak of odd events${why}`,
    recovered: `odd events are over since ${new Date(lastMs).toISOString()}`,
    'reference-replaced': 'odd events: the reference was replaced',
    reanchored: 'odd events: the model was re-anchored, which ends this alert',
  }[told];
  const level = monitor.outliers?.level ?? 1;
  const isOver = told !== 'raised' && told !== 'escalated';
  return {
    subject: subjectOf(model.model),
    rule: 'forest',
    detail: {
      kind: 'anomaly',
      anomaly: {
        score,
        pValue,
        guarantee,
        features: [...features],
        episode: { onsetMs, peakMs, endMs: isOver ? lastMs : null },
      },
    },
    value: strength,
    threshold: level,
    unit: '−ln p',
    effect: strength / level,
    summary: `${model.model}: ${state}${isOver ? '' : ` (score ${score.toFixed(3)}, p = ${pValue.toPrecision(2)})`}`,
    advice:
      'Look at the event that is named and at those around it. A p-value says how rare such a score is, not whether the prediction is wrong.',
    onsetMs: () => onsetMs,
    window: null,
    rate: {
      guarantee: episodeGuarantee(monitor, guarantee),
      expectedEventsBetweenFalseAlarms: model.config.eventsPerAlarm,
    },
    labels: {},
  };
}

/** What is promised of the rate of such alerts: of the calibration, where it holds, else of the count alone. */
function episodeGuarantee({ outliers, allowance }: Monitor, guarantee: string): string {
  const counted = countText(allowance);
  const notPromised = dependenceText(outliers);
  if (notPromised !== null) return `count: ${counted}; ${notPromised}`;
  if (guarantee === 'budget') return 'budget: this share of events over the long run, whatever they are';
  return `reference: for events that are exchangeable with the held-out ones${rangeText(outliers)}; ${counted} whatever they are`;
}

/** How far one reference may stray from the rate, which is the mean over references. */
function rangeText(outliers: Outliers | null): string {
  const range = outliers?.rateRange ?? null;
  if (range === null) return '';
  const every = (share: number): string => `one in ${Number((1 / share).toPrecision(2)).toLocaleString('en')}`;
  return `, on average over references; nine of ten with ${outliers?.referenceSize.toLocaleString('en')} scores keep from ${every(range.lowest)} to ${every(range.highest)}`;
}

/** Why p-values promise no rate at present; null while they do. */
export function dependenceText(outliers: Outliers | null): string | null {
  const { lagOne = 0, isDependent = false } = outliers?.dependence ?? {};
  if (!isDependent) return null;
  return `scores depend on those before them (lag-1 rank autocorrelation ${lagOne.toFixed(2)}), so odd events come in clusters and p-values promise no rate of them`;
}

/** That odd events come so often that the data is no longer that of the reference. */
export function leftFinding(model: ModelState, monitor: Monitor, sinceMs: number, told: Told): Finding {
  const share = monitor.outliers?.alarmShare.share ?? 0;
  const promised = 1 / model.config.eventsPerAlarm;
  const since = `since ${new Date(sinceMs).toISOString()}`;
  const state = {
    raised: `the data has left the reference of the forest ${since}: ${percent(share)} of events are as odd as ${percent(promised)} were`,
    escalated: `the data has moved farther from the reference of the forest ${since}`,
    recovered: 'the data is back at the reference of the forest',
    'reference-replaced': 'the reference was replaced',
    reanchored: 'the forest was re-anchored, which ends this alert',
  }[told];
  return {
    subject: subjectOf(model.model),
    rule: 'reference-left',
    detail: {
      kind: 'anomaly',
      anomaly: { score: 0.5, pValue: promised, guarantee: 'reference', features: [], episode: null },
    },
    value: share,
    threshold: monitor.outliers?.alarmShare.p0 ?? promised,
    unit: 'share of events',
    effect: share,
    summary: `${model.model}: ${state}`,
    advice:
      'While events are that odd, so many alarms are raised as the budget allows. Send the command reanchor when the data is right as it is.',
    onsetMs: () => sinceMs,
    window: null,
    rate: {
      guarantee: `count: ${countText(monitor.leftAllowance)}, whatever they are`,
      expectedEventsBetweenFalseAlarms: monitor.leftAllowance.settings.eventsPerAlert,
    },
    labels: {},
  };
}

/** Bound that an allowance keeps. */
function countText({ settings: { burst, eventsPerAlert } }: AlertAllowance): string {
  return `at most ${burst} + n / ${eventsPerAlert} alerts in any n events`;
}

export function absenceFinding(model: ModelState, told: Told): Finding {
  const expected = expectedIntervalMs(model);
  const sinceMs = model.lastEventMs;
  const state =
    told === 'raised'
      ? `no event since ${new Date(sinceMs).toISOString()}; one is expected every ${seconds(expected)} at least`
      : 'events come again';
  return {
    subject: subjectOf(model.model),
    rule: 'absence',
    detail: {
      kind: 'quality',
      quality: { fault: 'absent', factor: null, observed: null, expected: `an event every ${seconds(expected)}` },
    },
    value: (2 * expected) / 1_000,
    threshold: expected / 1_000,
    unit: 's',
    effect: 1,
    summary: `${model.model}: ${state}`,
    advice:
      'Look at the caller of the model and at the producer of its events. By the clock, so an orderly stop is told, too.',
    onsetMs: () => sinceMs,
    window: null,
    rate: null,
    labels: {},
  };
}

function featureText({
  feature,
  direction,
  observed,
  expectedLow,
  expectedHigh,
}: OpenEpisode['features'][number]): string {
  if (observed === null) return `${feature} ${direction > 0 ? 'rare' : 'usual'}`;
  const range = Number.isNaN(expectedLow) ? '' : ` (expected ${shown(expectedLow)} to ${shown(expectedHigh)})`;
  return `${feature} ${shown(observed)}${range}`;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}

function seconds(ms: number): string {
  return `${Number((ms / 1_000).toPrecision(4))} s`;
}

export function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}
