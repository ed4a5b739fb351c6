/** The services that `weir dev` runs and `weir replay` reproduces: one entry each. */
import { join, relative } from 'node:path';
import { SETTINGS as DRIFT_SETTINGS, driftConfigOf } from '@weir/drift-detector/config';
import { driftDetector } from '@weir/drift-detector/service';
import { SETTINGS as EXPLAIN_SETTINGS, modelPlacesOf, samplerConfigOf } from '@weir/explanation-sampler/config';
import { explanationSampler } from '@weir/explanation-sampler/service';
import type { ServiceConfig, ServiceSettings } from '@weir/service-kit/config/common-settings';
import type { Settings } from '@weir/service-kit/config/settings';
import type { ServiceDefinition } from '@weir/service-kit/definition';
import type { Output } from '@weir/service-kit/processor';
import { type ShownOutput, shownAlert } from './shown-output.ts';

/** What an entry says of its service. */
interface Entry<Own extends Settings> {
  /** As its topics bear it. */
  readonly name: string;
  readonly settings: ServiceSettings<Own>;
  readonly define: (config: ServiceConfig<Own>) => ServiceDefinition;
  /** Variables that stand over the defaults in `weir dev`; the environment stands over them. The screen states them. */
  readonly demonstration: Readonly<Record<string, string>>;
  /** How an output looks on the screen; undefined: not at all. */
  readonly shown: (output: Output) => ShownOutput | undefined;
}

/** An entry whose settings are its own business. */
export type DevService = Entry<Settings>;

/** Models of the demonstration that are read from files. */
const FLIGHT_MODELS = relative(process.cwd(), join(import.meta.dirname, '../../../../../examples/flights/models'));

export const SERVICES: readonly DevService[] = [
  entry({
    name: 'drift-detector',
    settings: DRIFT_SETTINGS,
    define: (config) => driftDetector(driftConfigOf(config)),
    // A week of flights, so that hours and weekdays weigh alike, and differences that a person would care about.
    demonstration: { WEIR_DRIFT_WINDOWS: '116000', WEIR_DRIFT_MIN_EFFECT: '0.1' },
    shown: shownAlert,
  }),
  entry({
    name: 'explanation-sampler',
    settings: EXPLAIN_SETTINGS,
    define: (config) => explanationSampler(samplerConfigOf(config), modelPlacesOf(config)),
    // About every fiftieth flight of a version; their background is that of a day, the reference of the shares a week.
    demonstration: {
      WEIR_EXPLAIN_MODELS_DIR: FLIGHT_MODELS,
      WEIR_EXPLAIN_BUDGET_PER_SECOND: '0.002',
      WEIR_EXPLAIN_BACKGROUND_EVENTS: '20000',
      WEIR_EXPLAIN_REFERENCE_SIZE: '1200',
    },
    shown: shownAlert,
  }),
];

/** Forgets whose settings they are: an entry is only ever given the configuration that its own settings gave. */
function entry<Own extends Settings>(each: Entry<Own>): DevService {
  return each as unknown as DevService;
}
