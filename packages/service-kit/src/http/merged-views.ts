/** Read views of several services as one. */
import type { ListOptions } from '../views/read-views.ts';
import type { MountedService } from './mount.ts';

/** An entry and the service that put it. */
export interface ServiceEntry {
  readonly service: string;
  readonly key: string;
  readonly json: string;
}

/** Entries read at once while a filter looks for matches. */
const SCAN = 500;

/** The same key of all services, in the order in which they are mounted. */
export async function getOfAll(services: readonly MountedService[], key: string): Promise<readonly ServiceEntry[]> {
  const found = await Promise.all(
    services.map(async ({ definition: { name }, io }) => ({ service: name, key, json: await io.views.get(name, key) })),
  );
  return found.flatMap(({ json, ...rest }) => (json === undefined ? [] : [{ ...rest, json }]));
}

/** The lists of all services as one list, each with at most `limit` entries, ordered by key. */
export async function listOfAll(
  services: readonly MountedService[],
  options: ListOptions,
): Promise<readonly ServiceEntry[]> {
  const lists = await Promise.all(
    services.map(async ({ definition: { name }, io }) =>
      (await io.views.list(name, options)).map((entry): ServiceEntry => ({ service: name, ...entry })),
    ),
  );
  const sign = options.newestFirst === true ? -1 : 1;
  return lists.flat().sort((a, b) => (a.key < b.key ? -sign : a.key > b.key ? sign : 0));
}

/** All entries of all services under a prefix, the greatest key first, read as they are asked for. */
export async function* newestOfAll(
  services: readonly MountedService[],
  prefix: string,
  from?: string,
): AsyncGenerator<ServiceEntry> {
  for (let after = from; ; ) {
    const options = { prefix, limit: SCAN, newestFirst: true, ...(after === undefined ? {} : { after }) };
    const entries = await listOfAll(services, options);
    // A list that was cut says nothing about keys below its last: those of the others wait for the next round.
    const counts = Map.groupBy(entries, ({ service }) => service);
    const cuts = [...counts.values()].filter((each) => each.length >= SCAN).map((each) => each.at(-1)?.key ?? '');
    const lowest = cuts.reduce((high, cut) => (cut > high ? cut : high), '');
    for (const entry of entries) if (entry.key >= lowest) yield entry;
    if (cuts.length === 0) return;
    after = lowest;
  }
}
