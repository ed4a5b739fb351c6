/** The fold with its effects answered at once, in order: what a calm process would do. */
import type { NewRecord } from '@weir/event-log/port';
import { encode } from '@weir/events/codec';
import type { EffectHandler } from '@weir/service-kit/effects/effect';
import type { Output } from '@weir/service-kit/processor';
import { newFold } from '@weir/service-kit/testing/fold-run';
import type { Scenario } from '@weir/service-kit/testing/scenario';
import type { ModelState } from '../src/state.ts';
import { NOW_MS } from './scene.ts';

export interface Rejected {
  readonly code: string;
  readonly message: string;
}

export class Folded {
  readonly outputs: Output[] = [];
  readonly rejections: Rejected[] = [];
  /** Records in order, with the answers between. */
  readonly taken: NewRecord[] = [];
  readonly fold: ReturnType<typeof newFold>;
  readonly #effects: Readonly<Record<string, EffectHandler>>;
  #offset = 0n;

  constructor(
    scenario: Pick<Scenario, 'processor' | 'config' | 'nowMs'>,
    effects: Readonly<Record<string, EffectHandler>>,
  ) {
    this.fold = newFold(scenario as Scenario);
    this.#effects = effects;
  }

  /** Answers what is asked after every `every` records. */
  async feed(records: Iterable<NewRecord>, every: number = 50): Promise<void> {
    let count = 0;
    for (const record of records) {
      this.#take(record);
      count += 1;
      if (count % every === 0) await this.answer();
    }
    await this.answer();
  }

  async answer(): Promise<void> {
    for (let asked = this.fold.keys.takeUnasked(); asked.length > 0; asked = this.fold.keys.takeUnasked())
      for (const { key, effect } of asked) {
        const context = { key, epoch: 1n, signal: new AbortController().signal };
        const outcome = await (this.#effects[effect.kind] as EffectHandler).run(effect, context).then(
          (payload) => ({ outcome: 'done' as const, payload, error: '' }),
          (error: unknown) => ({ outcome: 'failed' as const, payload: Buffer.alloc(0), error: String(error) }),
        );
        const event = { effectId: effect.id, key, kind: effect.kind, ...outcome, tries: 1, answeredMs: NOW_MS };
        const value = encode('EffectAnswered', event);
        this.#take({ topic: 'explanation-sampler.results', partition: 0, key: Buffer.from(key), value });
      }
  }

  state(model: string): ModelState {
    return this.fold.keys.get(model)?.state as ModelState;
  }

  view<Shown>(key: string): Shown {
    const json = this.fold.keys.allViews().find((view) => view.key === key)?.json;
    return JSON.parse(json ?? 'null') as Shown;
  }

  #take(given: NewRecord): void {
    const { topic, key, value } = given;
    this.taken.push(given);
    this.#offset += 1n;
    const record = { offset: this.#offset, key, value, headers: [], timestampMs: 0 };
    this.fold.records(topic, [record], {
      output: (output) => void this.outputs.push(output),
      reject: (_, __, rejection) => void this.rejections.push(rejection),
    });
  }
}
