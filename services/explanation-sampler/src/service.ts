/** The explanation sampler as a service: what `main` runs alone and `weir dev` runs beside others. */
import type { ServiceDefinition } from '@weir/service-kit/definition';
import type { EffectHandler } from '@weir/service-kit/effects/effect';
import { type ModelPlaces, type SamplerConfig } from './config.ts';
import type { ModelEngine } from './models/model-host.ts';
import { ModelThread } from './models/model-thread.ts';
import { createSamplerProcessor } from './processor.ts';
import { registerRoutes } from './routes.ts';

export function explanationSampler(
  config: SamplerConfig,
  places: ModelPlaces,
  engine: ModelEngine = new ModelThread(places),
): ServiceDefinition {
  return {
    name: 'explanation-sampler',
    title: 'Weir explanation-sampler',
    description:
      'Why models answer as they do: attributions of a sample of the predictions with known inclusion probabilities, importance of features with intervals, drift of attributions, and fairness of decisions.',
    processor: createSamplerProcessor(),
    config,
    effects: effectsOf(engine),
    routes: registerRoutes,
  };
}

export function effectsOf(engine: ModelEngine): Readonly<Record<string, EffectHandler>> {
  return {
    // The first request of a large model builds its tables.
    'load-model': { run: ({ payload }) => engine.load(payload), concurrency: 1, deadlineMs: 60_000, tries: 3 },
    'explain-remote': { run: ({ payload }) => engine.explain(payload), concurrency: 2, deadlineMs: 120_000, tries: 3 },
    explain: { run: ({ payload }) => engine.explain(payload), concurrency: 2, deadlineMs: 60_000, tries: 3 },
  };
}
