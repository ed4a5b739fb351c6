/** Explanations that can be read: a sample of each day, which is stage two of the sampling, and those that somebody asked for. */
import { PriorityReservoir } from '@weir/explain/sampling/priority-reservoir';
import { uniformOf } from './hashing.ts';
import type { Item, Kept, VersionState } from './state.ts';

const DAY_MS = 86_400_000;
const DAYS = 2;
const MAX_REQUESTED = 100;

/** Of the explanations of a day so many stay that each stands for as much of the stream as the others. Late ones of earlier days are not kept. */
export function archive(version: VersionState, item: Item, shown: object, capacity: number): void {
  const day = Math.floor(item.eventTimeMs / DAY_MS);
  let found = version.archives.find((each) => each.day === day);
  if (found === undefined) {
    if (version.archives.length === DAYS && version.archives.every((each) => each.day > day)) return;
    found = { day, sample: new PriorityReservoir<Kept>(capacity) };
    version.archives = [...version.archives, found].sort((a, b) => b.day - a.day).slice(0, DAYS);
  }
  const { predictionId, inclusionProbability } = item;
  const kept = { predictionId, inclusionProbability, json: JSON.stringify({ state: 'explained', ...shown }) };
  found.sample.add(kept, 1 / inclusionProbability, uniformOf('archive', version.version, predictionId));
}

export function keepRequested({ requested }: VersionState, { predictionId }: Item, shown: object): void {
  requested.push({ predictionId, inclusionProbability: 1, json: JSON.stringify(shown) });
  if (requested.length > MAX_REQUESTED) requested.shift();
}
