/** "Explain this event now": a command with the features of an event, which waits in front of the sample and is no part of it. */
import type { CommandIssued } from '@weir/events/generated/events';
import type { Rejection } from '@weir/service-kit/processor';
import { ask } from './explaining.ts';
import type { Item, ModelState, VersionState } from './state.ts';

/** Requests that may wait beside the sample. */
const MAX_REQUESTED = 100;

/** Subject: `version` and `features`, a JSON object of values by column; null or absent = missing. */
export function request(model: ModelState, { id, subject, issuedMs }: CommandIssued): Rejection | undefined {
  const bad = (fault: string): Rejection => ({ code: 'BAD_COMMAND', message: `explain ${id}: ${fault}` });
  const version = model.versions.get(subject['version'] ?? '');
  if (version === undefined || version.access === null)
    return bad(
      `subject.version is ${JSON.stringify(subject['version'] ?? '')}; it must be a version with access: ${[
        ...model.versions.values(),
      ]
        .filter(({ access }) => access !== null)
        .map((each) => each.version)
        .join(', ')}`,
    );
  // Sent twice it counts once.
  const isKnown = [...version.queue, ...(version.batch?.items ?? []), ...version.requested].some(
    ({ predictionId }) => predictionId === id,
  );
  if (isKnown) return undefined;
  const waiting = version.queue.filter(({ isRequested }) => isRequested).length;
  if (waiting >= MAX_REQUESTED) return bad(`${waiting} requests wait already; send it again later`);
  const values = valuesOf(version, subject['features'] ?? '');
  if (typeof values === 'string') return bad(values);
  const item = {
    predictionId: id,
    eventTimeMs: issuedMs,
    ...values,
    segment: {},
    decisionsBefore: 0,
    output: Number.NaN,
    inclusionProbability: 1,
    hash: 0,
    isRequested: true,
  };
  // In front of the sample, behind earlier requests.
  version.queue.splice(waiting, 0, item);
  ask(model, version);
  return undefined;
}

function valuesOf({ columns, featureSet }: VersionState, text: string): Pick<Item, 'numeric' | 'categorical'> | string {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return 'subject.features is no JSON; send an object of values by column';
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return 'subject.features must be a JSON object of values by column';
  const values = new Map<string, unknown>(Object.entries(given));
  const numeric: number[] = [];
  const categorical: (string | null)[] = [];
  for (const { name, type } of columns) {
    const value = values.get(name) ?? null;
    values.delete(name);
    if (value !== null && typeof value !== (type === 'numeric' ? 'number' : 'string'))
      return `feature ${name} is ${JSON.stringify(value)}; it must be a ${type === 'numeric' ? 'number' : 'string'}, or null when it is missing`;
    if (type === 'numeric') numeric.push((value as number | null) ?? Number.NaN);
    else categorical.push(value as string | null);
  }
  const [unknown] = values.keys();
  if (unknown !== undefined)
    return `feature ${JSON.stringify(unknown)} is not in feature set ${featureSet}; its columns are ${columns
      .map(({ name }) => name)
      .slice(0, 20)
      .join(', ')}`;
  return { numeric, categorical };
}
