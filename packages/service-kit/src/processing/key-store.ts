/**
 * The states of a task by key, and which of them changed since they were last saved, digested, shown or asked for effects. Cost of each of
 * these follows what changed, not what there is.
 */
import type { KeyRecord } from '../checkpoints/store.ts';
import type { Effect } from '../effects/effect.ts';
import type { Kernel, KeyedEvent, View } from '../processor.ts';
import { digestOf, type KeyState, loadKey, newKeyState, saveKey } from './key-state.ts';
import { type KeySummary, ResidentKeys } from './resident-keys.ts';
import { ShownViews } from './shown-views.ts';
import { StateDigests } from './state-digests.ts';
import { type StateMemory, UNBOUNDED } from './state-memory.ts';

export interface KeyedEffect {
  readonly key: string;
  readonly effect: Effect;
}

export class KeyStore<State, Event extends KeyedEvent> {
  readonly #kernel: Kernel<State, Event>;
  readonly #stateVersion: number;
  readonly #keys: ResidentKeys<State, Event>;
  readonly #unsaved = new Set<string>();
  readonly #undigested = new Set<string>();
  readonly #unpublished = new Set<string>();
  readonly #unasked = new Set<string>();
  /** Of each key in memory as of the last digest. */
  readonly #digests = new StateDigests();
  readonly #shown = new ShownViews();

  constructor(kernel: Kernel<State, Event>, stateVersion: number, memory: StateMemory = UNBOUNDED) {
    this.#kernel = kernel;
    this.#stateVersion = stateVersion;
    this.#keys = new ResidentKeys(kernel, stateVersion, memory, {
      leave: (key, bytes) => ({ digest: this.#handDigest(key, bytes), shown: this.#shown.take(key) }),
      come: (key, { digest, shown }) => {
        this.#digests.take(key, digest);
        this.#shown.put(key, shown);
      },
    });
  }

  /** Not to be used after. */
  close(): void {
    this.#keys.close();
  }

  get size(): number {
    return this.#keys.size;
  }

  /** Keys whose states are on disk. */
  get spilled(): number {
    return this.#keys.spilled;
  }

  /** Estimated; where memory is not bounded it is not followed. */
  get memoryBytes(): number {
    return this.#keys.memoryBytes;
  }

  *values(): Generator<KeyState<State>> {
    for (const key of this.#keys.keys()) yield this.#keys.peek(key) as KeyState<State>;
  }

  summaries(): Iterable<KeySummary> {
    return this.#keys.summaries();
  }

  get(key: string): KeyState<State> | undefined {
    return this.#keys.get(key);
  }

  /** A state that is not kept until `settle` finds something in it. */
  open(key: string): KeyState<State> {
    return this.#keys.get(key) ?? newKeyState(key, this.#kernel.initial(key));
  }

  /** The state was stepped: keep it and remember that it changed, or forget it when it is empty. True when it is kept. */
  settle(entry: KeyState<State>): boolean {
    const { key } = entry;
    const isKept = !this.#kernel.isEmpty(entry.state);
    if (isKept) this.#keys.keep(entry);
    else if (!this.#keys.drop(entry)) return false;
    this.#unsaved.add(key);
    this.#changed(key);
    return isKept;
  }

  /** Writes out what was idle longest. To be called when no state is being stepped. */
  shrink(): void {
    this.#keys.shrink();
  }

  /** From a checkpoint: unchanged since it was saved. */
  load({ key, bytes, stateVersion }: KeyRecord): KeyState<State> {
    const entry = loadKey(key, bytes as Uint8Array, stateVersion, this.#kernel);
    this.#keys.keep(entry);
    this.#keys.estimate(entry, bytes as Uint8Array);
    this.#changed(key);
    if (stateVersion !== this.#stateVersion) this.#unsaved.add(key);
    return entry;
  }

  /** All keys as they are now. */
  *records(): Generator<KeyRecord> {
    for (const key of this.#keys.keys()) yield this.#record(key);
  }

  /** Keys that changed since the last call, as they are now. */
  takeUnsaved(): readonly KeyRecord[] {
    const records = [...this.#unsaved].map((key) => this.#record(key));
    this.#unsaved.clear();
    return records;
  }

  get unsaved(): number {
    return this.#unsaved.size;
  }

  /** What was saved of them is of no use. */
  markUnsaved(keys: Iterable<string> = this.#keys.keys()): void {
    for (const key of keys) this.#unsaved.add(key);
  }

  /**
   * Entries to show of keys that changed since they were last taken; those that are no longer shown are removed.
   * @param of all keys by default; keys that did not change are passed over
   */
  takeUnpublished(of: Iterable<string> = this.#unpublished): readonly View[] {
    return [...of].filter((key) => this.#unpublished.delete(key)).flatMap((key) => this.#viewsOf(key));
  }

  /** All entries. */
  allViews(): readonly View[] {
    this.#shown.clear();
    this.#unpublished.clear();
    return [...this.#keys.keys()].flatMap((key) => this.#viewsOf(key));
  }

  /** Pending effects of keys that changed since the last call. */
  takeUnasked(): readonly KeyedEffect[] {
    const keys = [...this.#unasked];
    this.#unasked.clear();
    if (this.#kernel.pendingEffects === undefined) return [];
    return keys.flatMap((key) => {
      const entry = this.#keys.peek(key);
      const pending = entry && this.#kernel.pendingEffects?.(entry.state);
      return [...(pending ?? [])].map((effect) => ({ key, effect }));
    });
  }

  /** SHA-256 over clock and all states. Costs a serialisation of the keys that changed since the last call. */
  digest(clockMs: number): Buffer {
    for (const key of this.#undigested) {
      // One that is on disk was digested when it was written.
      const entry = this.#keys.get(key);
      const bytes = entry && saveKey(entry, this.#kernel);
      this.#digests.set(key, bytes && digestOf(key, bytes));
      if (entry !== undefined) this.#keys.estimate(entry, bytes);
    }
    this.#undigested.clear();
    return this.#digests.whole(clockMs, this.size);
  }

  #changed(key: string): void {
    this.#undigested.add(key);
    this.#unpublished.add(key);
    this.#unasked.add(key);
  }

  #handDigest(key: string, bytes: Uint8Array): Buffer {
    if (this.#undigested.delete(key)) this.#digests.set(key, digestOf(key, bytes));
    return this.#digests.hand(key);
  }

  #record(key: string): KeyRecord {
    return { key, stateVersion: this.#stateVersion, bytes: this.#keys.bytesOf(key) ?? null };
  }

  #viewsOf(key: string): readonly View[] {
    const entry = this.#keys.peek(key);
    const views = entry === undefined ? [] : this.#kernel.views(key, entry.state);
    return [...this.#shown.show(key, views, this.#keys.onDisk(key)), ...views];
  }
}
