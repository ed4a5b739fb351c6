import { decode } from '@weir/events/codec';
import { referenceHash } from '@weir/events/reference-hash';
import { expect, test } from 'vitest';
import { NUMERIC_FEATURES } from '../src/features.ts';
import { Injector, parseFault } from '../src/inject.ts';
import { OUTPUT, type ReplayEvent, replay } from '../src/replay.ts';

const PREDICTIONS = 150_000;

/** Chance that a late flight scored higher than one on time: the rank sum, ties in halves. */
function auc(scored: readonly { readonly score: number; readonly late: boolean }[]): number {
  const sorted = scored.toSorted((a, b) => a.score - b.score);
  let ranks = 0;
  for (let from = 0; from < sorted.length; ) {
    let to = from;
    while (to < sorted.length && sorted[to]?.score === sorted[from]?.score) to += 1;
    for (let at = from; at < to; at += 1) if (sorted[at]?.late) ranks += (from + to + 1) / 2;
    from = to;
  }
  const late = sorted.filter((each) => each.late).length;
  return (ranks - (late * (late + 1)) / 2) / (late * (sorted.length - late));
}

test('February: both models beat chance on flights they never saw, and the one that sees recent delays beats the other', async () => {
  const open = new Map<string, { readonly version: string; readonly score: number }>();
  const scored: Record<string, { score: number; late: boolean }[]> = { schedule: [], 'recent-delay': [] };
  let before = 0;
  let seen = 0;
  for await (const events of replay()) {
    for (const { value, eventTimeMs } of events) {
      expect(eventTimeMs).toBeGreaterThanOrEqual(before);
      before = eventTimeMs;
      const { name, event } = decode(value);
      if (name === 'PredictionLogged') {
        seen += 1;
        open.set(event.id, { version: event.version, score: event.outputs[0] as number });
      } else if (name === 'OutcomeObserved') {
        const prediction = open.get(event.predictionId);
        if (prediction !== undefined)
          scored[prediction.version]?.push({ score: prediction.score, late: event.label === 1 });
      }
    }
    if (seen >= PREDICTIONS) break;
  }
  const [schedule, recent] = [auc(scored['schedule'] ?? []), auc(scored['recent-delay'] ?? [])];
  expect(schedule).toBeGreaterThan(0.55);
  expect(recent).toBeGreaterThan(schedule + 0.02);
}, 60_000);

test('January gives references of all features and of the output, over the same flights; the output stays a probability', async () => {
  const { value } = await replay().next();
  const introduction = value as readonly ReplayEvent[];
  const references = introduction.flatMap(({ value }) => {
    const { name, event } = decode(value);
    return name === 'ReferenceSet' ? event : [];
  });
  expect(references.map(({ column }) => column)).toEqual([...NUMERIC_FEATURES.map(({ name }) => name), OUTPUT]);
  const sizes = references.map(({ counts }) => counts.reduce((sum, count) => sum + count, 0));
  expect(new Set(sizes).size).toBe(1);
  expect(sizes[0]).toBeGreaterThan(400_000);
  for (const { values, counts, missing, hash } of references) expect(hash).toBe(referenceHash(values, counts, missing));
  const { values = [], counts = [] } = references.at(-1) ?? {};
  expect(values[0]).toBeGreaterThan(0);
  expect(values.at(-1)).toBeLessThan(1);
  // Models that see this little are never sure.
  const mean = values.reduce((sum, value, at) => sum + value * (counts[at] as number), 0) / (sizes[0] as number);
  expect(mean).toBeGreaterThan(0.1);
  expect(mean).toBeLessThan(0.2);
}, 60_000);

test('faults touch their column from their time on, and nothing before', () => {
  const features = (): number[] => [100, 12, 3, 4, 5];
  const at = (fault: string, timeMs: number, times = 1): number[] => {
    const injector = new Injector([parseFault(fault)]);
    let changed: number[] = [];
    for (let i = 0; i < times; i += 1) {
      changed = features();
      if (i > 0) changed[0] = 999;
      injector.apply(changed, timeMs);
    }
    return changed;
  };
  const when = Date.parse('2001-03-01');
  expect(at('unit:distance@2001-03-01', when - 1)).toEqual(features());
  expect(at('unit:distance@2001-03-01', when)).toEqual([160.9344, 12, 3, 4, 5]);
  expect(at('unit:originRecentDelay@2001-03-01', when)).toEqual([100, 12, 3, 240, 5]);
  expect(at('stuck:distance@2001-03-01', when, 2)).toEqual([100, 12, 3, 4, 5]);
  expect(at('nulls:departureHour@2001-03-01', when, 2)).toEqual([999, Number.NaN, 3, 4, 5]);
  expect(at('shift:originTraffic@2001-03-01', when)).toEqual([100, 12, 12, 3, 4]);
});

test.each(['unit', 'unit:distance', 'melt:distance@2001-03-01', 'unit:price@2001-03-01', 'unit:distance@tomorrow'])(
  '%s is no fault, and says what one looks like',
  (text) => {
    expect(() => parseFault(text)).toThrow(/is not a fault; .*like unit:distance@2001-03-01/);
  },
);
