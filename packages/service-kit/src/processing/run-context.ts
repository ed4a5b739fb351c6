/** The context of a slice: collects what its runs emit and refuse, by place in the slice. */
import type { LogRecord } from '@weir/event-log/port';
import type { CommitPlace, Output, Rejection, StepContext } from '../processor.ts';

interface Emitted {
  readonly at: number;
  readonly output: Output;
}

interface Refused {
  readonly at: number;
  readonly rejection: Rejection;
}

export class RunContext implements StepContext {
  readonly partition: number;
  readonly clockMs: number;
  readonly commit: CommitPlace;
  topic = '';
  key = '';
  watermarkMs: number = Number.NEGATIVE_INFINITY;
  /** Index in the slice of each event of the run. */
  places: readonly number[] = [];
  /** Events of the run that were refused, a count. */
  refusedOfRun = 0;
  readonly #records: readonly LogRecord[];
  readonly #emitted: Emitted[] = [];
  readonly #refused: Refused[] = [];
  readonly #refusedPlaces = new Set<number>();

  /** @param records of the slice, none for timers */
  constructor(partition: number, clockMs: number, commit: CommitPlace, records: readonly LogRecord[]) {
    this.partition = partition;
    this.clockMs = clockMs;
    this.commit = commit;
    this.#records = records;
  }

  begin(topic: string, key: string, places: readonly number[], watermarkMs: number): void {
    this.topic = topic;
    this.key = key;
    this.places = places;
    this.watermarkMs = watermarkMs;
    this.refusedOfRun = 0;
  }

  recordOf(index: number): LogRecord {
    const record = this.#records[this.places[index] ?? -1];
    if (record === undefined) throw new Error(`a timer of key ${this.key} asked for the record of an event`);
    return record;
  }

  emit(index: number, output: Output): void {
    this.#emitted.push({ at: this.places[index] ?? index, output });
  }

  reject(index: number, rejection: Rejection): void {
    const at = this.places[index];
    if (at === undefined)
      throw new Error(`a timer of key ${this.key} refused something: ${rejection.code} ${rejection.message}`);
    this.refusedOfRun += 1;
    this.refuse(at, rejection);
  }

  /** @param at place in the slice */
  refuse(at: number, rejection: Rejection): void {
    this.#refused.push({ at, rejection });
    this.#refusedPlaces.add(at);
  }

  isRefused(at: number): boolean {
    return this.#refusedPlaces.has(at);
  }

  /** Both sorts are stable: what one event gave keeps its order. */
  inOrder(): { readonly outputs: readonly Emitted[]; readonly refusals: readonly Refused[] } {
    const byPlace = (a: { readonly at: number }, b: { readonly at: number }): number => a.at - b.at;
    return { outputs: this.#emitted.sort(byPlace), refusals: this.#refused.sort(byPlace) };
  }
}
