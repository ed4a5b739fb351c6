/** Odd events become episodes, and episodes alerts. */
import { attribute } from '@weir/anomaly/attribution/attribute';
import type { BrokenPair } from '@weir/anomaly/pairs/column-pairs';
import type { AnomalousFeature } from '@weir/events/generated/events';
import { episodeFinding, leftFinding } from './findings.ts';
import type { Decision, Outliers } from './outliers.ts';
import { KEPT_EPISODES, type ModelState, type Monitor, type OpenEpisode } from './state.ts';
import { escalate, type Place, raise, resolve } from './tell.ts';

/** Features that an alert names. */
const NAMED = 3;
/** p = α is a warning, p = α² critical. */
const LEVELS = { warning: 0, critical: 2 };
const LEFT_LEVELS = { warning: 0, critical: 0.2 };
/** A peak is told when it is so much stronger than what was told last, or as many events later as end an episode. */
const STRONGER = 1.25;
/** Events for which the data must have left its reference before that is told: an episode alone is none. */
const LEFT_EVENTS = 1_024;

export function observeOutliers(model: ModelState, monitor: Monitor, decision: Decision, place: Place): void {
  const outliers = monitor.outliers as Outliers;
  const change = outliers.episodes.add(monitor.events, decision.strength, decision.isAlarm);
  const { episode } = monitor;
  // One that began while nothing might be told is told by the first alarm that may.
  if (episode === null && decision.isAlarm) {
    if (monitor.allowance.take(monitor.events)) open(model, monitor, decision, place);
    else if (change === 'opened') monitor.withheld += 1;
  }
  if (episode !== null) {
    if (change === 'closed') close(model, monitor, episode, 'recovered', place);
    else {
      if (decision.strength >= outliers.episodes.settings.quietBelow) episode.lastMs = place.eventTimeMs;
      if (change === 'peak') peak(model, monitor, episode, decision, place);
    }
  }
  observeLeft(model, monitor, place);
}

function open(model: ModelState, monitor: Monitor, decision: Decision, place: Place): void {
  const { score, pValue, guarantee, strength } = decision;
  const atMs = place.eventTimeMs;
  const found = {
    onsetMs: atMs,
    peakMs: atMs,
    lastMs: atMs,
    score,
    pValue,
    guarantee,
    strength,
    features: featuresOf(monitor.outliers as Outliers),
    toldStrength: strength,
    toldAt: monitor.events,
  };
  monitor.episode = { ...found, alert: raise(episodeFinding(model, monitor, found, 'raised'), LEVELS, place) };
}

function peak(model: ModelState, monitor: Monitor, episode: OpenEpisode, decision: Decision, place: Place): void {
  if (decision.strength > episode.strength) {
    episode.peakMs = place.eventTimeMs;
    episode.score = decision.score;
    episode.pValue = decision.pValue;
    episode.strength = decision.strength;
  }
  const hold = model.config.episodeHold;
  const isStronger = decision.strength >= STRONGER * episode.toldStrength;
  const isLater = decision.isAlarm && monitor.events - episode.toldAt >= hold;
  if ((!isStronger && !isLater) || !monitor.allowance.take(monitor.events)) return;
  episode.features = featuresOf(monitor.outliers as Outliers);
  episode.toldStrength = Math.max(episode.toldStrength, decision.strength);
  episode.toldAt = monitor.events;
  episode.alert = escalate(model, episode.alert, episodeFinding(model, monitor, episode, 'escalated'), LEVELS, place);
}

function close(
  model: ModelState,
  monitor: Monitor,
  episode: OpenEpisode,
  reason: 'recovered' | 'reanchored' | 'reference-replaced',
  place: Place,
): void {
  resolve(model, episode.alert, episodeFinding(model, monitor, episode, reason), reason, place);
  const { alert, onsetMs, peakMs, lastMs: endMs, score, pValue, features } = episode;
  model.episodes.push({ alert: alert.id, onsetMs, peakMs, endMs, score, pValue, features });
  if (model.episodes.length > KEPT_EPISODES) model.episodes.shift();
  monitor.episode = null;
}

/** The row that was just decided. */
export function featuresOf(outliers: Outliers): AnomalousFeature[] {
  const { forest, row, dimensions, numbers, brokenPair } = outliers;
  if (brokenPair !== undefined) return pairFeatures(outliers, brokenPair);
  const { top } = attribute(forest, row, Math.min(NAMED, row.length));
  return top.map(({ feature, direction, share, expected: [low, high] }) => {
    const isNumber = feature < numbers;
    const observed = row[feature] as number;
    return {
      feature: dimensions[feature] as string,
      share,
      direction: direction === 'high' ? 1 : -1,
      observed: isNumber && Number.isFinite(observed) ? observed : null,
      expectedLow: isNumber ? low : Number.NaN,
      expectedHigh: isNumber ? high : Number.NaN,
    };
  });
}

/** Both columns of a pair, each with what the other lets expect: which of them is wrong, the pair does not say. */
function pairFeatures({ row, dimensions }: Outliers, pair: BrokenPair): AnomalousFeature[] {
  const feature = (at: number, isHigh: boolean, [expectedLow, expectedHigh]: readonly [number, number]) => ({
    feature: dimensions[at] as string,
    share: 0.5,
    direction: isHigh ? 1 : -1,
    observed: Number.isFinite(row[at]) ? (row[at] as number) : null,
    expectedLow,
    expectedHigh,
  });
  return [
    feature(pair.column, pair.isHigh, pair.expected),
    feature(pair.partner, pair.isPartnerHigh, pair.partnerExpected),
  ];
}

function observeLeft(model: ModelState, monitor: Monitor, place: Place): void {
  const { alarmShare } = monitor.outliers as Outliers;
  if (!alarmShare.open) {
    // Data that goes to and fro has left its reference once: it is back when as many events as one alarm takes were not too odd.
    if (monitor.left !== null && monitor.events - monitor.leftLast >= model.config.eventsPerAlarm)
      endLeft(model, monitor, 'recovered', place);
    monitor.leftSince = 0;
    return;
  }
  monitor.leftLast = monitor.events;
  if (monitor.leftSince === 0) monitor.leftSince = monitor.events;
  if (monitor.left !== null || monitor.events - monitor.leftSince < LEFT_EVENTS) return;
  if (!monitor.leftAllowance.take(monitor.events)) return;
  const sinceMs = monitor.quality.times.at(monitor.leftSince);
  monitor.left = raise(leftFinding(model, monitor, sinceMs, 'raised'), LEFT_LEVELS, place);
}

function endLeft(model: ModelState, monitor: Monitor, reason: 'recovered' | 'reanchored', place: Place): void {
  if (monitor.left === null) return;
  resolve(model, monitor.left, leftFinding(model, monitor, monitor.left.sinceMs, reason), reason, place);
  monitor.left = null;
}

/** Ends what the forest has open, because it begins anew. */
export function endOutliers(model: ModelState, monitor: Monitor, place: Place): void {
  if (monitor.episode !== null) close(model, monitor, monitor.episode, 'reanchored', place);
  endLeft(model, monitor, 'reanchored', place);
  monitor.leftSince = 0;
}
