/** The services that `weir dev` runs and `weir replay` reproduces: one entry each. */

import { join, relative } from 'node:path';
import { SETTINGS as ANOMALY_SETTINGS, anomalyConfigOf } from '@weir/anomaly-detector/config';
import { anomalyDetector } from '@weir/anomaly-detector/service';
import { SETTINGS as DRIFT_SETTINGS, driftConfigOf } from '@weir/drift-detector/config';
import { driftDetector } from '@weir/drift-detector/service';
import { SETTINGS as EXPLAIN_SETTINGS, modelPlacesOf, samplerConfigOf } from '@weir/explanation-sampler/config';
import { explanationSampler } from '@weir/explanation-sampler/service';
import { checkpointKeysOf, SETTINGS as GOVERNANCE_SETTINGS } from '@weir/governance-log/config';
import { governanceLog } from '@weir/governance-log/service';
import { SETTINGS as PROMOTION_SETTINGS } from '@weir/promotion/config';
import { decisionLine } from '@weir/promotion/decision-line';
import { promotionService } from '@weir/promotion/service';
import type { ServiceConfig, ServiceSettings } from '@weir/service-kit/config/common-settings';
import type { Settings } from '@weir/service-kit/config/settings';
import type { ServiceDefinition } from '@weir/service-kit/definition';
import type { Output } from '@weir/service-kit/processor';
import type { Services } from '@weir/service-kit/service';
import type { ReadViews } from '@weir/service-kit/views/read-views';
import { EvidenceWatch } from './evidence-watch.ts';
import { authorLines, untilSigned, verdictOf } from './governance.ts';
import { type ShownOutput, shownAlert } from './shown-output.ts';

/** What an entry says of its service. */
interface Entry<Own extends Settings> {
  /** As its topics bear it. */
  readonly name: string;
  readonly settings: ServiceSettings<Own>;
  readonly define: (config: ServiceConfig<Own>) => ServiceDefinition;
  /** Variables that stand over the defaults in `weir dev`; the environment stands over them. The screen states them. */
  readonly demonstration: Readonly<Record<string, string>>;
  /** The same, while flights are sent: windows and warm-ups that suit their number. */
  readonly flights: Readonly<Record<string, string>>;
  /** How an output looks on the screen; undefined: not at all. */
  readonly shown: (output: Output) => ShownOutput | undefined;
  /** What to show of the service's views after a commit, besides its outputs. */
  readonly watched?: () => (views: ReadViews) => Promise<readonly ShownOutput[]>;
  /** Awaited before the services stop: what was decided last is to be finished. Resolves within seconds whatever happens. */
  readonly settle?: (services: Services, views: ReadViews) => Promise<void>;
  /** Said at the end of a run, while its files are still there. @param keep false: they are removed next */
  readonly closing?: (config: ServiceConfig<Own>, keep: boolean) => string | undefined;
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
    // A week of flights, so that hours and weekdays weigh alike, and differences that a person would care about. Outcomes: of a day
    // against those of the first week.
    demonstration: {},
    flights: {
      WEIR_DRIFT_WINDOWS: '116000',
      WEIR_DRIFT_MIN_EFFECT: '0.1',
      WEIR_DRIFT_OUTCOME_WINDOWS: '16000',
      WEIR_DRIFT_OUTCOME_REFERENCE: '116000',
      WEIR_DRIFT_OUTCOME_MIN_EFFECT: '0.05',
    },
    shown: shownAlert,
  }),
  entry({
    name: 'anomaly-detector',
    settings: ANOMALY_SETTINGS,
    define: (config) => anomalyDetector(anomalyConfigOf(config)),
    // Half a week of flights to learn from and a week to compare with, because hours and weekdays differ, and few alarms to look at.
    demonstration: {},
    flights: {
      WEIR_ANOMALY_LEARN_EVENTS: '58000',
      WEIR_ANOMALY_HELD_OUT_EVENTS: '116000',
      WEIR_ANOMALY_EVENTS_PER_ALARM: '100000',
    },
    shown: shownAlert,
  }),
  entry({
    name: 'explanation-sampler',
    settings: EXPLAIN_SETTINGS,
    define: (config) => explanationSampler(samplerConfigOf(config), modelPlacesOf(config)),
    // About every fiftieth flight of a version; their background is that of a day, the reference of the shares a week.
    demonstration: {},
    flights: {
      WEIR_EXPLAIN_MODELS_DIR: FLIGHT_MODELS,
      WEIR_EXPLAIN_BUDGET_PER_SECOND: '0.002',
      WEIR_EXPLAIN_BACKGROUND_EVENTS: '20000',
      WEIR_EXPLAIN_REFERENCE_SIZE: '1200',
    },
    shown: shownAlert,
  }),
  entry({
    name: 'promotion',
    settings: PROMOTION_SETTINGS,
    define: (config) => promotionService(config),
    // Entries are signed, so that the governance log takes them.
    demonstration: { WEIR_PROMOTION_MAKE_KEY: 'true' },
    flights: {},
    shown: (output) => {
      const line = decisionLine(output);
      if (line === undefined) return shownAlert(output);
      const { eventTimeMs, text, isVerdict, path } = line;
      return { eventTimeMs, mark: 'DECISION', text, path, counts: 'decision', ends: isVerdict };
    },
    watched: () => {
      const watch = new EvidenceWatch();
      return (views) => watch.look(views);
    },
  }),
  entry({
    name: 'governance-log',
    settings: GOVERNANCE_SETTINGS,
    // After promotion, which makes its key where there is none.
    define: (config) => governanceLog(config, authorLines(config), checkpointKeysOf(config)),
    demonstration: { WEIR_GOVERNANCE_MAKE_KEY: 'true' },
    flights: {},
    shown: shownAlert,
    settle: untilSigned,
    closing: verdictOf,
  }),
];

/** Forgets whose settings they are: an entry is only ever given the configuration that its own settings gave. */
function entry<Own extends Settings>(each: Entry<Own>): DevService {
  return each as unknown as DevService;
}
