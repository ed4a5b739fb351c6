/**
 * The states of a task by key, and which of them changed since they were last saved, digested, shown or asked for effects. Cost of each of
 * these follows what changed, not what there is.
 */
import { createHash } from 'node:crypto';
import type { KeyRecord } from '../checkpoints/store.ts';
import type { Effect } from '../effects/effect.ts';
import type { Kernel, KeyedEvent, View } from '../processor.ts';
import { digestOf, type KeyState, loadKey, newKeyState, saveKey } from './key-state.ts';

export interface KeyedEffect {
  readonly key: string;
  readonly effect: Effect;
}

export class KeyStore<State, Event extends KeyedEvent> {
  readonly #kernel: Kernel<State, Event>;
  readonly #stateVersion: number;
  readonly #keys = new Map<string, KeyState<State>>();
  readonly #unsaved = new Set<string>();
  readonly #undigested = new Set<string>();
  readonly #unpublished = new Set<string>();
  readonly #unasked = new Set<string>();
  /** Of each key as of the last digest. */
  readonly #digests = new Map<string, Buffer>();
  /** XOR of the keys' digests: the same whatever the order of keys. */
  readonly #sum = Buffer.alloc(32);
  /** Keys of the views that each key has shown, to remove those that it shows no more. */
  readonly #shown = new Map<string, ReadonlySet<string>>();

  constructor(kernel: Kernel<State, Event>, stateVersion: number) {
    this.#kernel = kernel;
    this.#stateVersion = stateVersion;
  }

  get size(): number {
    return this.#keys.size;
  }

  values(): Iterable<KeyState<State>> {
    return this.#keys.values();
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
    if (isKept) this.#keys.set(key, entry);
    else if (!this.#keys.delete(key)) return false;
    this.#unsaved.add(key);
    this.#undigested.add(key);
    this.#unpublished.add(key);
    this.#unasked.add(key);
    return isKept;
  }

  /** From a checkpoint: unchanged since it was saved. */
  load({ key, bytes, stateVersion }: KeyRecord): KeyState<State> {
    const entry = loadKey(key, bytes as Uint8Array, stateVersion, this.#kernel);
    this.#keys.set(key, entry);
    this.#undigested.add(key);
    this.#unpublished.add(key);
    this.#unasked.add(key);
    if (stateVersion !== this.#stateVersion) this.#unsaved.add(key);
    return entry;
  }

  /** All keys as they are now. */
  records(): readonly KeyRecord[] {
    return [...this.#keys.keys()].map((key) => this.#record(key));
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

  /** They could not be saved. */
  putBackUnsaved(records: readonly KeyRecord[]): void {
    for (const { key } of records) this.#unsaved.add(key);
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
    return keys.flatMap((key) => {
      const entry = this.#keys.get(key);
      const pending = entry && this.#kernel.pendingEffects?.(entry.state);
      return [...(pending ?? [])].map((effect) => ({ key, effect }));
    });
  }

  /** SHA-256 over clock and all states. Costs a serialisation of the keys that changed since the last call. */
  digest(clockMs: number): Buffer {
    for (const key of this.#undigested) {
      const entry = this.#keys.get(key);
      const before = this.#digests.get(key);
      if (before !== undefined) this.#add(before);
      if (entry === undefined) {
        this.#digests.delete(key);
        continue;
      }
      const digest = digestOf(key, saveKey(entry, this.#kernel));
      this.#digests.set(key, digest);
      this.#add(digest);
    }
    this.#undigested.clear();
    return createHash('sha256').update(`${clockMs} ${this.#keys.size}`).update(this.#sum).digest();
  }

  #add(digest: Buffer): void {
    for (let at = 0; at < digest.length; at += 1) this.#sum[at] = (this.#sum[at] as number) ^ (digest[at] as number);
  }

  #record(key: string): KeyRecord {
    const entry = this.#keys.get(key);
    const bytes = entry === undefined ? null : saveKey(entry, this.#kernel);
    return { key, stateVersion: this.#stateVersion, bytes };
  }

  #viewsOf(key: string): readonly View[] {
    const entry = this.#keys.get(key);
    const views = entry === undefined ? [] : this.#kernel.views(key, entry.state);
    const shown = new Set(views.map((view) => view.key));
    const gone = [...(this.#shown.get(key) ?? [])].filter((each) => !shown.has(each));
    if (shown.size > 0) this.#shown.set(key, shown);
    else this.#shown.delete(key);
    return [...gone.map((each): View => ({ key: each, json: null })), ...views];
  }
}
