/** What a task shows and when: all of it after a restore, and after a commit what the commit changed. */
import type { KeyStore } from './processing/key-store.ts';
import type { AnyProcessor, Output, View } from './processor.ts';
import type { TaskEvents, TaskOptions, TaskPorts } from './task-contract.ts';
import { readHistories } from './views/histories.ts';
import { ViewPublisher } from './views/publisher.ts';

// States and events are the processor's own business.
type AnyKeys = KeyStore<any, any>;

export class TaskViews {
  readonly #publisher: ViewPublisher;
  readonly #outputViews: TaskPorts['outputViews'];
  readonly #everyMs: number;
  readonly #isKeyless: boolean;
  #publishedAtMs = 0;

  constructor(partition: number, processor: AnyProcessor, ports: TaskPorts, options: TaskOptions, events: TaskEvents) {
    const { views, log, outputViews } = ports;
    const { topicPrefix, monotonic, viewsEveryMs } = options;
    const { service, outputs, isKeyless } = processor;
    this.#outputViews = outputViews;
    this.#everyMs = viewsEveryMs;
    this.#isKeyless = isKeyless === true;
    this.#publisher = new ViewPublisher({
      views,
      scope: { service, partition },
      monotonic,
      histories: () => readHistories({ log, topicPrefix, partition, service, outputs, outputViews }),
      onBehind: (reason) => events.viewsBehind?.(reason),
    });
  }

  /** Why the read views do not show what is true; undefined when they do. */
  get behind(): string | undefined {
    return this.#publisher.behind;
  }

  async showAll(keys: AnyKeys): Promise<void> {
    await this.#publisher.rebuild(keys.allViews());
  }

  /** Between two batches. */
  async catchUp(keys: AnyKeys): Promise<void> {
    if (this.#publisher.wantsAll) await this.showAll(keys);
    else await this.#publisher.put(keys.takeUnpublished());
  }

  /** What the commit of these outputs will show, read now. */
  publication(keys: AnyKeys, outputs: readonly Output[], nowMs: number): () => Promise<void> {
    if (this.#publisher.wantsAll) {
      const all = [...keys.allViews()];
      return () => this.#publisher.rebuild(all);
    }
    const changes: View[] = outputs.flatMap((output) => [...this.#outputViews(output)]);
    const isDue = nowMs - this.#publishedAtMs >= this.#everyMs;
    if (isDue) this.#publishedAtMs = nowMs;
    // An output is shown with the state that it came of. Views of the other keys cost more than their processing where there are many.
    const isAll = isDue || (this.#isKeyless && outputs.length > 0);
    changes.push(...keys.takeUnpublished(isAll ? undefined : outputs.map(({ key }) => key)));
    return () => this.#publisher.put(changes);
  }
}
