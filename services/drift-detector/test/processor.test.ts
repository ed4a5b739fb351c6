import { referenceOf } from '@weir/drift/reference';
import { SlidingKs } from '@weir/drift/sliding-ks';
import { decode } from '@weir/events/codec';
import { Fold } from '@weir/service-kit/fold';
import type { Output } from '@weir/service-kit/processor';
import { binomialLimit } from '@weir/stats/binomial';
import { predictionOf, referenceSetOf, registrationOf } from '@weir/testkit/events';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DRIFT_DEFAULTS, type DriftConfig } from '../src/config.ts';
import { createDriftProcessor, type DriftEvent } from '../src/processor.ts';
import type { DriftState } from '../src/state.ts';

const WINDOW = 40;
const CONFIG: DriftConfig = { ...DRIFT_DEFAULTS, countWindows: [WINDOW], readingsPerFalseAlarm: 20, resolveShare: 0.9 };
const SAMPLE = Array.from({ length: 60 }, (_, index) => index % 25);
const COLUMNS = ['x', 'y', 'score'];

function bytesOf(value: Uint8Array) {
  return { offset: 0n, key: null, value, headers: [], timestampMs: 0 };
}

function introduction(model: string) {
  const { values, counts } = referenceOf(SAMPLE);
  const registrations = ['1', '2'].map((version) =>
    registrationOf(['x', 'y'], {
      model,
      version,
      outputs: [{ name: 'score', unit: null }],
      id: version,
    }),
  );
  const references = COLUMNS.map((column) =>
    referenceSetOf({
      model,
      column,
      values: [...values],
      counts: [...counts],
      id: column,
    }),
  );
  return { models: registrations.map(bytesOf), references: references.map(bytesOf) };
}

interface Given {
  readonly model: string;
  readonly version: string;
  readonly numbers: readonly number[];
}

function prediction({ model, version, numbers }: Given, index: number, eventTimeMs = index) {
  const numeric = numbers.slice(0, -1);
  return bytesOf(
    predictionOf({
      model,
      version,
      eventTimeMs,
      numeric,
      outputs: numbers.slice(-1),
      id: `p${index}`,
    }),
  );
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
          fc.record({
            model: fc.constantFrom('a', 'a', 'b', 'nobody'),
            version: fc.constantFrom('1', '2', '2', 'unknown'),
            numbers: fc.array(
              fc.oneof({ weight: 20, arbitrary: fc.nat(24).map((x) => x + shift) }, fc.constant(Number.NaN)),
              { minLength: 3, maxLength: 3 },
            ),
          }),
          { minLength: length, maxLength: length },
        ),
      ),
    ),
  )
  .map((stretches) => stretches.flat());

interface Result {
  readonly outputs: readonly Output[];
  readonly rejected: readonly string[];
  readonly state: Buffer;
}

/** Folds in slices of `cut` records; every other slice starts from a restored snapshot when `restore` is set. */
function fold(
  events: readonly Given[],
  cut: number,
  restore: boolean,
  config: DriftConfig = CONFIG,
  timeOf: (index: number) => number = (index) => index,
): Result {
  const processor = createDriftProcessor(config);
  const options = { partition: 0, seed: 's', futureBoundMs: 1e15 };
  let state = new Fold<DriftState, DriftEvent>(processor, options, processor.initialState(0), 0);
  const outputs: Output[] = [];
  const rejected: string[] = [];
  const sink = {
    output: (output: Output) => void outputs.push(output),
    reject: (_: string, __: unknown, { code }: { code: string }) => void rejected.push(code),
  };
  for (const model of ['a', 'b']) {
    const { models, references } = introduction(model);
    state.records('models', models, sink);
    state.records('references', references, sink);
  }
  for (let from = 0; from < events.length; from += cut) {
    const slice = events
      .slice(from, from + cut)
      .map((event, index) => prediction(event, from + index, timeOf(from + index)));
    state.records('predictions', slice, sink);
    if (restore && (from / cut) % 2 === 1) {
      const again = createDriftProcessor(config);
      state = new Fold(again, options, again.fromSnapshot(processor.toSnapshot(state.state)), 0);
    }
  }
  return { outputs, rejected, state: Buffer.from(processor.toSnapshot(state.state)) };
}

const MISSING_RAISES = binomialLimit(WINDOW, 1 / (SAMPLE.length + 2), 1 / CONFIG.readingsPerFalseAlarm);
const MISSING_CALMS = Math.floor(MISSING_RAISES * CONFIG.resolveShare);

/** The rules as they read, without any shortcut: the share of missing values, and D after every value against the two levels. */
function plainly(events: readonly Given[], limit: number): readonly string[] {
  const said: [number, string][] = [];
  for (const model of ['a', 'b']) {
    for (const [place, column] of COLUMNS.entries()) {
      const ks = new SlidingKs(referenceOf(SAMPLE), WINDOW);
      let calm: number | undefined;
      let missingCalm: number | undefined;
      const seen: number[] = [];
      for (const [index, event] of events.entries()) {
        const value = event.numbers[place] as number;
        if (event.model !== model || event.version === 'unknown') continue;
        seen.push(value);
        const recent = seen.slice(-WINDOW);
        const gone = recent.filter((each) => Number.isNaN(each)).length;
        if (missingCalm === undefined && Number.isNaN(value) && gone >= MISSING_RAISES) {
          missingCalm = 0;
          said.push([index, `AlertRaised ${model} ${column} p${index} ${gone / recent.length}`]);
        }
        if (missingCalm !== undefined) {
          missingCalm = gone <= MISSING_CALMS ? missingCalm + 1 : 0;
          if (missingCalm >= WINDOW) {
            missingCalm = undefined;
            said.push([index, `AlertResolved ${model} ${column} p${index} ${gone / recent.length}`]);
          }
        }
        if (Number.isNaN(value)) continue;
        ks.push(value);
        if (!ks.full) continue;
        const { statistic } = ks.read();
        if (calm === undefined) {
          if (statistic < limit) continue;
          calm = 0;
          said.push([index, `AlertRaised ${model} ${column} p${index} ${statistic}`]);
          continue;
        }
        calm = statistic < limit * CONFIG.resolveShare ? calm + 1 : 0;
        if (calm < WINDOW) continue;
        calm = undefined;
        said.push([index, `AlertResolved ${model} ${column} p${index} ${statistic}`]);
      }
    }
  }
  return said.sort(([a], [b]) => a - b).map(([, text]) => text);
}

function shown({ outputs }: Result): readonly string[] {
  return outputs.map(({ value }) => {
    const { name, event } = decode(value);
    if (name !== 'AlertRaised' && name !== 'AlertResolved') throw new Error(name);
    return `${name} ${event.model} ${event.column} ${event.evidence.eventId} ${event.statistic}`;
  });
}

test('however the run is cut, and restored at any cut, outputs, refusals and state are those of one fold, and of the plain rule', () => {
  let raised = 0;
  let resolved = 0;
  fc.assert(
    fc.property(given, fc.integer({ min: 1, max: 90 }), (events, cut) => {
      const whole = fold(events, events.length, false);
      for (const other of [fold(events, 1, false), fold(events, cut, false), fold(events, cut, true)]) {
        expect(other).toEqual(whole);
      }
      const limit = (() => {
        const alerts = whole.outputs.map(({ value }) => decode(value));
        const found = alerts.find(({ name, event }) => name === 'AlertRaised' && event.rule.startsWith('ks-'));
        return found?.name === 'AlertRaised' ? found.event.threshold : undefined;
      })();
      if (limit === undefined) return;
      expect(shown(whole)).toEqual(plainly(events, limit));
      raised += shown(whole).filter((text) => text.startsWith('AlertRaised')).length;
      resolved += shown(whole).filter((text) => text.startsWith('AlertResolved')).length;
    }),
    { numRuns: 60 },
  );
  expect(raised).toBeGreaterThan(20);
  expect(resolved).toBeGreaterThan(5);
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

test('with time windows and events out of order, cuts and restores change nothing either', () => {
  let raised = 0;
  fc.assert(
    fc.property(given, fc.integer({ min: 1, max: 90 }), (events, cut) => {
      const timeOf = (index: number): number => index + ((index * 7) % 9);
      const whole = fold(events, events.length, false, TIMED, timeOf);
      for (const restore of [false, true]) expect(fold(events, cut, restore, TIMED, timeOf)).toEqual(whole);
      const rules = whole.outputs.map(({ value }) => decode(value).event as { rule: string });
      raised += rules.filter(({ rule }) => rule === 'ks-1s' || rule === 'ks-4s').length;
    }),
    { numRuns: 30 },
  );
  expect(raised).toBeGreaterThan(20);
});

test('a column that falls silent has its last panes judged by the clock, and then asks for no more ticks', () => {
  const processor = createDriftProcessor(TIMED);
  const fold = new Fold(processor, { partition: 0, seed: 's', futureBoundMs: 1e15 }, processor.initialState(0), 0);
  const outputs: Output[] = [];
  const sink = { output: (output: Output) => void outputs.push(output), reject: () => {} };
  const { models, references } = introduction('a');
  fold.records('models', models, sink);
  fold.records('references', references, sink);
  // A whole span of the longer window, the last panes of which nothing that follows will close.
  const shifted = Array.from({ length: 200 }, (_, index) =>
    prediction({ model: 'a', version: '1', numbers: [(index % 20) + 30, index % 25, index % 25] }, index),
  );
  fold.records('predictions', shifted, sink);
  const rulesOf = (): readonly string[] => outputs.map(({ value }) => (decode(value).event as { rule: string }).rule);
  const before = rulesOf().length;
  expect(processor.awaitsTick(fold.state)).toBe(true);
  // The newest event is of 199, the allowed lateness 9: panes of 4 and of 16 ms that end by 190 have closed.
  expect(processor.meters(fold.state)).toEqual({ lateEvents: 0, watermarkMs: 190, oldestPaneEndMs: 192 });
  fold.tick(500, sink);
  expect(rulesOf()).toHaveLength(before);
  fold.tick(2_000, sink);
  expect(rulesOf()).toContain('ks-4s');
  const alert = outputs
    .map(({ value }) => decode(value))
    .find(({ event }) => (event as { rule: string }).rule === 'ks-4s');
  expect(alert).toMatchObject({
    name: 'AlertRaised',
    event: {
      column: 'x',
      evidence: { topic: 'predictions', eventId: expect.stringMatching(/^ks-4s until 1970-/) as unknown },
    },
  });
  expect(processor.awaitsTick(fold.state)).toBe(false);
  expect(processor.meters(fold.state).oldestPaneEndMs).toBeUndefined();
});

test('another reference ends the alerts that were open with the old one, whatever raised them, and the same one again ends none', () => {
  const processor = createDriftProcessor(TIMED);
  const fold = new Fold(processor, { partition: 0, seed: 's', futureBoundMs: 1e15 }, processor.initialState(0), 0);
  let alerts: ReturnType<typeof decode>[] = [];
  const rejected: string[] = [];
  const sink = {
    output: ({ value }: Output) => void alerts.push(decode(value)),
    reject: (_: string, __: unknown, { code }: { code: string }) => void rejected.push(code),
  };
  const told = () => alerts.map(({ name, event }) => [name, (event as { rule: string }).rule] as const);
  const { models, references } = introduction('a');
  fold.records('models', models, sink);
  fold.records('references', references, sink);
  const shifted = (from: number) =>
    Array.from({ length: 300 }, (_, index) => {
      const at = from + index;
      const x = at % 3 === 0 ? Number.NaN : (at % 20) + 30;
      return prediction({ model: 'a', version: '1', numbers: [x, at % 25, at % 25] }, at);
    });
  fold.records('predictions', shifted(0), sink);
  const raised = told();
  expect(raised.map(([name]) => name)).toEqual(raised.map(() => 'AlertRaised'));
  expect(new Set(raised.map(([, rule]) => rule))).toEqual(new Set(['ks-40', 'ks-1s', 'ks-4s', 'missing-40']));
  const ids = alerts.map(({ event }) => (event as { id: string }).id);
  alerts = [];
  fold.records('references', references, sink);
  expect(alerts).toEqual([]);
  // One that is refused ends none either: m·W would pass 2⁵³.
  const many = Array.from({ length: 60_000 }, (_, index) => index);
  const tooLarge = referenceSetOf({ model: 'a', column: 'x', values: many, counts: many.map(() => 2 ** 32 - 1) });
  fold.records('references', [bytesOf(tooLarge)], sink);
  expect(rejected).toEqual(['REFERENCE_TOO_LARGE']);
  expect(alerts).toEqual([]);
  const { values, counts } = referenceOf(SAMPLE.map((value) => value + 30));
  const another = referenceSetOf({
    model: 'a',
    column: 'x',
    values: [...values],
    counts: [...counts],
    missing: 30,
    id: 'x2',
  });
  fold.records('references', [bytesOf(another)], sink);
  expect(new Set(told())).toEqual(new Set(raised.map(([, rule]) => ['AlertResolved', rule])));
  expect(new Set(alerts.map(({ event }) => (event as { raisedId: string }).raisedId))).toEqual(new Set(ids));
  expect(alerts[0]?.event).toMatchObject({
    // When it came, not when its sample was drawn: nothing resolves before it was raised.
    eventTimeMs: 299,
    evidence: { topic: 'references', eventId: 'x2' },
    summary: expect.stringMatching(/^a: x has a new reference, which ends this alert; with the old one: D = /),
  });
  alerts = [];
  fold.records('references', [bytesOf(another)], sink);
  fold.records('predictions', shifted(300), sink);
  // What was drift for the old one is none for the new one.
  expect(told().filter(([, rule]) => rule.startsWith('ks'))).toEqual([]);
});
