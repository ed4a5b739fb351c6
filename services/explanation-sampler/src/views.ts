/** What routes answer with. Views hold everything; a route leaves out what the caller may not see. */
import { protectedColumns } from '@weir/catalogue/model-catalogue';
import { hajekEstimates } from '@weir/explain/sampling/hajek';
import type { View } from '@weir/service-kit/processor';
import { decisionRule } from './fairness.ts';
import { adviceViewOf, gapsShown } from './fairness-advice.ts';
import { finite } from './finite.ts';
import { referenceOf } from './shares.ts';
import type { Importance, ModelState, VersionState } from './state.ts';

const CONFIDENCE = 0.95;

export function explanationKey(model: string, predictionId: string): string {
  return `explanation/${encodeURIComponent(model)}/${encodeURIComponent(predictionId)}`;
}

export function modelViews(model: ModelState): readonly View[] {
  const isProtected = protectedColumns(model.catalogue);
  const versions = [...model.versions.values()];
  const kept = versions.flatMap(({ archives, requested }) => [
    ...archives.flatMap(({ sample }) => [...sample.sample()].map(({ value }) => value)),
    ...requested,
  ]);
  const explanations = {
    model: model.model,
    protectedFeatures: [...isProtected],
    versions: versions.map((version) => importanceOf(model, version)),
  };
  return [
    { key: `model/${model.model}`, json: JSON.stringify(summaryOf(model, versions, isProtected)) },
    { key: `explanations/${model.model}`, json: JSON.stringify(explanations) },
    { key: `fairness/${model.model}`, json: JSON.stringify(fairnessViewOf(model, versions)) },
    { key: `fairness-advice/${model.model}`, json: JSON.stringify(adviceViewOf(model)) },
    ...kept.map(({ predictionId, json }) => ({ key: explanationKey(model.model, predictionId), json })),
  ];
}

/** For `/v1/models`: what is explained, by which columns most, and nothing of protected ones. */
function summaryOf(model: ModelState, versions: readonly VersionState[], isProtected: ReadonlySet<string>): object {
  return {
    versions: versions.map((version) => ({
      version: version.version,
      access: version.access?.kind ?? null,
      model: version.load.status,
      explained: version.explained,
      mostImportant: ranked(version)
        .map(({ feature }) => feature)
        .filter((feature) => !isProtected.has(feature))
        .slice(0, 3),
      fairnessWatched: version.fairness.monitor !== null,
      openAlerts:
        (version.importance?.alerts.size ?? 0) + version.fairness.alerts.size + (version.load.alert === null ? 0 : 1),
    })),
    lastEventMs: Number.isFinite(model.lastEventMs) ? model.lastEventMs : null,
  };
}

function importanceOf(model: ModelState, version: VersionState): object {
  const { load, access, sampler, importance, archives, requested } = version;
  const background = model.backgrounds.get(version.featureSet);
  return {
    version: version.version,
    featureSet: version.featureSet,
    access: access === null ? null : { kind: access.kind },
    model: { status: load.status, source: load.source, hash: load.hash, error: load.error },
    background: { id: background?.id ?? '', rows: background?.rows.length ?? 0, seen: background?.seen ?? 0 },
    game: importance?.game ?? null,
    events: sampler.state.events,
    explained: version.explained,
    waiting: version.queue.length + (version.batch?.items.length ?? 0),
    uncovered: sampler.state.uncovered,
    shed: version.shed,
    unexplained: version.unexplained,
    mismatched: version.mismatched,
    lastError: version.lastError,
    confidence: CONFIDENCE,
    importance: ranked(version),
    archived: archives
      .flatMap(({ sample }) => [...sample.sample()])
      // Through both stages: what a mean over the archive weighs by.
      .map(({ value, inclusionProbability }) => ({
        predictionId: value.predictionId,
        inclusionProbability: value.inclusionProbability * inclusionProbability,
      })),
    requested: requested.map(({ predictionId }) => predictionId),
  };
}

interface Ranked {
  readonly feature: string;
  readonly importance: number | null;
  readonly interval: readonly (number | null)[];
  readonly effect: number | null;
  readonly effectInterval: readonly (number | null)[];
  readonly share: number | null;
  readonly referenceShare: number | null;
  readonly drifted: boolean;
}

function ranked({ columns, importance }: VersionState): readonly Ranked[] {
  if (importance === null) return [];
  const estimates = hajekEstimates(importance.sums, CONFIDENCE);
  const reference = referenceOf(importance);
  return columns
    .map(({ name }, column): Ranked => {
      const size = estimates[column];
      const signed = estimates[columns.length + column];
      return {
        feature: name,
        importance: finite(size?.mean),
        interval: (size?.interval ?? []).map(finite),
        effect: finite(signed?.mean),
        effectInterval: (signed?.interval ?? []).map(finite),
        share: importance.detector === null ? null : finite(importance.recent[column]),
        referenceShare: importance.detector === null ? null : finite(reference[column]),
        drifted: (importance as Importance).alerts.has(column),
      };
    })
    .sort((a, b) => (b.importance ?? 0) - (a.importance ?? 0));
}

function fairnessViewOf(model: ModelState, versions: readonly VersionState[]): object {
  return {
    model: model.model,
    versions: versions.map((version) => {
      const { monitor, unwatched, decisions, labels, undecided, alerts } = version.fairness;
      const { output, isAtLeast, threshold } = decisionRule(model, version);
      const cells = monitor?.report() ?? [];
      return {
        version: version.version,
        favourable: `${version.outputs[output] ?? ''} ${isAtLeast ? '>=' : '<='} ${threshold}`,
        attributes: (monitor?.groupings ?? []).map(({ attributes }) => attributes.join(', ')),
        tolerance: {
          ratio: model.config.fairnessRatio,
          calibration: model.config.fairnessCalibration,
          alpha: model.config.fairnessAlpha,
        },
        unwatched,
        decisions,
        labels,
        undecided,
        unknown: (monitor?.groupings ?? []).map(({ attributes }, at) => ({
          attributes: attributes.join(', '),
          events: monitor?.unknown[at] ?? 0,
        })),
        openAlerts: [...alerts.values()].map(({ open }) => open.id),
        // A group below the smallest size is not shown.
        groups: cells.flatMap(({ count, othersCount, ...cell }) =>
          cell.status === 'warming-up'
            ? []
            : {
                ...cell,
                count,
                othersCount,
                interval: cell.interval?.map(finite) ?? null,
                bounds: cell.bounds?.map(finite) ?? null,
              },
        ),
        gaps: gapsShown(version),
        hiddenCells: cells.filter(({ status }) => status === 'warming-up').length,
      };
    }),
  };
}
