/** What is raised, made more urgent and resolved, and what it says. */

import { referenceOf } from '@weir/drift/reference';
import { SlidingKs } from '@weir/drift/sliding-ks';
import { threshold } from '@weir/drift/threshold';
import { binomialLimit } from '@weir/stats/binomial';
import { predictionOf, referenceSetOf, registrationOf } from '@weir/testkit/events';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DRIFT_DEFAULTS, type DriftConfig } from '../src/config.ts';
import { Folded, range } from './folded.ts';

const WINDOW = 40;
const CONFIG: DriftConfig = { ...DRIFT_DEFAULTS, countWindows: [WINDOW], readingsPerFalseAlarm: 20, resolveShare: 0.9 };
const SAMPLE = range(60).map((index) => index % 25);
const COLUMNS = ['x', 'y', 'score'];

function registered(config: Partial<DriftConfig>): Folded {
  const folded = new Folded(config);
  const { values, counts } = referenceOf(SAMPLE);
  const outputs = [{ name: 'score', unit: 'EUR' }];
  folded.records('models', [registrationOf(['x', 'y'], { model: 'a', outputs })]);
  const reference = { model: 'a', values: [...values], counts: [...counts] };
  folded.records(
    'references',
    COLUMNS.map((column) => referenceSetOf({ ...reference, column })),
  );
  return folded;
}

function prediction(numbers: readonly number[], index: number, eventTimeMs = index): Uint8Array {
  const [numeric, outputs] = [numbers.slice(0, -1), numbers.slice(-1)];
  return predictionOf({ model: 'a', eventTimeMs, numeric, outputs, id: `p${index}` });
}

/** Stretches near the reference and far from it, so that levels are crossed and hovered at. */
const given = fc
  .array(fc.record({ shift: fc.constantFrom(0, 0, 6, 9, 12, 30), length: fc.integer({ min: 1, max: 3 * WINDOW }) }), {
    minLength: 1,
    maxLength: 8,
  })
  .chain((stretches) =>
    fc.tuple(
      ...[...stretches, { shift: 0, length: 7 * WINDOW }].map(({ shift, length }) =>
        fc.array(
          fc.array(fc.oneof({ weight: 20, arbitrary: fc.nat(24).map((x) => x + shift) }, fc.constant(Number.NaN)), {
            minLength: 3,
            maxLength: 3,
          }),
          { minLength: length, maxLength: length },
        ),
      ),
    ),
  )
  .map((stretches) => stretches.flat());

const MISSING_RAISES = binomialLimit(WINDOW, 1 / (SAMPLE.length + 2), 1 / CONFIG.readingsPerFalseAlarm);
const MISSING_RECOVERS = Math.floor(MISSING_RAISES * CONFIG.resolveShare);

/** The rules as they read, without any shortcut: the share of missing values, and D after every value against the two levels. */
function byDefinition(events: readonly (readonly number[])[]): readonly string[] {
  const limit = threshold(SAMPLE.length, WINDOW, CONFIG);
  const said: [number, string][] = [];
  for (const [place, column] of COLUMNS.entries()) {
    const ks = new SlidingKs(referenceOf(SAMPLE), WINDOW);
    const seen: number[] = [];
    let recovered: number | undefined;
    let missingRecovered: number | undefined;
    for (const [index, event] of events.entries()) {
      const value = event[place] as number;
      seen.push(value);
      const recent = seen.slice(-WINDOW);
      const missing = recent.filter((each) => Number.isNaN(each)).length;
      const say = (name: string, statistic: number): void =>
        void said.push([index, `${name} ${column} p${index} ${statistic}`]);
      if (missingRecovered === undefined && Number.isNaN(value) && missing >= MISSING_RAISES) {
        missingRecovered = 0;
        say('AlertRaised', missing / recent.length);
      }
      if (missingRecovered !== undefined) {
        missingRecovered = missing <= MISSING_RECOVERS ? missingRecovered + 1 : 0;
        if (missingRecovered >= WINDOW) {
          missingRecovered = undefined;
          say('AlertResolved', missing / recent.length);
        }
      }
      if (Number.isNaN(value)) continue;
      ks.push(value);
      if (!ks.full) continue;
      const { statistic } = ks.read();
      if (recovered === undefined) {
        if (statistic < limit) continue;
        recovered = 0;
        say('AlertRaised', statistic);
        continue;
      }
      recovered = statistic < limit * CONFIG.resolveShare ? recovered + 1 : 0;
      if (recovered < WINDOW) continue;
      recovered = undefined;
      say('AlertResolved', statistic);
    }
  }
  return said.sort(([a], [b]) => a - b).map(([, text]) => text);
}

test('what is raised and resolved is what the rules say as they read', () => {
  const changes = new Map<string, number>();
  fc.assert(
    fc.property(given, (events) => {
      const folded = registered(CONFIG);
      folded.records(
        'predictions',
        events.map((numbers, index) => prediction(numbers, index)),
      );
      const said = folded.said();
      const shown = said
        .filter(({ event }) => (event.escalates ?? null) === null)
        .map(({ name, event }) => `${name} ${event.column} ${event.evidence.eventId} ${event.value}`);
      expect(shown).toEqual(byDefinition(events));
      for (const { name, event } of said) {
        const change = event.escalates ? 'escalated' : name;
        changes.set(change, (changes.get(change) ?? 0) + 1);
      }
    }),
    { numRuns: 60, seed: 20_261_130 },
  );
  expect(changes.get('AlertRaised')).toBeGreaterThan(20);
  expect(changes.get('AlertResolved')).toBeGreaterThan(5);
  expect(changes.get('escalated')).toBeGreaterThan(0);
});

const TIMED: DriftConfig = {
  ...CONFIG,
  timeWindows: [
    { name: '1s', spanMs: 48 },
    { name: '4s', spanMs: 192 },
  ],
  allowedLatenessMs: 9,
  idleAfterMs: 1_000,
  minValues: 10,
};

test('a column that falls silent has its last panes evaluated by the clock, and then asks for no more ticks', () => {
  const folded = registered(TIMED);
  const { fold } = folded;
  // A whole span of the longer window, the last panes of which nothing that follows will close.
  folded.records(
    'predictions',
    range(200).map((index) => prediction([(index % 20) + 30, index % 25, index % 25], index)),
  );
  const rules = (): readonly string[] => folded.said().map(({ event }) => event.rule);
  rules();
  const figures = () => [...fold.keys.values()].map(({ state }) => fold.kernel.figures?.(state));
  // The newest event is of 199, the allowed lateness 9: panes of 4 and of 16 ms that end by 190 have closed.
  expect(figures()).toEqual([{ lateEvents: 0, oldestWindowEndMs: 192 }]);
  expect(fold.nextTickMs).toBe(1_000);
  fold.tick(500, folded.sink);
  expect(rules()).toEqual([]);
  fold.tick(2_000, folded.sink);
  const alert = folded.said().find(({ event }) => event.rule === 'ks-4s');
  expect(alert).toMatchObject({
    name: 'AlertRaised',
    event: {
      column: 'x',
      evidence: { topic: 'predictions', eventId: expect.stringMatching(/^ks-4s until 1970-/) as unknown },
    },
  });
  expect(fold.nextTickMs).toBeUndefined();
  expect(figures()).toEqual([{ lateEvents: 0 }]);
});

test('another reference ends the alerts that were open with the old one, whatever raised them, and the same one again ends none', () => {
  const folded = registered(TIMED);
  const shifted = (from: number): readonly Uint8Array[] =>
    range(300).map((index) => {
      const at = from + index;
      return prediction([at % 3 === 0 ? Number.NaN : (at % 20) + 30, at % 25, at % 25], at);
    });
  folded.records('predictions', shifted(0));
  const raised = folded.said();
  // Each says itself since when.
  for (const { event } of raised) expect(event.summary).toContain(` since ${new Date(event.sinceMs).toISOString()}: `);
  const rules = new Set(raised.map(({ event }) => event.rule));
  expect(rules).toEqual(new Set(['ks-40', 'ks-1s', 'ks-4s', 'missing-40']));
  const { values, counts } = referenceOf(SAMPLE);
  folded.records('references', [referenceSetOf({ model: 'a', column: 'x', values: [...values], counts: [...counts] })]);
  // One that is refused ends none either: m·W would pass 2⁵³.
  const many = range(60_000);
  const tooLarge = { model: 'a', column: 'x', values: [...many], counts: many.map(() => 2 ** 32 - 1) };
  folded.records('references', [referenceSetOf(tooLarge)]);
  expect(folded.rejections.map(({ code }) => code)).toEqual(['REFERENCE_TOO_LARGE']);
  expect(folded.said()).toEqual([]);
  const other = referenceOf(SAMPLE.map((value) => value + 30));
  const another = {
    model: 'a',
    column: 'x',
    values: [...other.values],
    counts: [...other.counts],
    missing: 30,
    id: 'x2',
  };
  folded.records('references', [referenceSetOf(another)]);
  const ended = folded.said();
  expect(new Set(ended.map(({ name, event }) => `${name} ${event.rule} ${event.reason}`))).toEqual(
    new Set([...rules].map((rule) => `AlertResolved ${rule} reference-replaced`)),
  );
  const ids = raised.filter(({ event }) => event.escalates === null).map(({ event }) => event.id);
  expect(new Set(ended.map(({ event }) => event.raisedId))).toEqual(new Set(ids));
  expect(ended[0]?.event).toMatchObject({
    // When it came, not when its sample was drawn: nothing resolves before it was raised.
    eventTimeMs: 299,
    evidence: { topic: 'references', eventId: 'x2' },
    summary: expect.stringMatching(
      /^a: x has a new reference, which ends this alert; with the old one: median 9 → \d+, .*D = /,
    ) as unknown,
  });
  folded.records('references', [referenceSetOf(another)]);
  folded.records('predictions', shifted(300));
  // What was drift for the old one is none for the new one.
  expect(folded.said().filter(({ event }) => event.rule.startsWith('ks'))).toEqual([]);
});

test('a drift in February, and in May everything times sixty while its alert is open: one alert, told twice', () => {
  const folded = registered({ ...CONFIG, readingsPerFalseAlarm: 1e4 });
  const day = 86_400_000;
  // Low discrepancy instead of chance: uniform in any stretch.
  folded.records(
    'predictions',
    range(1_500).map((index) => {
      const even = 25 * ((index * 0.618_034) % 1);
      const price = (index < 330 ? even : 10 + 0.6 * even) * (index < 1_200 ? 1 : 60);
      return prediction([even, even, price], index, (index * day) / 10);
    }),
  );
  const said = folded.said().filter(({ event }) => event.rule === 'ks-40');
  expect(said.map(({ name, event }) => [name, event.column, event.escalates === null])).toEqual([
    ['AlertRaised', 'score', true],
    ['AlertRaised', 'score', false],
  ]);
  const [first, second] = said.map(({ event }) => event);
  expect(second?.escalates).toBe(first?.id);
  expect(new Date(first?.sinceMs ?? 0).toISOString().slice(0, 7)).toBe('1970-02');
  expect(new Date(second?.sinceMs ?? 0).toISOString().slice(0, 7)).toBe('1970-05');
  expect([first?.severity, second?.severity]).toEqual(['critical', 'critical']);
  expect(second?.summary).toMatch(
    /^a: score has moved again and lies above its reference since 1970-05-0\dT\d\d:00:00\.000Z: median 9 → \d+ EUR, 5 to 95 % 0 to 23 → [\d.]+ to \d+ EUR \(D = /,
  );
  expect(second?.drift?.after?.median).toBeGreaterThan(600);
});

test('severity is that of what began, not of the first hint in the window', () => {
  const severityOf = (shift: number): string | undefined => {
    const folded = registered({ ...DRIFT_DEFAULTS, countWindows: [400], readingsPerFalseAlarm: 1e3 });
    const values = range(3_000).map((index) => 25 * ((index * 0.618_034) % 1) + (index < 1_000 ? 0 : shift));
    folded.records(
      'predictions',
      values.map((x, index) => prediction([x, 0, 0], index)),
    );
    return folded.said().find(({ event }) => event.column === 'x' && event.rule === 'ks-400')?.event.severity;
  };
  expect(severityOf(25)).toBe('critical');
  expect(severityOf(7)).toBe('warning');
});

test('values that depend on each other have no promised rate, and the view says why', () => {
  const rateOf = (step: (before: number, even: number) => number) => {
    const folded = registered({ ...CONFIG, countWindows: [WINDOW, 400], readingsPerFalseAlarm: 1e3 });
    let x = 12;
    let random = 1;
    folded.records(
      'predictions',
      range(2_000).map((index) => {
        random = (random * 48_271) % 2_147_483_647;
        x = step(x, 25 * (random / 2_147_483_647));
        return prediction([x + (index > 1_500 ? 30 : 0), 0, 0], index);
      }),
    );
    const view = folded.view<{ verdicts: { column: string; notPromisedBecause: string | null }[] }>('drift/a');
    const alert = folded.said().find(({ event }) => event.column === 'x' && event.rule === 'ks-400');
    return { rate: alert?.event.rate, because: view.verdicts.find(({ column }) => column === 'x')?.notPromisedBecause };
  };
  expect(rateOf((_, even) => even)).toEqual({
    rate: { guarantee: 'exchangeable', expectedEventsBetweenFalseAlarms: 1_000 },
    because: null,
  });
  expect(rateOf((before, even) => 0.7 * before + 0.3 * even)).toEqual({
    rate: null,
    because: expect.stringMatching(/neighbouring values depend on each other \(rank correlation 0\.\d\d\)/) as unknown,
  });
});
