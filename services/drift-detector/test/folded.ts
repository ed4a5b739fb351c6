/** The detector without a log: records in, what it says and shows out. */
import { decode, type EventName } from '@weir/events/codec';
import type { AlertRaised, AlertResolved } from '@weir/events/generated/events';
import { Fold } from '@weir/service-kit/processing/fold';
import { DRIFT_DEFAULTS, type DriftConfig } from '../src/config.ts';
import { createDriftProcessor, type DriftEvent } from '../src/processor.ts';
import type { ModelState } from '../src/state.ts';

export interface Said {
  readonly name: EventName;
  readonly event: AlertRaised & AlertResolved;
}

export class Folded {
  readonly fold: Fold<ModelState, DriftEvent>;
  /** Alerts since they were last taken. */
  #said: Said[] = [];
  readonly rejections: { readonly code: string; readonly message: string }[] = [];

  constructor(config: Partial<DriftConfig> = {}, clockMs = 0) {
    const options = { partition: 0, partitions: 1, futureBoundMs: 1e15 };
    this.fold = new Fold(createDriftProcessor(), { ...DRIFT_DEFAULTS, ...config }, options, clockMs);
  }

  readonly sink = {
    output: ({ value }: { readonly value: Uint8Array | null }): void => {
      this.#said.push(decode(value as Uint8Array) as Said);
    },
    reject: (_: string, __: unknown, rejection: { readonly code: string; readonly message: string }): void => {
      this.rejections.push(rejection);
    },
  };

  records(topic: string, values: readonly Uint8Array[]): void {
    const records = values.map((value) => ({ offset: 0n, key: null, value, headers: [], timestampMs: 0 }));
    this.fold.records(topic, records, this.sink);
  }

  said(): readonly Said[] {
    const said = this.#said;
    this.#said = [];
    return said;
  }

  view<Content>(key: string): Content {
    return JSON.parse(this.fold.keys.allViews().find((view) => view.key === key)?.json ?? 'null') as Content;
  }
}

export function range(length: number): readonly number[] {
  return Array.from({ length }, (_, index) => index);
}
