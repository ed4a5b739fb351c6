/** Flights with faults, made of those without: what `replay(faults)` gives, without training the models again. */
import { decode, encode } from '@weir/events/codec';
import type { ModelVersionRegistered, PredictionLogged } from '@weir/events/generated/events';
import { NUMERIC_FEATURES } from '@weir/flights/features';
import { GradientBoosted, SHADOW_MODEL } from '@weir/flights/gradient-boosted';
import { type Fault, Injector } from '@weir/flights/inject';
import { type ReplayEvent, replay } from '@weir/flights/replay';

const CLEAN = replay();
const known: ReplayEvent[] = [];
const boosted = new GradientBoosted();

/** Registrations, references and predictions before `untilMs`, in order. Made once, as far as anybody has asked. */
export async function cleanFlights(untilMs: number): Promise<readonly ReplayEvent[]> {
  while ((known.at(-1)?.eventTimeMs ?? 0) < untilMs) {
    const { value } = await CLEAN.next();
    if (value === undefined) break;
    known.push(...(value as readonly ReplayEvent[]).filter(({ topic }) => topic !== 'outcomes'));
  }
  return known.filter(({ eventTimeMs }) => eventTimeMs < untilMs);
}

/** @param clean events in order, the registrations among them. From the first fault on they have it, and so have their models' answers. */
export function injectedFlights(clean: readonly ReplayEvent[], faults: readonly Fault[]): readonly ReplayEvent[] {
  const injector = new Injector(faults);
  const firstMs = Math.min(...faults.map(({ fromMs }) => fromMs));
  const models = new Map<string, (features: readonly number[]) => number>();
  let served: PredictionLogged | undefined;
  return clean.map((each) => {
    if (each.topic === 'references' || (each.topic === 'predictions' && each.eventTimeMs < firstMs)) return each;
    const { name, event } = decode(each.value);
    if (name === 'ModelVersionRegistered' && event.access?.kind === 'inline')
      models.set(event.version, linearOf(event));
    if (name !== 'PredictionLogged') return each;
    // A flight in shadow follows the one that was served.
    if (event.model === SHADOW_MODEL) return { ...each, value: boosted.shadow(served as PredictionLogged) };
    const numeric = [...event.numeric];
    injector.apply(numeric, event.eventTimeMs);
    const output = (models.get(event.version) as (features: readonly number[]) => number)(numeric);
    served = { ...event, numeric, outputs: [Math.round(output * 10_000) / 10_000] };
    return { ...each, value: encode('PredictionLogged', served) };
  });
}

interface Linear {
  readonly feature_names: readonly string[];
  readonly weights: readonly [readonly number[]];
  readonly intercepts: readonly [number];
  readonly inputs: { readonly centre: readonly number[]; readonly scale: readonly number[]; readonly clip: number };
}

/** The model as its registration has it. */
function linearOf({ access }: ModelVersionRegistered): (features: readonly number[]) => number {
  const { feature_names, weights, intercepts, inputs } = JSON.parse(access?.location ?? '') as Linear;
  const { centre, scale, clip } = inputs;
  const places = feature_names.map((wanted) => NUMERIC_FEATURES.findIndex(({ name }) => name === wanted));
  return (features) => {
    let score = intercepts[0];
    for (const [at, place] of places.entries()) {
      const standard = ((features[place] as number) - (centre[at] as number)) / (scale[at] as number);
      score += (weights[0][at] as number) * Math.max(-clip, Math.min(clip, standard));
    }
    return 1 / (1 + Math.exp(-score));
  };
}
