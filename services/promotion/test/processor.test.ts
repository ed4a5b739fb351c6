import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LogRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import { describeProcessor } from '@weir/service-kit/testing/describe-processor';
import type { GoldenState, Scenario } from '@weir/service-kit/testing/scenario';
import { recordText } from '@weir/service-kit/testing/simulated-run';
import { expect, test } from 'vitest';
import { createPromotionProcessor } from '../src/processor.ts';
import { UNSIGNED } from '../src/signer.ts';
import { alert, CONFIG, entryIn, NOW_MS, outcome, policySet, prediction, record, Stage, version } from './scene.ts';

const START_MS = NOW_MS - 1e6;
/** better: promoted. worse: rolled back. equal: goes on. held: better, with an open alert from the middle on. */
const MODELS = ['better', 'worse', 'equal', 'held'] as const;

/** One in how many fails, champion and challenger. */
const FAILS = { better: [2, 10], worse: [10, 2], equal: [4, 4], held: [2, 10] } as const;

function event(index: number) {
  const turn = Math.floor(index / 2);
  const model = MODELS[turn % MODELS.length] as (typeof MODELS)[number];
  const round = Math.floor(turn / MODELS.length);
  const eventTimeMs = START_MS + 25 * turn - (turn % 11 === 0 ? 400 : 0);
  const id = `p${turn}`;
  const isChallenger = round % 2 === 1;
  if (index % 2 === 0) {
    if (turn % 61 === 9) return record('predictions', model, Buffer.from('torn'));
    if (turn % 67 === 5) return prediction('stranger', { id, eventTimeMs });
    if (turn % 71 === 7) return prediction(model, { id, eventTimeMs: NOW_MS + 1e9 });
    if (turn % 73 === 3) return prediction(model, { id, eventTimeMs, version: 'unheard' });
    const outputs = turn % 29 === 4 ? [Number.NaN] : turn % 31 === 4 ? [Number.POSITIVE_INFINITY] : [0.5, -0];
    const routing = { epoch: 2, arm: isChallenger ? 'b' : 'a', propensity: 0.5 };
    return prediction(model, {
      id: turn % 37 === 2 ? `p${turn - 4}` : id,
      eventTimeMs,
      version: isChallenger ? 'b' : 'a',
      outputs,
      routing: turn % 2 === 0 ? routing : null,
      latencyMs: turn % 5 === 0 ? null : 10 + (turn % 17),
    });
  }
  if (turn % 41 === 3) return record('outcomes', model, prediction(model, { id, eventTimeMs }).value as Uint8Array);
  const fails = FAILS[model][isChallenger ? 1 : 0];
  const label =
    turn % 43 === 5 ? Number.NEGATIVE_INFINITY : turn % 47 === 5 ? null : Math.floor(round / 2) % fails === 0 ? 0 : 1;
  // Some never come, some come twice, some too late.
  if (turn % 53 === 11) return outcome(model, { predictionId: `none${turn}`, eventTimeMs: eventTimeMs + 500 });
  const ageMs = turn % 59 === 13 ? 3_500 : 500 + (turn % 7) * 20;
  return outcome(model, { predictionId: id, eventTimeMs: eventTimeMs + ageMs, label });
}

const folder = join(import.meta.dirname, 'golden');
interface SavedGolden extends Omit<GoldenState, 'bytes' | 'next'> {
  readonly bytes: string;
  readonly next: readonly (readonly [topic: string, value: string])[];
}
const states = readdirSync(folder).filter((file) => file.startsWith('state-'));
const golden = states.map((file): GoldenState => {
  const saved = JSON.parse(readFileSync(join(folder, file), 'utf8')) as SavedGolden;
  const next = saved.next.map(([topic, value]) => record(topic, saved.key, Buffer.from(value, 'base64')));
  return { ...saved, bytes: Buffer.from(saved.bytes, 'base64'), next };
});

const SCENARIO: Scenario = {
  processor: createPromotionProcessor([UNSIGNED]),
  config: CONFIG,
  nowMs: NOW_MS,
  control: () => [
    ...MODELS.flatMap((model) => [version(model, 'a'), version(model, 'b', 'sha256:b'), policySet(model)]),
    alert('held', { id: 'drift-1', eventTimeMs: START_MS + 4_000 }),
    policySet('equal', { model: 'another' }),
  ],
  event,
  events: 2_400,
  minOutputs: 36,
  faultRuns: 2,
  promised: promisedOf,
  golden,
};

/** Owners, journal entries and what follows from them (chain, signatures) differ where processes die; decisions and splits may not. */
function promisedOf(topic: string, record: LogRecord): string | undefined {
  if (topic === 'governance-log') {
    const { kind, no, decisionId, epoch, time } = entryIn(record.value as Uint8Array);
    return kind === 'epoch-claim' ? undefined : [no, kind, decisionId, epoch, time].join(' ');
  }
  return topic === 'traffic-splits'
    ? JSON.stringify({ ...decode(record.value as Uint8Array).event, owner: 0, signature: '' })
    : recordText(record);
}

describeProcessor('promotion', SCENARIO);

test('the scenario promotes, rolls back and holds', () => {
  const stage = new Stage();
  stage.feed(...SCENARIO.control(), ...Array.from({ length: SCENARIO.events }, (_, index) => event(index)));
  expect(stage.kinds).toEqual(expect.arrayContaining(['promoted', 'rolled-back', 'held-by-alert']));
});
