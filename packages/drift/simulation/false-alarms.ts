/**
 * How far apart false alarms are: streams without a change, each against a reference of its own, through the evaluations as they are.
 * What is counted is what is raised; an evaluation that is open raises nothing until it has recovered. Seeded; same numbers on any machine.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { CountEvaluation } from '../src/count-evaluation.ts';
import { EVALUATION_DEFAULTS } from '../src/evaluation.ts';
import type { FalseAlarmRow } from '../src/false-alarms.ts';
import { expectedMissingShare, MissingEvaluation } from '../src/missing-evaluation.ts';
import { PANES } from '../src/paned-window.ts';
import { binOf, referenceOf } from '../src/reference.ts';
import { TimeEvaluation } from '../src/time-evaluation.ts';

export type Cell = Pick<FalseAlarmRow, 'rule' | 'windowSize' | 'referenceSize' | 'asked'>;

/** True share of missing values; the reference has seen as many as one draws at it. */
const MISSING_SHARE = 0.01;
const PANE_MS = 1_000;

export function cells(): readonly Cell[] {
  const rules = ['count', 'time', 'missing'] as const;
  return rules.flatMap((rule) =>
    [100, 1_000].flatMap((size) =>
      [1_000, 10_000].flatMap((referenceSize) =>
        [100, 1_000, 10_000].map((asked): Cell => {
          // Panes hold whole values.
          const windowSize = rule === 'time' ? 1.2 * size : size;
          return { rule, windowSize, referenceSize, asked };
        }),
      ),
    ),
  );
}

/** @param references streams, each with its own; @param events of each */
export function simulate(cell: Cell, references: number, events: number, seed: number): FalseAlarmRow {
  const random = xoroshiro128plus(seed);
  for (let index = 0; index < 100; index += 1) uniformFloat64(random);
  const counts = Array.from({ length: references }, () => alarmsOf(cell, events, () => uniformFloat64(random)));
  const alarms = counts.reduce((sum, count) => sum + count, 0);
  const mean = alarms / references;
  // Alarms of one reference are alike, so the error is that between references.
  const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (references - 1);
  const upper = mean + 1.645 * Math.sqrt(variance / references);
  // Of none seen, three are the 95 % bound.
  const most = alarms === 0 ? 3 : upper * references;
  const total = references * events;
  return { ...cell, alarms, events: total, atLeast: Number((total / most).toPrecision(3)) };
}

function alarmsOf({ rule, windowSize, referenceSize, asked }: Cell, events: number, next: () => number): number {
  const by = { ...EVALUATION_DEFAULTS, readingsPerFalseAlarm: asked, minValues: 1 };
  let alarms = 0;
  if (rule === 'missing') {
    let absent = 0;
    for (let index = 0; index < referenceSize; index += 1) if (next() < MISSING_SHARE) absent += 1;
    const evaluation = new MissingEvaluation(windowSize, expectedMissingShare(referenceSize - absent, absent), by);
    for (let at = 1; at <= events; at += 1)
      if (evaluation.add(at, next() < MISSING_SHARE, at) === 'raised') alarms += 1;
    return alarms;
  }
  const reference = referenceOf(Array.from({ length: referenceSize }, next));
  if (rule === 'count') {
    const evaluation = new CountEvaluation(reference, windowSize, by);
    for (let at = 0; at < events; at += 1) if (evaluation.add(binOf(reference, next()), at) === 'raised') alarms += 1;
    return alarms;
  }
  const evaluation = new TimeEvaluation(reference, PANES * PANE_MS, by);
  const perPane = windowSize / PANES;
  for (let at = 0; at < events; at += 1) {
    const timeMs = Math.floor((at * PANE_MS) / perPane);
    if (at % perPane === 0) evaluation.close(timeMs, (transition) => (alarms += transition === 'raised' ? 1 : 0));
    evaluation.add(binOf(reference, next()), timeMs);
  }
  return alarms;
}
