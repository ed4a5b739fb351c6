/**
 * A service is a pure fold over its log: state and records in, outputs out. Everything here is synchronous and deterministic;
 * the runner owns all I/O. What a processor may not have: a clock, a random number, a logger, a promise.
 */
import type { LogRecord } from '@weir/event-log/port';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** The least the runner must know of a decoded record. */
export interface DecodedEvent {
  /** Order matters within a key only. Usually the model id. */
  readonly key: string;
  /** Milliseconds since the epoch, UTC. */
  readonly eventTimeMs: number;
}

/** A record that leaves. `value` is already encoded, so that replay compares bytes and nothing else. */
export interface Output {
  /** Logical topic, without prefix. */
  readonly topic: string;
  readonly key: string;
  readonly value: Uint8Array;
  /** Digest of what caused it: stable over restarts, adapters and commit timing. Effects outside the log use it as idempotency key. */
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

export interface StepContext {
  /** Logical topic the run came from. */
  readonly topic: string;
  readonly partition: number;
  /** Wall clock of the last recorded tick. An input like any other: replay sees the same value. */
  readonly clockMs: number;
  /** `index` is the event's place in the run; outputs leave in input order over all runs of a batch. */
  emit(index: number, output: Output): void;
  /** Refuse the event at `index`; the state must be as if it had never come. */
  reject(index: number, rejection: Rejection): void;
  /** A generator keyed by the configured seed and the event's own id, never by offsets. */
  random(eventId: string): RandomGenerator;
}

/** Figures of a state for the metrics. */
export interface Meters {
  /** Events that came after the window they belong to had closed, a count. */
  readonly lateEvents: number;
  /** Oldest watermark of the keys that have one, event time in ms; undefined when none has. */
  readonly watermarkMs: number | undefined;
  /** Where the oldest pane ends that is open, event time in ms; undefined when none is. */
  readonly oldestPaneEndMs: number | undefined;
}

export interface View {
  readonly key: string;
  /** `null` removes the entry. */
  readonly json: string | null;
}

export interface Processor<State, Event extends DecodedEvent> {
  /** Names consumer group, journal, dead-letter topic and snapshots. */
  readonly service: string;
  /** Input topics folded first at each poll: registrations before the events that need them. */
  readonly controlTopics: readonly string[];
  readonly dataTopics: readonly string[];
  /** Identifies the kernels: replay under another build may differ, under the same build it may not. */
  readonly build: string;
  /** Canonical JSON of all configuration that can change an output. Written to the journal at each take-over. */
  readonly config: string;
  readonly stateVersion: number;
  /** The same kernels under a configuration that a take-over recorded: what `config` gave then, parsed. */
  configured(recorded: unknown): Processor<State, Event>;

  initialState(partition: number): State;
  /**
   * What one key's events need of the control topics and the state does not have, by names that are the same for the same need; empty
   * when nothing is missing. The runner looks once whether it is on its way before it has such events refused. Pure, on the hot path.
   */
  unannounced(state: State, events: readonly Event[]): readonly string[];
  /** Called before the first decode of a batch: events may point into buffers that are reused from then on. */
  beginBatch(): void;
  /** @throws any error that `fateOf` knows. Depends on the bytes alone, never on the state. */
  decode(topic: string, record: LogRecord): Event;
  /**
   * Fold one key's events, in order. Must equal folding them one by one however the run is cut
   * (property-tested for every processor). Changes `state` in place and nothing else.
   */
  stepRun(state: State, events: readonly Event[], context: StepContext): void;
  /** Time passes without events: close what only waits for the clock. */
  tick(state: State, context: StepContext): void;
  /** True while `tick` could still change something, so that an idle task need not write ticks for ever. */
  awaitsTick(state: State): boolean;

  toSnapshot(state: State): Uint8Array;
  /**
   * The bytes may come from a state under another configuration: what it no longer asks for is left out, what it newly asks for begins
   * empty. A function of the bytes and the configuration alone.
   * @throws when the bytes are not a snapshot of `stateVersion`.
   */
  fromSnapshot(bytes: Uint8Array): State;

  /** Read views of the keys that changed since the last call, or of all keys. Pure reads of the state. */
  views(state: State, scope: 'changed' | 'all'): readonly View[];
  /** Pure, and cheap enough to be asked every few seconds. */
  meters(state: State): Meters;
  /** Read views that an output leaves behind (an alert's history entry). Pure, so that a restore publishes them again. */
  outputViews(output: Output): readonly View[];
}
