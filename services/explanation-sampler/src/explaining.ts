/** From selected events to explanations: batches that are asked for, and what is made of their answers. */

import { protectedColumns } from '@weir/catalogue/model-catalogue';
import { encode } from '@weir/events/codec';
import type { ExplanationSampled, ModelAccess } from '@weir/events/generated/events';
import type { Effect, EffectAnswer } from '@weir/service-kit/effects/effect';
import type { Output, StepContext } from '@weir/service-kit/processor';
import { REMOTE_KINDS } from './access-kinds.ts';
import { archive, keepRequested } from './archive.ts';
import { asRows, rowsOf } from './background.ts';
import { decodeAnswers, encodeRequest, type RowAnswer } from './explain-request.ts';
import { tellGaps } from './fairness-alerts.ts';
import { addGap } from './gap-features.ts';
import { digestOf } from './hashing.ts';
import { observeImportance } from './importance.ts';
import { askToLoad } from './registrations.ts';
import type { Batch, Item, ModelState, VersionState } from './state.ts';
import { withoutProtectedAttributions } from './withheld.ts';

/** Rows of one request, and numbers in them. */
const MAX_ROWS = 256;
const MAX_NUMBERS = 32_768;
/** Of a model behind a server, which is asked for many rows for each. */
const MAX_REMOTE_ROWS = 8;
/** How far the logged output may be from the model's own, relative to 1 + |output|: outputs are logged with few digits. */
const SAME_OUTPUT = 1e-3;
const WEIGHTS_VERSION = 'uncertainty-distance/1';

/** Asks for what waits, when nothing is asked: one batch at a time, so that explanations leave in the order in which they were selected. */
export function ask(model: ModelState, version: VersionState): void {
  const { queue, load, access } = version;
  const isReady = model.backgrounds.get(version.featureSet)?.id !== '' && load.status === 'ready' && access !== null;
  if (version.batch !== null || queue.length === 0 || !isReady) return;
  const most = Math.max(
    1,
    Math.min(
      isRemote(access) ? MAX_REMOTE_ROWS : MAX_ROWS,
      Math.floor(MAX_NUMBERS / Math.max(1, version.columns.length)),
    ),
  );
  const items = queue.splice(0, most);
  version.batches += 1;
  const ids = items.map(({ predictionId }) => predictionId);
  version.batch = { id: `explain/${digestOf(model.model, version.version, String(version.batches), ...ids)}`, items };
}

/** A batch as an effect. Its payload is made when it is handed out, which is once. */
export function effectOf(model: ModelState, version: VersionState, { id, items }: Batch): Effect {
  const { access, load, columns, outputs } = version;
  const background = model.backgrounds.get(version.featureSet);
  if (access === null || background === undefined) throw new Error(`version ${version.version} has no access`);
  return {
    id,
    // Apart from the others, so that a server that is away trips its own breaker alone.
    kind: isRemote(access) ? 'explain-remote' : 'explain',
    get payload() {
      return encodeRequest({
        access,
        hash: load.hash,
        columns,
        outputs: outputs.length,
        treeGame: model.config.treeGame,
        remoteExplainer: model.config.limeModels.includes(model.model) ? 'lime' : 'kernel',
        backgroundId: background.id,
        background: rowsOf(background),
        rows: asRows(items),
        seeds: items.map((item) => seedOf(version, item)),
      });
    },
  };
}

function isRemote({ kind }: ModelAccess): boolean {
  return REMOTE_KINDS.includes(kind);
}

function seedOf({ version, load }: VersionState, { predictionId }: Item): string {
  return digestOf('seed', predictionId, version, load.hash).slice(0, 16);
}

export function takeAnswers(
  model: ModelState,
  version: VersionState,
  answer: EffectAnswer,
  context: StepContext,
): void {
  const { items } = version.batch as Batch;
  version.batch = null;
  if (answer.outcome === 'failed') {
    for (const item of items) fail(version, item, answer.error);
    // The model may have changed, or its server be away: loading it again says which.
    askToLoad(version);
    return;
  }
  const answers = decodeAnswers(answer.payload);
  for (const [index, item] of items.entries()) {
    const row = answers[index] ?? { error: 'the answer has no such row' };
    if ('error' in row) fail(version, item, row.error);
    else explained(model, version, item, row, context);
  }
  ask(model, version);
}

type Explained = Exclude<RowAnswer, { readonly error: string }>;

function explained(model: ModelState, version: VersionState, item: Item, row: Explained, context: StepContext): void {
  const background = model.backgrounds.get(version.featureSet)?.id ?? '';
  const { game, method, base, prediction, confidence, intervals, modelRows, attributions } = row;
  const isSame = !(Math.abs(row.output - item.output) > SAME_OUTPUT * (1 + Math.abs(row.output)));
  if (!isSame) version.mismatched += 1;
  const seed = row.isSeeded ? seedOf(version, item) : '';
  const output = version.outputs[0] ?? '';
  const id = digestOf(
    'explanation',
    item.predictionId,
    version.version,
    output,
    game,
    seed,
    version.load.hash,
    background,
  );
  const event = {
    model: model.model,
    version: version.version,
    featureSet: version.featureSet,
    eventTimeMs: item.eventTimeMs,
    id,
    predictionId: item.predictionId,
    output,
    method,
    game,
    backgroundId: row.usesBackground ? background : null,
    modelHash: version.load.hash,
    seed,
    inclusionProbability: item.inclusionProbability,
    weightsVersion: WEIGHTS_VERSION,
    attributions: [...attributions],
    intervals,
    confidence,
    base,
    prediction,
    residual: prediction - base - attributions.reduce((a, b) => a + b, 0),
    modelRows,
    flags: [...row.flags, ...(item.isRequested ? ['requested'] : []), ...(isSame ? [] : ['mismatch'])],
  };
  const emit = (each: Output): void => context.emit(0, each);
  emit({
    topic: 'explanations',
    key: model.model,
    value: encode('ExplanationSampled', publicEvent(model, version, event)),
    id,
    eventTimeMs: item.eventTimeMs,
  });
  const shown = { ...event, features: version.columns.map(({ name }) => name), modelOutput: row.output };
  if (item.isRequested) return keepRequested(version, item, { state: 'explained', ...shown });
  version.explained += 1;
  archive(version, item, shown, model.config.kept);
  const cause = {
    topic: 'predictions',
    partition: context.partition,
    eventId: item.predictionId,
    eventTimeMs: item.eventTimeMs,
  };
  const observation = { item, game, background: row.usesBackground ? background : '', attributions };
  observeImportance(model, version, observation, cause, emit);
  // First what was selected before it, then itself: how far the explanations have got must not show in an alert.
  tellGaps(model, version, item, { cause, emit });
  addGap(version, item, attributions, prediction - base);
}

/** As the topic has it: REST gives the whole to those who may see it. */
function publicEvent(
  { catalogue, config }: ModelState,
  { columns }: VersionState,
  event: ExplanationSampled,
): ExplanationSampled {
  if (config.protectedInTopic === 'shown') return event;
  const isProtected = protectedColumns(catalogue);
  return withoutProtectedAttributions(
    event,
    columns.map(({ name }) => isProtected.has(name)),
  );
}

export function fail(version: VersionState, item: Item, error: string): void {
  version.lastError = error;
  if (item.isRequested) keepRequested(version, item, { state: 'failed', predictionId: item.predictionId, error });
  else version.unexplained += 1;
}
