/** The evidence of a running test as it moves: a line for each day of event time, and whenever the e-value has moved by a factor of ten. */
import type { ReadViews } from '@weir/service-kit/views/read-views';
import { minute, type ShownOutput } from './shown-output.ts';

const SERVICE = 'promotion';
const PREFIX = 'evidence/';
const MAX_MODELS = 100;
const FACTOR = 10;
const DAY_CHARACTERS = 'YYYY-MM-DD'.length;

/** What the view has while a test runs, as far as it is shown. */
interface Evidence {
  readonly model: string;
  readonly test: {
    readonly id: string;
    readonly openedMs: number | null;
    readonly elapsedMs: number;
    readonly challenger: string;
    readonly champion: string;
  } | null;
  readonly weights: Readonly<Record<string, number>> | null;
  readonly eValue: { readonly better: number; readonly needed: number };
  readonly samples: { readonly champion: number; readonly challenger: number };
  readonly means: { readonly champion: number | null; readonly challenger: number | null };
}

export class EvidenceWatch {
  readonly #shown = new Map<string, { readonly day: string; readonly log: number }>();

  /** Lines for what has moved since the last look. */
  async look(views: ReadViews): Promise<readonly ShownOutput[]> {
    const found = await views.list(SERVICE, { prefix: PREFIX, limit: MAX_MODELS });
    return found.flatMap(({ json }) => {
      const line = this.#next(JSON.parse(json) as Evidence);
      return line === undefined ? [] : [line];
    });
  }

  #next({ model, test, weights, eValue, samples, means }: Evidence): ShownOutput | undefined {
    if (test === null || test.openedMs === null || samples.champion + samples.challenger === 0) return undefined;
    const eventTimeMs = test.openedMs + test.elapsedMs;
    const day = minute(eventTimeMs).slice(0, DAY_CHARACTERS);
    const log = Math.log10(Math.max(eValue.better, Number.MIN_VALUE));
    const place = `${model}/${test.id}`;
    const before = this.#shown.get(place);
    if (before?.day === day && Math.abs(log - before.log) < Math.log10(FACTOR)) return undefined;
    this.#shown.set(place, { day, log });
    const share = (weights?.[test.challenger] ?? 0) / 1e4;
    const failures = (mean: number | null): string => (mean === null ? '–' : `${(100 * (1 - mean)).toFixed(2)} %`);
    const text =
      `${model}: ${test.challenger} has ${share.toFixed(0)} % of the traffic, e-value ${eValue.better.toPrecision(3)} of ` +
      `${eValue.needed.toPrecision(3)} after ${samples.champion + samples.challenger} joined outcomes; 1 − mean reward ` +
      `${failures(means.challenger)}, ${test.champion} ${failures(means.champion)}`;
    return { eventTimeMs, mark: 'evidence', text, path: undefined, counts: undefined, ends: false };
  }
}
