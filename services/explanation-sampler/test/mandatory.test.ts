/** Unfavourable decisions that must be explained, far beyond the budget. */
import type { NewRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import type { ExplanationSampled } from '@weir/events/generated/events';
import { expect, test } from 'vitest';
import { ModelHost } from '../src/models/model-host.ts';
import { effectsOf } from '../src/service.ts';
import { Folded } from './folded.ts';
import { BASE, CONFIG } from './scenario.ts';
import { feature, inline, NOW_MS, prediction, registration, stumps } from './scene.ts';

const MODEL = stumps(['x'], [{ feature: 0, threshold: 0.5, value: 1 }]);
const BACKGROUND = 30;
const EVENTS = 600;

/** Every tenth is refused. */
const isRefused = (index: number): boolean => index % 10 === 0;

function records(): readonly NewRecord[] {
  return [
    registration('loan', [feature('x', 'numeric')], inline(MODEL)),
    ...Array.from({ length: EVENTS }, (_, index) =>
      prediction({
        model: 'loan',
        id: `p${index}`,
        eventTimeMs: NOW_MS - 1e6 + 100 * index,
        numeric: [isRefused(index) ? 0.2 : 0.8],
        categorical: [],
        outputs: [isRefused(index) ? 0.25 : 1.25],
      }),
    ),
  ];
}

async function explained(mandatoryModels: readonly string[]): Promise<readonly ExplanationSampled[]> {
  const config = { ...CONFIG, budgetPerSecond: 0.01, segments: [], mandatoryModels };
  const folded = new Folded({ ...BASE, config }, effectsOf(new ModelHost({ directory: '', maxBytes: 1e6, urls: [] })));
  await folded.feed(records());
  expect(folded.rejections).toEqual([]);
  return folded.outputs.flatMap(({ topic, value }) =>
    topic === 'explanations' ? [decode(value as Uint8Array).event as ExplanationSampled] : [],
  );
}

test('every refusal of a model whose refusals must be explained is, with probability 1', async () => {
  const refused = Array.from({ length: EVENTS }, (_, index) => index).filter(
    (index) => index >= BACKGROUND && isRefused(index),
  );
  const certain = (await explained(['loan'])).filter(({ inclusionProbability }) => inclusionProbability === 1);
  expect(certain.map(({ predictionId }) => predictionId)).toEqual(
    expect.arrayContaining(refused.map((index) => `p${index}`)),
  );
  const others = await explained(['price']);
  expect(others.filter(({ predictionId }) => isRefused(Number(predictionId.slice(1)))).length).toBeLessThan(
    refused.length / 2,
  );
});
