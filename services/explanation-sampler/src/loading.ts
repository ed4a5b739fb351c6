/** Models are loaded by an effect; what the state keeps of one is its content hash. */
import { raiseAlert, resolveAlert } from '@weir/alerts/alert';
import { type Cause, causeOf, type Finding, subjectOf } from '@weir/alerts/finding';
import type { Effect, EffectAnswer } from '@weir/service-kit/effects/effect';
import type { StepContext } from '@weir/service-kit/processor';
import { encodeLoad, type LoadAnswer } from './explain-request.ts';
import { ask, fail } from './explaining.ts';
import { digestOf } from './hashing.ts';
import { askToLoad } from './registrations.ts';
import type { ModelState, VersionState } from './state.ts';

const RETRY_MS = 60_000;
const LEVELS = { warning: 0, critical: Number.POSITIVE_INFINITY };

export function loadEffect({ model }: ModelState, { version, access, columns, outputs, load }: VersionState): Effect {
  return {
    id: `load-model/${digestOf(model, version, String(load.attempt))}`,
    kind: 'load-model',
    get payload() {
      return encodeLoad({ access: access ?? { kind: '', location: '' }, columns, outputs: outputs.length });
    },
  };
}

export function takeLoad(model: ModelState, version: VersionState, answer: EffectAnswer, context: StepContext): void {
  const { load } = version;
  if (load.status !== 'asked') return;
  // That of the registration: when an answer comes differs from run to run.
  const eventTimeMs = model.catalogue.versions.get(version.version)?.eventTimeMs ?? 0;
  const cause = causeOf({ topic: 'models', partition: context.partition }, answer.effectId, eventTimeMs);
  if (answer.outcome === 'failed') {
    load.status = 'failed';
    load.error = answer.error;
    load.retryAtMs = answer.answeredMs + RETRY_MS;
    for (const item of version.queue.splice(0)) fail(version, item, `the model cannot be loaded: ${answer.error}`);
    if (load.alert !== null) return;
    const { open, output } = raiseAlert(loadFinding(model, version, cause), cause, LEVELS);
    load.alert = open;
    context.emit(0, output);
    return;
  }
  const { hash, source } = JSON.parse(Buffer.from(answer.payload).toString('utf8')) as LoadAnswer;
  Object.assign(load, { status: 'ready', hash, source, error: '' });
  if (load.alert !== null) {
    context.emit(0, resolveAlert(load.alert, loadFinding(model, version, cause), cause, 'recovered'));
    load.alert = null;
  }
  ask(model, version);
}

export function retryLoad({ versions }: ModelState, clockMs: number): void {
  for (const version of versions.values())
    if (version.load.status === 'failed' && version.load.retryAtMs <= clockMs) askToLoad(version);
}

function loadFinding({ model }: ModelState, { version, load, access }: VersionState, cause: Cause): Finding {
  const isLoaded = load.error === '';
  return {
    subject: subjectOf(model, { version }),
    rule: 'model-access',
    detail: { kind: 'pipeline' },
    value: load.attempt,
    threshold: 1,
    unit: 'tries',
    effect: 0,
    summary: isLoaded
      ? `${model} ${version}: the model was loaded`
      : `${model} ${version}: the model cannot be loaded, so nothing is explained: ${load.error}`,
    advice: `Access is ${access?.kind ?? 'none'}. It is tried again each minute; selected events are counted as unexplained meanwhile.`,
    onsetMs: () => cause.eventTimeMs,
    window: null,
    rate: null,
    labels: {},
  };
}
