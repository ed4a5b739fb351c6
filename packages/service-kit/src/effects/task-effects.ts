/** Effects of one task: what its states ask is handed to the handlers, and the answers go to the topic of results. */
import type { EventLog, Producer } from '@weir/event-log/port';
import type { KeyedEffect, KeyStore } from '../processing/key-store.ts';
import { type DispatcherOptions, EffectDispatcher } from './dispatcher.ts';

export class TaskEffects {
  readonly #dispatcher: EffectDispatcher;
  #answers: Producer | undefined;

  constructor(log: EventLog, options: Omit<DispatcherOptions, 'append'>) {
    this.#dispatcher = new EffectDispatcher({
      ...options,
      append: async (record) => {
        this.#answers ??= await log.producer();
        await this.#answers.send([record]);
      },
    });
  }

  /** Effects that wait or run. */
  get size(): number {
    return this.#dispatcher.size;
  }

  /** Asks what changed keys want. What there is no room for is asked after a later commit: answers are commits, too. */
  offer(effects: readonly KeyedEffect[], keys: Pick<KeyStore<never, never>, 'markUnasked'>): void {
    keys.markUnasked(this.#dispatcher.offer(effects).map(({ key }) => key));
  }

  async stop(): Promise<void> {
    await this.#dispatcher.stop();
    await this.#answers?.close();
  }
}
