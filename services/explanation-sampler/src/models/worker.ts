/** The thread that holds the models: explanations take a processor, and the stream does not wait for them. */
import { parentPort, workerData } from 'node:worker_threads';
import { EffectRefused } from '@weir/service-kit/effects/effect';
import type { ModelPlaces } from '../config.ts';
import { ModelHost } from './model-host.ts';
import type { Answer, Question } from './model-thread.ts';

const host = new ModelHost(workerData as ModelPlaces);

parentPort?.on('message', ({ id, method, payload }: Question) => {
  const tell = (answer: Answer): void => parentPort?.postMessage(answer);
  host[method](payload).then(
    (bytes) => tell({ id, bytes }),
    (error: unknown) =>
      tell({
        id,
        error: error instanceof Error ? error.message : String(error),
        isRefused: error instanceof EffectRefused,
      }),
  );
});
