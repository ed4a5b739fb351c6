/**
 * A service is a pure fold over its log, key by key: a key's state and its events in, outputs out. Everything here is synchronous and
 * deterministic; the runner owns all I/O. What a kernel may not have: a clock, a random number, a logger, a promise.
 */
import type { LogRecord } from '@weir/event-log/port';
import type { Effect, EffectAnswer } from './effects/effect.ts';

/** The least the runner must know of a decoded record. */
export interface KeyedEvent {
  /** Whose state it belongs to, usually the model id. Order matters within a key only. */
  readonly key: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly eventTimeMs: number;
}

/** A topic that a service reads. */
export interface Input<Event extends KeyedEvent> {
  /** Logical name, without prefix. */
  readonly topic: string;
  /** Control inputs are read to their end before data; data inputs are merged by arrival. */
  readonly role: 'control' | 'data';
  /** Depends on the bytes alone. @throws {BadRecord} and any other error that `fateOf` knows. */
  decode(record: LogRecord): Event;
}

/** A record that leaves. `value` is already encoded, so that a replay compares bytes and nothing else. */
export interface Output {
  /** Logical topic, without prefix. */
  readonly topic: string;
  readonly key: string;
  /** `null` is a tombstone. */
  readonly value: Uint8Array | null;
  /** Digest of what caused it: stable over restarts, adapters and commit timing. Readers outside the log deduplicate by it. */
  readonly id: string;
  readonly eventTimeMs: number;
}

/** Why a record cannot be processed, ever. It goes to the dead-letter topic in the transaction of its batch. */
export interface Rejection {
  /** UPPER_SNAKE_CASE, listed in docs/errors.md. */
  readonly code: string;
  /** Names the field, the value, the rule and the cure. */
  readonly message: string;
}

/** A place of the service's own journal; a replay sees the same. */
export interface CommitPlace {
  /** Sequence number of the journal entry. */
  readonly seq: number;
  /** From 1, grows with each take-over of the partition: the number of journal records up to the take-over's own. 0: not recorded. */
  readonly owner: number;
}

export interface StepContext {
  /** Logical topic that the run came from; empty for timers. */
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  /** What the step is committed with. It depends on how batches were cut: for provenance, never for a decision. */
  readonly commit: CommitPlace;
  /** Wall clock of the last recorded tick, ms: an input like any other, a replay sees the same value. */
  readonly clockMs: number;
  /** No event of this key before this time is still expected, ms; −Infinity before its first. With `steps: 'runs'` as of the run's end. */
  readonly watermarkMs: number;
  /** The record that the event at `index` of the run came from. From a timer it is an error of the kernel. */
  recordOf(index: number): LogRecord;
  /** `index` is the event's place in the run; outputs leave in input order over all runs of a batch. */
  emit(index: number, output: Output): void;
  /** Refuses the event at `index`: the state must be as if it had never come. From a timer it is an error of the kernel. */
  reject(index: number, rejection: Rejection): void;
}

/** Event timers fire once the key's watermark has passed `atMs`, clock timers once a recorded tick has. */
export interface Timer {
  readonly domain: 'event' | 'clock';
  readonly atMs: number;
}

/** How far apart the events of a key may come. */
export interface Lateness {
  /** How far behind the newest event another may come and still count, ms. */
  readonly allowedLatenessMs: number;
  /** An input without events of the key for this long advances by the clock, ms. */
  readonly idleAfterMs: number;
}

/** An entry of the read side. */
export interface View {
  readonly key: string;
  /** `null` removes the entry. */
  readonly json: string | null;
}

/** Figures of one key's state for the metrics; the kit adds them up over keys. */
export interface StateFigures {
  /** Events that came too late to count, a count. */
  readonly lateEvents?: number;
  /** Event time at which the oldest open window ends, ms. */
  readonly oldestWindowEndMs?: number;
}

/** What a service does with the events of one key. It sees that key's state and nothing else. */
export interface Kernel<State, Event extends KeyedEvent> {
  /** 'runs': `step` takes many events of a key at once. 'events': one, so that timers by event time fire between them. */
  readonly steps: 'runs' | 'events';
  readonly lateness: Lateness;
  /** Data inputs that event time waits for even before their first event of the key, until they were idle: those that a join needs. */
  readonly joins?: readonly string[];
  initial(key: string): State;
  /** A key whose state is empty after a step is forgotten, so that events of unknown models leave nothing behind. */
  isEmpty(state: State): boolean;
  /** Changes `state` in place and nothing else. Must equal stepping one event at a time, however the run is cut. */
  step(state: State, run: readonly Event[], context: StepContext): void;
  /**
   * What the run needs of the control inputs and the state does not have, by names that are the same for the same need. The runner looks
   * once whether it is on its way before it has such events refused. On the hot path.
   */
  missingRegistrations?(state: State | undefined, run: readonly Event[]): readonly string[];
  /** Earliest time at which `onTimer` wants to be called; asked after each step of the key. A timer that fired must not be due again. */
  nextTimer?(state: State): Timer | undefined;
  /** For a kernel that waits for the wall clock beside event time: recorded tick from which `onTimer` wants to be called, ms. */
  nextClockTimer?(state: State): number | undefined;
  onTimer?(state: State, context: StepContext): void;
  /** What is asked of the world and not yet answered: part of the state, so it survives, replays and is asked again. */
  pendingEffects?(state: State): Iterable<Effect>;
  /** The answer to a pending effect; its step clears the effect. Answers to effects that are not pending never come here. */
  onEffectAnswer?(state: State, answer: EffectAnswer, context: StepContext): void;
  /** `save(load(key, bytes, version)) = bytes` for bytes of this version. Reads the state and changes nothing. */
  save(state: State): Uint8Array;
  /**
   * The bytes may come from an earlier version, or from a state under another configuration: what that no longer asks for is left out,
   * what it newly asks for begins empty.
   * @throws when the version cannot be read, naming it
   */
  load(key: string, bytes: Uint8Array, stateVersion: number): State;
  /** Estimate of what the state takes in memory, bytes; absent: four times its saved form. Reads the state and changes nothing. */
  memoryBytes?(state: State): number;
  /** All entries of the key. Reads the state and changes nothing. */
  views(key: string, state: State): readonly View[];
  /** Reads the state and changes nothing; asked every few seconds. */
  figures?(state: State): StateFigures;
}

export interface Processor<Config, State, Event extends KeyedEvent> {
  /** Names consumer group, journal, dead-letter topic, results and checkpoints. */
  readonly service: string;
  readonly inputs: readonly Input<Event>[];
  /** Logical topics that it writes. The kit creates these, the inputs, journal, results and dead letters, and no others. */
  readonly outputs: readonly string[];
  /** Identifies the kernel: a replay under another build may differ, under the same build it may not. */
  readonly build: string;
  readonly stateVersion: number;
  /** A configuration that an owner recorded, with today's defaults for what it did not know. */
  configOf(recorded: unknown): Config;
  kernel(config: Config): Kernel<State, Event>;
  /** True when its keys are not the records' keys (one key for a whole partition): where a record lies is then no fault. */
  readonly isKeyless?: boolean;
  /** Called before the first decode of a slice: events may point into buffers that are reused from then on. */
  beginSlice?(): void;
  /** States by key in a snapshot of all keys, as versions before keyed state wrote them. */
  unpack?(bytes: Uint8Array, stateVersion: number): ReadonlyMap<string, Uint8Array>;
}

/** A processor whose state and events are its own business. */
// The kit only hands states and events back to the processor they came from.
export type AnyProcessor = Processor<any, any, any>;
