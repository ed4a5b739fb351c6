/**
 * Which states of a task are in memory and which on disk. Within its share of memory all are in memory; beyond it those that were idle
 * longest are written out, and read back when they are stepped. A state does not tell where it was.
 */
import type { Kernel, KeyedEvent, StateFigures } from '../processor.ts';
import { type KeyState, keyWatermarkMs, loadKey, saveKey } from './key-state.ts';
import { SpilledKeys, type SpilledState } from './spilled-keys.ts';
import type { StateMemory } from './state-memory.ts';

/** Of one key, for the metrics. */
export interface KeySummary {
  readonly watermarkMs: number;
  readonly figures: StateFigures | undefined;
}

/** What else is known of a key, and goes to disk and comes back with its state. */
export interface Companion {
  leave(key: string, bytes: Uint8Array): Omit<SpilledState, 'bytes'>;
  come(key: string, state: SpilledState): void;
}

/** Where a kernel gives no estimate. */
const MEMORY_PER_SAVED_BYTE = 4;
/** What is kept beside a state in memory, and of one on disk, bytes: measured with the counter of the tests. */
const BESIDE_STATE = 500;
const BESIDE_SPILLED = 400;
/** Part of the share that is filled again before the next look: a Map whose first keys were deleted is slow to walk. */
const SHRINK_TO = 0.9;

export class ResidentKeys<State, Event extends KeyedEvent> {
  readonly #kernel: Kernel<State, Event>;
  readonly #stateVersion: number;
  readonly #memory: StateMemory;
  readonly #companion: Companion;
  /** In memory; where that is bounded, idle longest first. */
  readonly #keys = new Map<string, KeyState<State>>();
  #spilled: SpilledKeys | undefined;
  /** Of the states in memory. */
  #stateBytes = 0;
  readonly #unsized = new Set<KeyState<State>>();

  constructor(kernel: Kernel<State, Event>, stateVersion: number, memory: StateMemory, companion: Companion) {
    this.#kernel = kernel;
    this.#stateVersion = stateVersion;
    this.#memory = memory;
    this.#companion = companion;
    memory.enter();
  }

  close(): void {
    this.#memory.leave();
    this.#spilled?.close();
    this.#spilled = undefined;
  }

  get size(): number {
    return this.#keys.size + this.spilled;
  }

  /** Keys on disk. */
  get spilled(): number {
    return this.#spilled?.size ?? 0;
  }

  /** Estimated, of all keys; where memory is not bounded it is not followed. */
  get memoryBytes(): number {
    return this.#stateBytes + this.#keys.size * BESIDE_STATE + this.spilled * BESIDE_SPILLED;
  }

  *keys(): Generator<string> {
    yield* this.#keys.keys();
    yield* this.#spilled?.keys() ?? [];
  }

  *summaries(): Generator<KeySummary> {
    for (const entry of this.#keys.values()) yield this.#summaryOf(entry);
    yield* this.#spilled?.values() ?? [];
  }

  /** In memory from here on. */
  get(key: string): KeyState<State> | undefined {
    const entry = this.#keys.get(key);
    return entry === undefined && this.#spilled?.has(key) ? this.#readBack(key, this.#spilled) : entry;
  }

  /** To be read and not to be stepped: one that is on disk stays there. */
  peek(key: string): KeyState<State> | undefined {
    const entry = this.#keys.get(key);
    if (entry !== undefined || !this.#spilled?.has(key)) return entry;
    return loadKey(key, this.#spilled.read(key).bytes, this.#stateVersion, this.#kernel);
  }

  /** Saved form; undefined when there is no such key. */
  bytesOf(key: string): Uint8Array | undefined {
    const entry = this.#keys.get(key);
    if (entry !== undefined) return saveKey(entry, this.#kernel);
    return this.#spilled?.has(key) ? this.#spilled.read(key).bytes : undefined;
  }

  /** Where a companion keeps what belongs to a key that is on disk. */
  onDisk(key: string): SpilledKeys | undefined {
    return this.#spilled?.has(key) ? this.#spilled : undefined;
  }

  /** It was just stepped. */
  keep(entry: KeyState<State>): void {
    const { key } = entry;
    if (this.#memory.isBounded) {
      if (!this.#keys.delete(key)) this.#stateBytes += entry.memoryBytes;
      if (entry.memoryBytes === 0) this.#unsized.add(entry);
    }
    this.#keys.set(key, entry);
  }

  /** False when it was not there. */
  drop(entry: KeyState<State>): boolean {
    if (!this.#keys.delete(entry.key)) return false;
    this.#stateBytes -= entry.memoryBytes;
    this.#unsized.delete(entry);
    return true;
  }

  /** @param saved its saved form */
  estimate(entry: KeyState<State>, saved?: Uint8Array): void {
    if (!this.#memory.isBounded) return;
    const before = entry.memoryBytes;
    entry.memoryBytes =
      this.#kernel.memoryBytes?.(entry.state) ?? MEMORY_PER_SAVED_BYTE * (saved ?? saveKey(entry, this.#kernel)).length;
    this.#stateBytes += entry.memoryBytes - before;
    this.#unsized.delete(entry);
  }

  /** To be called when no state is being stepped. */
  shrink(): void {
    if (!this.#memory.isBounded) return;
    for (const entry of this.#unsized) this.estimate(entry);
    const { share } = this.#memory;
    if (this.memoryBytes <= share) return;
    for (const entry of this.#keys.values()) {
      this.#spill(entry);
      if (this.memoryBytes <= SHRINK_TO * share) return;
    }
  }

  #spill(entry: KeyState<State>): void {
    const { key, due } = entry;
    const bytes = saveKey(entry, this.#kernel);
    this.#spilled ??= new SpilledKeys();
    this.#spilled.put(key, { due, ...this.#summaryOf(entry) }, { bytes, ...this.#companion.leave(key, bytes) });
    this.drop(entry);
  }

  #readBack(key: string, spilled: SpilledKeys): KeyState<State> {
    const { due, ...state } = spilled.read(key);
    const entry = { ...loadKey(key, state.bytes, this.#stateVersion, this.#kernel), due };
    spilled.delete(key);
    this.#keys.set(key, entry);
    this.estimate(entry, state.bytes);
    this.#companion.come(key, state);
    return entry;
  }

  #summaryOf(entry: KeyState<State>): KeySummary {
    const watermarkMs = keyWatermarkMs(entry, this.#kernel.lateness);
    return { watermarkMs, figures: this.#kernel.figures?.(entry.state) };
  }
}
