/** A `ModelHost` in a thread of its own. It is started when it is first asked, and again after it died. */
import { Worker } from 'node:worker_threads';
import { EffectRefused } from '@weir/service-kit/effects/effect';
import type { ModelPlaces } from '../config.ts';
import type { ModelEngine } from './model-host.ts';

export interface Question {
  readonly id: number;
  readonly method: keyof ModelEngine;
  readonly payload: Uint8Array;
}
export type Answer =
  | { readonly id: number; readonly bytes: Uint8Array }
  | { readonly id: number; readonly error: string; readonly isRefused: boolean };

export class ModelThread implements ModelEngine {
  readonly #places: ModelPlaces;
  readonly #waiting = new Map<number, PromiseWithResolvers<Uint8Array>>();
  #worker: Worker | undefined;
  #asked = 0;

  constructor(places: ModelPlaces) {
    this.#places = places;
  }

  load(payload: Uint8Array): Promise<Uint8Array> {
    return this.#ask('load', payload);
  }

  explain(payload: Uint8Array): Promise<Uint8Array> {
    return this.#ask('explain', payload);
  }

  #ask(method: keyof ModelEngine, payload: Uint8Array): Promise<Uint8Array> {
    this.#worker ??= this.#start();
    this.#asked += 1;
    const id = this.#asked;
    const answer = Promise.withResolvers<Uint8Array>();
    this.#waiting.set(id, answer);
    const question: Question = { id, method, payload };
    this.#worker.postMessage(question);
    return answer.promise;
  }

  #start(): Worker {
    const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: this.#places });
    worker.on('message', (answer: Answer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ('bytes' in answer) waiting?.resolve(answer.bytes);
      else waiting?.reject(answer.isRefused ? new EffectRefused(answer.error) : new Error(answer.error));
    });
    worker.on('error', (error) => this.#lost(worker, error));
    worker.on('exit', (code) => this.#lost(worker, new Error(`the thread that explains ended with code ${code}`)));
    // It does not hold the process up: what is not answered is asked again by the next owner. A listener would undo it if it came later.
    worker.unref();
    return worker;
  }

  #lost(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}
