/** What a service gives to have the promises of the kit tested on its own processor. */
import type { LogRecord, NewRecord } from '@weir/event-log/port';
import type { SimulatedLog } from '@weir/testkit/simulated-log';
import type { EffectHandler } from '../effects/effect.ts';
import type { AnyProcessor } from '../processor.ts';

/** A state as a released version wrote it, and what must follow from it. */
export interface GoldenState {
  readonly name: string;
  readonly key: string;
  readonly stateVersion: number;
  /** What `kernel.save` gave. */
  readonly bytes: Uint8Array;
  /** Records that follow, on topics without prefix. */
  readonly next: readonly NewRecord[];
  /** Ids of the outputs that they must give. */
  readonly outputIds: readonly string[];
}

export interface Scenario {
  readonly processor: AnyProcessor;
  readonly config: unknown;
  /** Wall clock at which everything happens, ms. */
  readonly nowMs: number;
  /** Registrations, on control topics without prefix, partition 0. */
  control(): readonly NewRecord[];
  /**
   * Event `index` on a data topic without prefix, partition 0: a function of the index alone. Among them missing values, ±Infinity, late and
   * future events, wrong lengths, unknown models and bytes that are no event.
   */
  event(index: number): NewRecord;
  /** Events that give at least `minOutputs` outputs. */
  readonly events: number;
  readonly minOutputs: number;
  /** Logical output topics whose records a fault run must give as a calm one does; by default all. */
  readonly outputs?: readonly string[];
  /**
   * What of an output a fault run must give as a calm one does, as text; undefined leaves the record out. By default all of it: what says where
   * it was committed differs from run to run.
   */
  readonly promised?: (topic: string, record: LogRecord) => string | undefined;
  readonly effects?: () => Readonly<Record<string, EffectHandler>>;
  /** Whether an effect of the scenario still waits for its answer to be processed. */
  readonly isAsking?: (log: SimulatedLog) => boolean | Promise<boolean>;
  readonly golden?: readonly GoldenState[];
  /** Fault runs on the simulated log; 24 by default. */
  readonly faultRuns?: number;
}
