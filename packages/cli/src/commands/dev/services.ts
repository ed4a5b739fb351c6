/** The services that `weir dev` runs and `weir replay` reproduces: one entry each. */
import { SETTINGS as ANOMALY_SETTINGS, anomalyConfigOf } from '@weir/anomaly-detector/config';
import { anomalyDetector } from '@weir/anomaly-detector/service';
import { SETTINGS as DRIFT_SETTINGS, driftConfigOf } from '@weir/drift-detector/config';
import { driftDetector } from '@weir/drift-detector/service';
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
    name: 'anomaly-detector',
    settings: ANOMALY_SETTINGS,
    define: (config) => anomalyDetector(anomalyConfigOf(config)),
    // Half a week of flights to learn from and a week to compare with, because hours and weekdays differ, and few alarms to look at.
    demonstration: {
      WEIR_ANOMALY_LEARN_EVENTS: '58000',
      WEIR_ANOMALY_HELD_OUT_EVENTS: '116000',
      WEIR_ANOMALY_EVENTS_PER_ALARM: '100000',
    },
    shown: shownAlert,
  }),
];

/** Forgets whose settings they are: an entry is only ever given the configuration that its own settings gave. */
function entry<Own extends Settings>(each: Entry<Own>): DevService {
  return each as unknown as DevService;
}
