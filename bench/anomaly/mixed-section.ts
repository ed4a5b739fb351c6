import { decode } from '@weir/events/codec';
import { categoricalReferenceHash } from '@weir/events/reference-hash';
import { newFold } from '@weir/service-kit/testing/fold-run';
import type { Scenario } from '@weir/service-kit/testing/scenario';
import { predictionOf, referenceSetOf, registrationOf } from '@weir/testkit/events';
import { createAnomalyProcessor } from '../../services/anomaly-detector/src/processor.ts';
import { uniformOf } from './streams.ts';

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const NUMBERS = ['season', 'partner', 'lognormal', 'exponential', 'share', 'count', 'rounded'];
const CARRIERS = ['AA', 'UA', 'DL', 'WN', 'US', 'NW'];
const REGIONS = ['north', 'south', 'east', 'west'];
const DAY = 6_000;
const NOW_MS = Date.parse('2026-11-24T00:00:00Z');
const SEEDS = 5;
const REFERENCE = 12_000;
const CLEAN = 2_000;
const FAULTY = 1_500;

interface Event {
  readonly numeric: number[];
  readonly categorical: (string | null)[];
  readonly outputs: number[];
}
type Fault = (event: Event, at: number, uniform: () => number) => void;

const setting = (column: number, change: (value: number, at: number, uniform: () => number) => number): Fault => {
  return ({ numeric }, at, uniform) => void (numeric[column] = change(numeric[column] as number, at, uniform));
};

/** In the words of bar A4. */
const FAULTS: Readonly<Record<string, Fault>> = {
  spike: setting(2, (value, at) => (at === 0 ? 20 * value + 30 : value)),
  'level shift': setting(1, (value) => value + 6),
  'variance burst': setting(1, (value, _, uniform) => value + 10 * (uniform() - 0.5)),
  stuck: setting(3, () => 4.25),
  gap: () => {},
  'unit change': setting(2, (value) => value * 60),
  'join skew': ({ numeric }) => void numeric.splice(2, numeric.length, ...numeric.slice(1, -1)),
  'null burst': setting(4, (value, _, uniform) => (uniform() < 0.2 ? Number.NaN : value)),
  'unseen category': ({ categorical }, _, uniform) => void (uniform() < 0.05 && (categorical[0] = 'ZZ')),
  cardinality: ({ categorical }, _, uniform) => void (categorical[1] = `r${Math.floor(1e6 * uniform())}`),
  'broken correlation': setting(1, (_, __, uniform) => 10 * uniform() - 5),
  'label mismatch': ({ outputs }) => void (outputs[0] = 1 - (outputs[0] as number)),
};

function cleanEvent(at: number, uniform: () => number): Event {
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const season = 4 * Math.sin((2 * Math.PI * at) / DAY) + normal();
  return {
    numeric: [
      season,
      0.9 * season + 0.3 * normal(),
      Math.exp(0.7 * normal()),
      -3 * Math.log(1 - uniform()),
      uniform() ** 2,
      Math.floor(-20 * Math.log(1 - uniform())),
      Math.round(100 * uniform()) / 10,
    ],
    categorical: [CARRIERS[Math.floor(6 * uniform())] as string, REGIONS[Math.floor(4 * uniform() ** 2)] as string],
    outputs: [1 / (1 + Math.exp(-2 * season))],
  };
}

/** A4: each kind of fault on a generated stream with a season, at ten odd events in 10,000: the share of seeds of which an alert tells. */
export function mixedSection(): void {
  print(`\ngenerated stream, ten alarms in 10,000 events: seeds of ${SEEDS} told, and by which rules`);
  for (const [kind, fault] of Object.entries(FAULTS)) {
    const told = Array.from({ length: SEEDS }, (_, seed) => alertsOf(seed + 1, fault, kind === 'gap'));
    const rules = new Set(told.flat());
    print(`${kind.padEnd(20)} ${told.filter((each) => each.length > 0).length}  ${[...rules].join(', ')}`);
  }
  const quiet = Array.from({ length: SEEDS }, (_, seed) => alertsOf(seed + 1, () => {}, false));
  print(
    `${'none'.padEnd(20)} ${quiet.filter((each) => each.length > 0).length}  ${[...new Set(quiet.flat())].join(', ')}`,
  );
}

/** Rules of the alerts that are raised from the beginning of the fault on. */
function alertsOf(seed: number, fault: Fault, stops: boolean): readonly string[] {
  const processor = createAnomalyProcessor();
  const config = { ...processor.configOf({}), learnEvents: DAY, eventsPerAlarm: 1_000, expectedIntervalMs: 60_000 };
  const fold = newFold({ processor, config, nowMs: NOW_MS } as unknown as Scenario);
  const uniform = uniformOf(seed);
  const rules: string[] = [];
  let isFaulty = false;
  const sink = {
    output: ({ value }: { readonly value: Uint8Array | null }) => {
      const { name, event } = decode(value as Uint8Array);
      if (isFaulty && name === 'AlertRaised') rules.push(event.rule);
    },
    reject: () => {},
  };
  const send = (topic: string, value: Uint8Array): void =>
    void fold.records(topic, [{ offset: 0n, key: Buffer.from('m'), value, headers: [], timestampMs: 0 }], sink);
  for (const [topic, value] of introduction(Array.from({ length: REFERENCE }, (_, at) => cleanEvent(at, uniform))))
    send(topic, value);
  const from = DAY + config.heldOutEvents + CLEAN;
  for (let at = 0; at < from + (stops ? 0 : FAULTY); at += 1) {
    const event = cleanEvent(at, uniform);
    isFaulty = at >= from;
    if (isFaulty) fault(event, at - from, uniform);
    send('predictions', predictionOf({ model: 'm', id: `${at}`, eventTimeMs: NOW_MS - 1e8 + at, ...event }));
  }
  isFaulty = true;
  // The clock ticks on; silence is told by two ticks at the least.
  if (stops) for (let second = 1; second <= 120; second += 1) fold.tick(NOW_MS + 1_000 * second, sink);
  return rules;
}

function introduction(events: readonly Event[]): readonly (readonly [topic: string, value: Uint8Array])[] {
  const features = [
    ...NUMBERS.map((name) => ({ name, type: 'numeric' as const, unit: null, protected: false })),
    ...['carrier', 'region'].map((name) => ({ name, type: 'categorical' as const, unit: null, protected: false })),
  ];
  const outputs = [{ name: 'score', unit: null }];
  const numeric = [...NUMBERS, 'score'].map((column, at) => {
    const [values, counts] = tally(
      events.map((event) => [...event.numeric, ...event.outputs][at] as number).sort((a, b) => a - b),
    );
    return ['references', referenceSetOf({ model: 'm', column, values, counts })] as const;
  });
  const categorical = ['carrier', 'region'].map((column, at) => {
    const [categories, counts] = tally(events.map((event) => event.categorical[at] as string).sort());
    const hash = categoricalReferenceHash(categories, counts, 0);
    return ['references', referenceSetOf({ model: 'm', column, values: [], counts, categories, hash })] as const;
  });
  return [
    ['models', registrationOf([], { model: 'm', featureSet: { id: 'fs', features }, outputs })],
    ...numeric,
    ...categorical,
  ];
}

function tally<Value>(sorted: readonly Value[]): [values: Value[], counts: number[]] {
  const counts = new Map<Value, number>();
  for (const value of sorted) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [[...counts.keys()], [...counts.values()]];
}
